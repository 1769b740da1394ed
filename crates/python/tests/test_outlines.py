"""Outlines of labels: polygons against the pixels, patches and regions against the converters of photutils.

photutils traces with rasterio; where that is installed too, the polygons themselves are compared.
"""

import numpy as np
import pytest

shapely = pytest.importorskip("shapely")
pytest.importorskip("photutils")

import photutils.segmentation
from photutils.aperture.region_converters import _shapely_polygon_to_region as as_region

from skyphot.segmentation import SegmentationImage, SourceFinder, _outlines

THEIRS = photutils.segmentation.SegmentationImage


def labels():
    """Blobs, a ring, two parts of one label, parts that touch at a corner."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[0:60, 0:70]
    data = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 12.0) for a, b in rng.uniform(5, 55, (14, 2)))
    out = np.array(SourceFinder(4, progress_bar=False)(data, 0.3).data) * 3
    out[:, 60:] = 0
    r = np.hypot(x - 65, y - 10)
    out[(r < 4.5) & (r > 2)] = 1
    out[30:33, 62:64] = out[40:44, 66:69] = 2
    out[50, 62] = out[51, 63] = out[52, 62] = out[51, 61] = 4
    return out


LABELS = labels()
SEGMENTS = SegmentationImage(LABELS)


def test_polygons_hold_the_pixels_of_their_labels():
    y, x = np.mgrid[0 : LABELS.shape[0], 0 : LABELS.shape[1]]
    assert len(SEGMENTS.polygons) == SEGMENTS.n_labels > 10
    for label, area, polygon in zip(SEGMENTS.labels, SEGMENTS.areas, SEGMENTS.polygons, strict=True):
        assert polygon.area == area
        assert np.array_equal(shapely.contains_xy(polygon.buffer(-1e-6), x, y), LABELS == label), label
        b = SEGMENTS.get_segment(label).bbox
        assert polygon.bounds == (b.ixmin - 0.5, b.iymin - 0.5, b.ixmax - 0.5, b.iymax - 0.5)
    ring, parts, touching = (SEGMENTS.get_polygon(v) for v in (1, 2, 4))
    assert ring.geom_type == "Polygon" and len(ring.interiors) == 1
    assert parts.geom_type == "MultiPolygon" and [p.area for p in parts.geoms] == [6.0, 12.0]
    assert touching.geom_type == "Polygon" and touching.area + sum(shapely.Polygon(i).area for i in touching.interiors) == 5
    assert SEGMENTS.get_segment(2).polygon == parts and "<svg" in SEGMENTS.get_segment(1)._repr_svg_()


def test_polygons_are_those_of_photutils():
    pytest.importorskip("rasterio")
    for a, b in zip(SEGMENTS.polygons, THEIRS(LABELS).polygons, strict=True):
        assert a.geom_type == b.geom_type and a.normalize() == b.normalize(), (a, b)


def theirs():
    """The image of photutils with our polygons in place of those of rasterio."""
    image = THEIRS(LABELS)
    of = dict(zip(SEGMENTS.labels.tolist(), SEGMENTS.polygons, strict=True))
    image.__dict__["polygons"] = SEGMENTS.polygons
    image._make_polygon = lambda label, slc: of[int(label)]
    return image


def path(patch):
    return patch.get_path().vertices, patch.get_path().codes, patch.get_edgecolor(), patch.get_facecolor(), patch.get_linewidth()


@pytest.mark.parametrize("options", [{}, {"origin": (3, 5.5), "scale": 2.5, "edgecolor": "red", "lw": 3}])
def test_patches(options):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    photutils_image = theirs()

    def drawn(image):
        axes = plt.figure().gca()
        one = image.plot_patches(ax=axes, labels=2, **options)
        some = image.plot_patches(ax=axes, labels=[1, 4], **options)
        every = image.plot_patches(ax=axes, **options)
        assert len(axes.patches) == 3 + image.n_labels
        plt.close("all")
        return [*image.to_patches(**options), image.get_patch(1, **options), *image.get_patches([4, 2], **options), *one, *some, *every]

    for a, b in zip(drawn(SEGMENTS), drawn(photutils_image), strict=True):
        for x, y in zip(path(a), path(b), strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("options", [{}, {"color": "green", "linewidth": 2}])
def test_regions(options):
    pytest.importorskip("regions")
    photutils_image = theirs()

    def plain(region):
        if hasattr(region, "regions"):
            return [type(region).__name__, *(plain(r) for r in region.regions)]
        v = region.vertices
        return [type(region).__name__, list(v.x), list(v.y), dict(region.meta), dict(region.visual)]

    def all_of(image):
        return [image.to_regions(**options), *image.to_regions(group=True, **options), image.get_region(2, **options),
                *image.get_regions([1, 4], **options)]  # fmt: skip

    assert [plain(r) for r in all_of(SEGMENTS)] == [plain(r) for r in all_of(photutils_image)]
    assert plain(SEGMENTS.get_region(1)) == plain(as_region(SEGMENTS.get_polygon(1), label=1))


def test_labels_that_are_not_there():
    for call in (SEGMENTS.get_polygon, SEGMENTS.get_patch, SEGMENTS.get_region):
        with pytest.raises(ValueError, match="invalid"):
            call(99)
        with pytest.raises(TypeError, match="scalar"):
            call([1, 2])
    empty = SegmentationImage(np.zeros((4, 5), int))
    assert empty.polygons == empty.to_patches() == empty.get_regions([]) == []


def test_without_the_packages(monkeypatch):
    monkeypatch.setattr("skyphot.segmentation._image.HAS_SHAPELY", False)
    monkeypatch.setattr(_outlines, "find_spec", lambda name: None)
    assert SEGMENTS.get_polygons([1, 2]) == [None, None] and SEGMENTS.get_segment(1).polygon is None
    for package, call in (("shapely", lambda: SEGMENTS.polygons), ("matplotlib", SEGMENTS.to_patches), ("regions", SEGMENTS.to_regions)):
        with pytest.raises(ImportError, match=f"pip install {package}"):
            call()
