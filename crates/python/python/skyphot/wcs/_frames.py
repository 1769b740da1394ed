"""What astropy needs to know about the frames."""

from __future__ import annotations

from typing import Any

from skyphot._compat import HAS_ASTROPY

Frame = tuple[str, float | None] | None

_TYPES: dict[str, tuple[str, str]] = {
    "galactic": ("pos.galactic.lon", "pos.galactic.lat"),
    "barycentricmeanecliptic": ("pos.ecliptic.lon", "pos.ecliptic.lat"),
}


def physical_types(frame: Frame) -> tuple[str | None, str | None]:
    """The kinds of longitude and latitude."""
    if frame is None:
        return None, None
    return _TYPES.get(frame[0], ("pos.eq.ra", "pos.eq.dec"))


def _needed() -> None:
    if not HAS_ASTROPY:
        raise ImportError("SkyCoord needs astropy; without it use pixel_to_world_values and world_to_pixel_values")


def astropy_frame(frame: Frame) -> Any:
    """The frame as an astropy object."""
    _needed()
    from astropy import coordinates
    from astropy.time import Time

    name, equinox = frame or ("icrs", None)
    cls = {
        "icrs": coordinates.ICRS,
        "fk5": coordinates.FK5,
        "fk4": coordinates.FK4,
        "fk4noeterms": coordinates.FK4NoETerms,
        "galactic": coordinates.Galactic,
        "barycentricmeanecliptic": coordinates.BarycentricMeanEcliptic,
    }[name]
    if equinox is None:
        return cls()
    return cls(equinox=Time(equinox, format="byear" if name.startswith("fk4") else "jyear"))


def _lon(coord: Any) -> Any:
    return coord.spherical.lon.to_value("deg")


def _lat(coord: Any) -> Any:
    return coord.spherical.lat.to_value("deg")


def components(frame: Frame) -> list[Any]:
    """`world_axis_object_components` for longitude and latitude."""
    if frame is None:
        return [("lon", 0, "value"), ("lat", 0, "value")]
    return [("celestial", 0, _lon), ("celestial", 1, _lat)]


def classes(frame: Frame) -> dict[str, Any]:
    """`world_axis_object_classes`."""
    _needed()
    from astropy import units as u

    if frame is None:
        return {"lon": (u.Quantity, (), {"unit": u.deg}), "lat": (u.Quantity, (), {"unit": u.deg})}
    from astropy.coordinates import SkyCoord

    return {"celestial": (SkyCoord, (), {"frame": astropy_frame(frame), "unit": (u.deg, u.deg)})}


def high_level() -> Any:
    """The high-level interface of astropy, which works on any low-level one."""
    _needed()
    from astropy.wcs.wcsapi.high_level_api import HighLevelWCSMixin

    return HighLevelWCSMixin
