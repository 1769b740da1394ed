"""Simulated images, noise, tables of sources and example systems, with the numbers of photutils for the same seed."""

from skyphot.datasets._images import make_4gaussians_image, make_100gaussians_image, make_model_image
from skyphot.datasets._noise import apply_poisson_noise, make_noise_image
from skyphot.datasets._params import make_model_params, make_random_models_table, params_table_to_models
from skyphot.datasets._wcs import make_gwcs, make_wcs

__all__ = [
    "apply_poisson_noise",
    "make_100gaussians_image",
    "make_4gaussians_image",
    "make_gwcs",
    "make_model_image",
    "make_model_params",
    "make_noise_image",
    "make_random_models_table",
    "make_wcs",
    "params_table_to_models",
]
