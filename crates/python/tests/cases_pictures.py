"""Calls about pictures: of labels and of the making of ePSFs."""

import numpy as np
import pytest
from case import case
from cases import _segments, _stars


def _pictured(image, bar=None):
    return [np.asarray(image.get_array()), image.get_clim(), image.cmap(np.arange(5)), image.origin, image.get_interpolation(),
            None if bar is None else [np.asarray(bar[1]), np.asarray(bar[2]), bar[0].ax.get_yticklabels()[1].get_text()]]  # fmt: skip


@case()
def pictures_of_labels(p, s):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    b = _segments(p, s)
    few = b[20:70, 20:80]
    out = [*_pictured(b.imshow(figsize=(3, 3), dpi=50)), *_pictured(few.imshow(plt.figure().gca(), alpha=0.5)),
           *_pictured(*few.imshow_map(cbar_labelsize=6)), *_pictured(*b.imshow_map(max_labels=3)), b.cmap.N,
           np.asarray(b.make_cmap("red", seed=3).colors), np.asarray(b.make_cmap(None, seed=4).colors)]  # fmt: skip
    few.reset_cmap(seed=5)
    out.append(np.asarray(few.cmap.colors))
    empty = p.segmentation.SegmentationImage(np.zeros((3, 4), int))
    out += [empty.cmap, *_pictured(*empty.imshow_map())]
    plt.close("all")
    return out


@case(2e-4, 2e-4)
def picture_of_the_making_of_an_epsf(p, s):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    r = p.psf.EPSFBuilder(oversampling=2, maxiters=3, refinement_iters=1, progress_bar=False)(_stars(p, s)[:40])
    out = []
    for options in ({}, {"iterations": [2], "figsize": (5, 3)}, {"iterations": 1, "show_smoothed": True, "cmap": "gray"}):
        figure = r.plot_iterations(**options)
        shown = [a for a in figure.axes if a.images]
        out += [figure.get_size_inches(), [a.get_title().split("(max")[0] for a in shown], shown[0].images[0].cmap.name]
        out += [np.asarray(a.images[0].get_array()) for a in shown]
    plt.close("all")
    return out


@case()
def groups_of_sources(p, s):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    g = p.psf.SourceGrouper(12)(*s.xy.T, return_groups_object=True)
    out = [g.group_centers, g.n_groups, g.size_map]
    for options in ({"label_groups": True, "label_offset": (1, 2)}, {"cmap": "viridis", "lw": 2}, {"color": "red", "seed": 3}):
        axes = g.plot(4.0, ax=plt.figure().gca(), **options)
        out += [[tuple(k.get_edgecolor()) for k in axes.patches], [k.get_linewidth() for k in axes.patches]]
        out.append([(t.get_text(), *t.get_position(), t.get_ha()) for t in axes.texts])
    plt.close("all")
    return out


@case(1e-12, 1e-12)
def angles_of_polygons(p, s):
    a = p.aperture.PolygonAperture
    one = a.from_regular_polygon((4.0, 5.0), 6, 3.0, theta=0.3)
    other = a((4.0, 5.0), one.vertex_offsets[::-1])
    return [one.interior_angle, one.exterior_angle, one.theta, other.theta, other.vertex_offsets]


@case(1e-6, 1e-6)
def circles_around_sources(p, s):
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    c = p.segmentation.SourceCatalog(s.data, _segments(p, s))
    axes = plt.figure().gca()
    n = len(c.plot_circular_apertures(3.0, axes, (1, 2), color="red"))
    return [n, len(axes.patches), [k.get_edgecolor() for k in axes.patches], c.flux_radius(fraction=0.5), c.to_table(["label", "area"])]
