"""A section through a lattice of three dimensions: the plane of vertices nearest to a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from spikealg.arguments import as_choice, as_float
from spikealg.errors import InputError, InputTypeError
from spikealg.solvers.diffusion.domains.layout import Layout
from spikealg.viz.shown import Shown

__all__ = ["section_of"]


def section_of(shown: Shown, section: Mapping[str, float] | None) -> Shown:
    """Return what is shown on a plane, with the place of the plane in the titles.

    Where the lattice has not three dimensions all is returned as it is.

    Parameters
    ----------
    shown : Shown
    section : {"x" | "y" | "z": float} or None
        Across which axis, and where [length]; None for the middle of the z axis.

    Raises
    ------
    InputError, InputTypeError
        If it is no such place, or there are not three dimensions.
    """
    layout = shown.layout
    if len(layout.axes) != 3:
        if section is not None:
            raise InputError("section cuts lattices of three dimensions, and this is none")
        return shown
    axis, name, wanted = _place(shown, section)
    place = np.array(np.unravel_index(layout.index, layout.shape))
    planes = np.unique(place[axis])
    plane = int(planes[np.abs(layout.axes[axis][planes] - wanted).argmin()])
    there = place[axis] == plane
    rest = [other for other in range(3) if other != axis]
    flat = Layout(
        tuple(layout.axes[other] for other in rest),
        np.ravel_multi_index(
            tuple(place[rest][:, there]), tuple(layout.shape[other] for other in rest)
        ),
    )
    where = f"{name} = {layout.axes[axis][plane]:.4g} {shown.units.length}".rstrip()
    return replace(
        shown,
        x=shown.x[there][:, rest],
        layout=flat,
        values=shown.values[:, there],
        stderr=shown.stderr[:, there],
        exact=shown.exact[:, there],
        titles=tuple(f"{title}, {where}" for title in shown.titles),
        live=shown.live[there],
        weights=shown.weights[there],
        names=("xyz"[rest[0]], "xyz"[rest[1]]),
    )


def _place(shown: Shown, section: Mapping[str, float] | None) -> tuple[int, str, float]:
    """Return number and name of the axis that is cut, and where [length]."""
    axes = shown.layout.axes
    if section is None:
        return 2, "z", float(axes[2][0] + axes[2][-1]) / 2
    if not isinstance(section, Mapping) or len(section) != 1:
        raise InputTypeError(
            f"section must name one axis and a place on it, such as {{'z': 0.5}}, got {section!r}"
        )
    ((name, place),) = section.items()
    axis = "xyz".index(as_choice("the axis of section", name, ("x", "y", "z")))
    low, high = float(axes[axis][0]), float(axes[axis][-1])
    return axis, name, as_float(f"section[{name!r}]", place, low=low, high=high)
