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

__all__ = [
    "PSF_FLAGS",
    "AiryDiskPRF",
    "AiryDiskPSF",
    "CircularGaussianPRF",
    "CircularGaussianPSF",
    "CircularGaussianSigmaPRF",
    "GaussianPRF",
    "GaussianPSF",
    "ImagePSF",
    "IterativePSFPhotometry",
    "MoffatPRF",
    "MoffatPSF",
    "PSFPhotometry",
    "SourceGrouper",
    "SourceGroups",
    "decode_psf_flags",
    "fit_2dgaussian",
    "fit_fwhm",
]
