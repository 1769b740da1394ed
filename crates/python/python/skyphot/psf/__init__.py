"""PSF models and PSF photometry."""

from skyphot.psf._flags import PSF_FLAGS, decode_psf_flags
from skyphot.psf._iterative import IterativePSFPhotometry
from skyphot.psf._models import (
    AiryDiskPRF,
    AiryDiskPSF,
    CircularGaussianPRF,
    CircularGaussianPSF,
    CircularGaussianSigmaPRF,
    GaussianPRF,
    GaussianPSF,
    ImagePSF,
    MoffatPRF,
    MoffatPSF,
)
from skyphot.psf._photometry import PSFPhotometry, SourceGrouper, SourceGroups, fit_2dgaussian, fit_fwhm
from skyphot.psf._epsf import EPSFBuilder, EPSFBuildResults, EPSFFitter
from skyphot.psf._epsf_stars import EPSFStar, EPSFStars, LinkedEPSFStar, extract_stars
from skyphot.psf._gridded import GriddedPSFModel, STDPSFGrid, grid_from_epsfs, stdpsf_reader, webbpsf_reader
from skyphot.psf._helpers import make_epsf_from_psf, make_psf_model, make_psf_model_image

__all__ = [
    "AiryDiskPRF",
    "AiryDiskPSF",
    "CircularGaussianPRF",
    "CircularGaussianPSF",
    "CircularGaussianSigmaPRF",
    "EPSFBuildResults",
    "EPSFBuilder",
    "EPSFFitter",
    "EPSFStar",
    "EPSFStars",
    "GaussianPRF",
    "GaussianPSF",
    "GriddedPSFModel",
    "ImagePSF",
    "IterativePSFPhotometry",
    "LinkedEPSFStar",
    "MoffatPRF",
    "MoffatPSF",
    "PSFPhotometry",
    "PSF_FLAGS",
    "STDPSFGrid",
    "SourceGrouper",
    "SourceGroups",
    "decode_psf_flags",
    "extract_stars",
    "fit_2dgaussian",
    "fit_fwhm",
    "grid_from_epsfs",
    "make_epsf_from_psf",
    "make_psf_model",
    "make_psf_model_image",
    "stdpsf_reader",
    "webbpsf_reader",
]
