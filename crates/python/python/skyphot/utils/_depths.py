"""How deep an image is."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, opened, warn, with_unit
from skyphot._progress import Progress
from skyphot.background._estimators import SIGMA_CLIP
from skyphot.datasets._seed import seed_number
from skyphot.utils._footprints import circular_footprint


class ImageDepth:
    """The limiting flux and magnitude of an image, from the scatter of apertures on blank sky.

    Parameters
    ----------
    aper_radius : float
        The radius of the apertures in pixels.
    n_sigma : float, optional
        How many standard deviations the limit is.
    mask_pad : float, optional
        Pixels by which the mask of the sources grows beyond the radius.
    n_apertures : int, optional
        The number of apertures of an iteration.
    n_iters : int, optional
        The number of iterations.
    overlap : bool, optional
        Whether apertures may overlap.
    seed : int, optional
        The seed; None gives other places each time.
    zeropoint : float, optional
        The zero point of the magnitude.
    sigma_clip : SigmaClip or None, optional
        How outliers are clipped; by default 3 sigma, 10 iterations.
    progress_bar : bool, optional
        Whether the iterations are counted on the terminal.

    Raises
    ------
    ValueError
        For a radius or a number that is not positive.
    TypeError
        For a `sigma_clip` that clips nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.utils import ImageDepth
    >>> rng = np.random.default_rng(1)
    >>> depth = ImageDepth(3.0, n_apertures=100, n_iters=2, seed=1)
    >>> flux, mag = depth(rng.normal(0.0, 1.0, (100, 100)), np.zeros((100, 100), bool))
    """

    def __init__(
        self,
        aper_radius: float,
        *,
        n_sigma: float = 5.0,
        mask_pad: float = 0,
        n_apertures: int = 1000,
        n_iters: int = 10,
        overlap: bool = True,
        seed: Any = None,
        zeropoint: float = 0.0,
        sigma_clip: Any = SIGMA_CLIP,
        progress_bar: bool = True,
    ) -> None:
        if aper_radius <= 0:
            raise ValueError("aper_radius must be > 0")
        if mask_pad < 0:
            raise ValueError("mask_pad must be >= 0")
        for name, number in (("n_apertures", n_apertures), ("n_iters", n_iters)):
            if number < 1:
                raise ValueError(f"{name} must be >= 1")
        if sigma_clip is not None and not callable(sigma_clip):
            raise TypeError("sigma_clip must be a callable (e.g., SigmaClip) or None")
        self.aper_radius, self.n_sigma, self.mask_pad = aper_radius, n_sigma, mask_pad
        self.n_apertures, self.n_iters, self.overlap = n_apertures, n_iters, overlap
        self.seed, self.zeropoint, self.sigma_clip = seed, zeropoint, sigma_clip
        self.progress_bar = progress_bar
        self.dilate_radius = int(np.ceil(aper_radius + mask_pad))
        self.dilate_footprint = circular_footprint(self.dilate_radius)
        self.apertures: list[Any] = []
        self.n_apertures_used = np.array([])
        self.fluxes: list[Any] = []
        self.flux_limits: Any = np.array([])
        self.mag_limits = np.array([])

    def __repr__(self) -> str:
        names = ("aper_radius", "n_sigma", "mask_pad", "n_apertures", "n_iters", "overlap", "seed", "zeropoint")
        return f"ImageDepth({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    def __call__(self, data: Any, mask: Any) -> tuple[Any, float]:
        """The limits of an image.

        Parameters
        ----------
        data : array_like or Quantity
            The image, the background subtracted.
        mask : array_like of bool or None
            True where there are sources or no data.

        Returns
        -------
        flux_limit : float or Quantity
            The limiting flux.
        mag_limit : float
            The limiting magnitude.

        Raises
        ------
        ValueError
            If there is no room for the apertures.
        """
        from skyphot.aperture import CircularAperture

        data, mask = opened(data, mask)
        unit = data.unit if is_quantity(data) else None
        image = _inputs.image(data, mask=mask)
        with Progress(int(self.n_iters), self.progress_bar, "Image Depths") as bar:
            d = self._measure(image, bar)
        self.n_apertures_used = np.asarray(d["n_apertures_used"])
        if np.any(self.n_apertures_used < self.n_apertures):
            warn(
                f"Unable to generate {self.n_apertures} nonoverlapping apertures in unmasked regions. The number of "
                "apertures used was less than that (see n_apertures_used). To fix this, decrease the number of "
                "apertures and/or aperture size, or set overlap=True"
            )
        if np.any(np.asarray(d["flux_limits"]) == 0):
            warn(
                "One or more flux_limit values was zero. This is likely due to constant image values. "
                "Check the input mask."
            )
        self.apertures = [CircularAperture(xy, r=self.aper_radius) for xy in d["positions"]]
        self.fluxes = [with_unit(np.asarray(f), unit) for f in d["fluxes"]]
        self.flux_limits = with_unit(np.asarray(d["flux_limits"]), unit)
        self.mag_limits = np.asarray(d["mag_limits"])
        return with_unit(np.float64(d["flux_limit"]), unit), np.float64(d["mag_limit"])

    def _measure(self, image: Any, bar: Progress) -> dict[str, Any]:
        return _core.image_depth(
            image,
            float(self.aper_radius),
            float(self.n_sigma),
            float(self.mask_pad),
            int(self.n_apertures),
            int(self.n_iters),
            bool(self.overlap),
            seed_number(self.seed),
            float(self.zeropoint),
            _inputs.clip_or_none(self.sigma_clip),
            bar.to if self.progress_bar else None,
        )
