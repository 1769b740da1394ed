"""Every public name of photutils, the parameters of its functions and the attributes of its classes are in skyphot.

What is not stands in `GAPS` and is named in `docs/coming-from-photutils.md`; a gap that was closed has to leave the table.
Names that photutils itself calls deprecated are left out. A parameter counts if it has the same default and can be given
in every way that photutils takes it: ours may be given by position where theirs may not. The parameters of astropy models
are keywords whatever the signature says, and attributes count that are set when an object is made.

Run with the pinned peers; without photutils every test is skipped.
"""

import importlib
import inspect
import re
from pathlib import Path

import pytest

pytest.importorskip("photutils")

MODULES = (
    "aperture", "background", "centroids", "datasets", "detection", "geometry", "morphology", "profiles", "psf",
    "psf_matching", "segmentation", "utils",
)  # fmt: skip
PAGE = Path(__file__).parents[3] / "docs" / "coming-from-photutils.md"

_GAUSSIAN = ("x_fwhm", "y_fwhm", "theta")
_SHAPES = {
    "AiryDiskPRF": ("radius",), "AiryDiskPSF": ("radius",), "CircularGaussianPRF": ("fwhm",),
    "CircularGaussianPSF": ("fwhm",), "CircularGaussianSigmaPRF": ("sigma",), "GaussianPRF": _GAUSSIAN,
    "GaussianPSF": _GAUSSIAN, "MoffatPRF": ("alpha", "beta"), "MoffatPSF": ("alpha", "beta"),
}  # fmt: skip


def _each(reason, *names):
    return dict.fromkeys(names, reason)


#: What is missing or different, with the reason: `name`, `name(parameter)`, `name.attribute`, `name.method(parameter)`.
GAPS: dict[str, dict[str, str]] = {
    "aperture": _each(
        "None stands for 0 degrees, so that astropy is not read before it is needed",
        *(f"Sky{s}(theta)" for s in ("EllipticalAperture", "EllipticalAnnulus", "RectangularAperture", "RectangularAnnulus")),
        "SkyPolygonAperture.from_regular_polygon(theta)",
    ),
    "detection": {"StarFinderCatalogBase": "the finders make tables, not catalogues"},
    "psf": _each("None stands for the factor of the model", *(f"{m}(bbox_factor)" for m in _SHAPES))
    | _each("parameters of the shape are taken by position", *(f"{m}.{f}({n})" for f in ("evaluate", "fit_deriv") for m in _SHAPES for n in _SHAPES[m]))
    | {"GriddedPSFModelRead": "`GriddedPSFModel.read` is a function, not a reader of astropy's registry"},
}


def public(module):
    """The public names of a module of photutils."""
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    return [n for n in sorted(names) if not inspect.ismodule(getattr(module, n))]


def wrapped(f):
    """A function and those that its decorators hide."""
    while f is not None:
        yield f
        f = getattr(f, "__wrapped__", None)


def is_deprecated(thing):
    """Whether photutils warns about the whole thing."""
    if type(thing).__name__ == "_DeprecatedAttribute":
        return True
    if isinstance(thing, property):
        if thing.fget is not None and thing.fget.__qualname__.startswith("deprecated_attribute."):
            return True
        thing = thing.fget
    return ".. deprecated::" in (inspect.getdoc(thing) or "").split("Parameters\n")[0]


def old_names(thing):
    """Parameters that photutils warns about."""
    names = set()
    for f in wrapped(thing.__init__ if inspect.isclass(thing) else thing):
        if inspect.isfunction(f):
            seen = inspect.getclosurevars(f).nonlocals
            old = seen.get("old_name", ()) if "new_name" in seen else ()
            names |= {old} if isinstance(old, str) else set(old)
    return names


def same_default(ours, theirs):
    if callable(theirs) and inspect.isfunction(theirs):
        return getattr(ours, "__name__", None) == theirs.__name__
    return ours is theirs or (type(ours) is type(theirs) and bool(ours == theirs)) or repr(ours) == repr(theirs)


