"""Solutions as labelled arrays: xarray (extra "xarray")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spikealg.errors import MissingExtraError
from spikealg.solvers.diffusion.domains.layout import layout_of

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["from_solution"]

_AXES = "xyz"
_FIELDS = {
    "density": "mass per length, area or volume",
    "stderr": "standard error of the density",
    "counts": "walkers",
}


def from_solution(solution: Solution) -> Any:
    """Return a diffusion solution as an `xarray.Dataset`.

    On a lattice the fields have dimensions (t, x, y, ...) and are NaN where it has no vertex; on a
    graph they have (t, node), with the nodes' names.

    Returns
    -------
    xarray.Dataset
        Variables density, stderr, counts, mass, absorbed, mass_stderr (t) and exited (t, side);
        attributes method, walkers, lanes, seed, dt, steps and problem.

    Raises
    ------
    MissingExtraError
        If xarray is not installed.
    """
    try:
        import xarray
    except ImportError as error:
        raise MissingExtraError(
            "to_xarray needs xarray, which is not installed: pip install 'spikealg[xarray]'"
        ) from error
    layout = layout_of(solution.problem.mesh)
    coordinates: dict[str, Any] = {
        "t": solution.t,
        "side": np.array(solution.rates.sides, dtype=np.str_),
    }
    dimensions: tuple[str, ...]
    if len(layout.faces):
        dimensions = ("vertex",)
        coordinates |= {
            name: ("vertex", column) for name, column in zip(_AXES, solution.x.T, strict=False)
        }
    elif layout.nodes:
        dimensions = ("node",)
        coordinates["node"] = list(layout.nodes)
    else:
        dimensions = tuple(_AXES[: len(layout.axes)])
        length = {"units": "m"} if layout.metres else {}
        for name, axis in zip(dimensions, layout.axes, strict=True):
            coordinates[name] = (name, axis, length)
    variables: dict[str, Any] = {}
    for name, meaning in _FIELDS.items():
        values = getattr(solution, name)
        variables[name] = (
            ("t", *dimensions),
            layout.grid(values) if layout.axes else values,
            {"long_name": meaning},
        )
    variables["mass"] = ("t", solution.mass, {"long_name": "mass in the domain"})
    variables["absorbed"] = ("t", solution.absorbed, {"long_name": "mass that has left"})
    variables["mass_stderr"] = (
        "t",
        solution.mass_stderr,
        {"long_name": "standard error of mass and absorbed"},
    )
    variables["exited"] = (
        ("t", "side"),
        solution.total / solution.walkers * solution.exit_counts,
        {"long_name": "mass that has left by each side"},
    )
    attributes = {
        name: getattr(solution, name)
        for name in ("method", "walkers", "lanes", "seed", "dt", "steps")
    }
    return xarray.Dataset(variables, coordinates, attributes | {"problem": repr(solution.problem)})
