"""Images and tables in files: FITS and ASDF images with their planes, tables of all formats."""

from skyphot.io._images import (
    Exposure,
    ImageInfo,
    info,
    read_cube,
    read_data,
    read_header,
    read_image,
    write_fits,
    write_image,
)
from skyphot.io._tables import read_table, write_table

__all__ = [
    "Exposure",
    "ImageInfo",
    "info",
    "read_cube",
    "read_data",
    "read_header",
    "read_image",
    "read_table",
    "write_fits",
    "write_image",
    "write_table",
]