def parameters(name, theirs, ours):
    """Parameters of `theirs` that `ours` has not, or not so."""
    try:
        want, have = (
            {n: q for n, q in inspect.signature(f).parameters.items() if n != "self"} for f in (theirs, ours)
        )
    except (TypeError, ValueError):
        return
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    by_position = [n for n, p in have.items() if p.kind <= positional]
    for place, (n, p) in enumerate(want.items()):
        if n in old_names(theirs):
            continue
        q = have.get(n)
        same = q is not None and same_default(q.default, p.default)
        if q is None and n in getattr(ours, "param_names", ()):
            same = p.kind == inspect.Parameter.KEYWORD_ONLY and getattr(ours, n).default == p.default
            q = p
        if p.kind == positional:
            same = same and by_position[place : place + 1] == [n]
        elif p.kind == inspect.Parameter.KEYWORD_ONLY:
            same = same and q.kind in (positional, p.kind)
        elif p.kind == inspect.Parameter.VAR_KEYWORD:
            same = any(q.kind == p.kind for q in have.values())
        else:
            same = same and q.kind == p.kind
        if not same:
            yield f"{name}({n})"


def sets_itself(cls, attribute):
    """Whether an object gives itself the attribute when it is made."""
    own = (c.__init__ for c in cls.__mro__ if "__init__" in vars(c) and c.__module__.split(".")[0] == "skyphot")
    return any(re.search(rf"self\.{attribute}\b[^=(]*= ", inspect.getsource(f)) for f in own)


def members(name, theirs, ours):
    """Attributes of the class `theirs` that `ours` has not, or not so."""
    for attribute in dir(theirs):
        if attribute.startswith("_"):
            continue
        owner = next(c for c in theirs.__mro__ if attribute in vars(c))
        static = inspect.getattr_static(theirs, attribute)
        if is_deprecated(static):
            continue
        if not hasattr(ours, attribute):
            if not sets_itself(ours, attribute):
                yield f"{name}.{attribute}"
            continue
        of_photutils = owner.__module__.split(".")[0] == "photutils"
        if of_photutils and inspect.isroutine(getattr(static, "__func__", static)):
            yield from parameters(f"{name}.{attribute}", getattr(theirs, attribute), getattr(ours, attribute))


def missing(module):
    """All that a module of ours has not as photutils has it."""
    theirs, ours = (importlib.import_module(f"{package}.{module}") for package in ("photutils", "skyphot"))
    for name in public(theirs):
        thing = getattr(theirs, name)
        if is_deprecated(thing):
            continue
        if not hasattr(ours, name):
            yield name
        elif inspect.isclass(thing):
            yield from parameters(name, thing, getattr(ours, name))
            yield from members(name, thing, getattr(ours, name))
        elif callable(thing):
            yield from parameters(name, thing, getattr(ours, name))


@pytest.mark.parametrize("module", MODULES)
def test_names_and_parameters(module):
    found, known = set(missing(module)), set(GAPS.get(module, {}))
    assert not found - known, f"{module} has not: {sorted(found - known)}"
    assert not known - found, f"{module} has after all: {sorted(known - found)}"


@pytest.mark.parametrize("module", MODULES)
def test_gaps_are_documented(module):
    text = PAGE.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{module}` |"))
    for gap, reason in GAPS.get(module, {}).items():
        assert reason, gap
        names = re.split(r"[.(]", gap.rstrip(")"))[-2:] if "." in gap else re.split(r"[(]", gap.rstrip(")"))[-1:]
        assert any(f"`{n}`" in row for n in names), f"{gap} of {module} is not named in {PAGE.name}"


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_ours(module):
    ours = importlib.import_module(f"skyphot.{module}")
    assert sorted(ours.__all__) == sorted(set(ours.__all__))
    assert all(hasattr(ours, n) for n in ours.__all__)
    assert set(public(importlib.import_module(f"photutils.{module}"))) & set(vars(ours)) <= set(ours.__all__)
