"""Warnings of the package."""

from __future__ import annotations

from skyphot._compat import HAS_ASTROPY

if HAS_ASTROPY:
    from astropy.utils.exceptions import AstropyDeprecationWarning as _Deprecation
    from astropy.utils.exceptions import AstropyUserWarning as _Base
    from astropy.utils.exceptions import AstropyWarning as _Root
else:
    _Deprecation = DeprecationWarning  # type: ignore[assignment,misc]
    _Base = UserWarning  # type: ignore[assignment,misc]
    _Root = Warning  # type: ignore[assignment,misc]

__all__ = ["DeblendWarning", "NoDetectionsWarning", "PhotutilsDeprecationWarning"]


class NoDetectionsWarning(_Root):  # type: ignore[misc,valid-type]
    """Nothing was found."""


class DeblendWarning(_Base):  # type: ignore[misc,valid-type]
    """A source could not be deblended as asked for."""


class PhotutilsDeprecationWarning(_Deprecation):  # type: ignore[misc,valid-type]
    """For old names of parameters. Few of those of photutils are taken; the rest are not there at all."""
