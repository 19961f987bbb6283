"""Solutions on disk: npz arrays behind a JSON header, never pickle."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from spikealg.archive import read_archive, write_archive
from spikealg.arguments import as_choice, as_float, as_float_array, as_int, as_int_array
from spikealg.errors import FileFormatError, InputError
from spikealg.solvers.diffusion.accuracy.reference import backward_values, exact_density
from spikealg.solvers.diffusion.domains.layout import Layout, layout_of
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.groups import Group, Load
from spikealg.solvers.diffusion.problem import MODES
from spikealg.solvers.diffusion.saved import ExactValues, SavedMesh, SavedProblem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.walks.methods import CIRCUITS_OF, METHODS

__all__ = ["load", "save"]

FORMAT = "spikealg-diffusion-solution"
VERSION = 2
Arrays = dict[str, npt.NDArray[Any]]
_SCALARS = ("mode", "method", "lanes", "circuit", "probability_bits", "seed")
_ARRAYS = ("t", "held", "value", "value_stderr")
_OF_GROUP = ("walkers", "counts", "exited", "left")


def save(solution: Solution, path: str | Path) -> None:
    """Write `solution` to `path`; the file appears whole or not at all."""
    rates, problem = solution.rates, solution.problem
    if any(segment.rates is not None for segment in solution.segments):
        raise InputError(
            "a file holds one set of rates, and those of this solution depend on time: save its "
            "arrays, or solution.to_xarray()"
        )
    layout = layout_of(problem.mesh)
    arrays: Arrays = {name: getattr(solution, name) for name in _ARRAYS}
    for name in ("x", "mass", "live", "sink"):
        arrays[name] = getattr(rates, name)
    for number, group in enumerate(solution.groups):
        arrays |= {f"group.{number}.{name}": getattr(group, name) for name in _OF_GROUP}
        arrays[f"group.{number}.start"] = group.load.probability
        for name, array in (("stay", group.stay), ("arriving", group.load.arriving)):
            if array is not None:
                arrays[f"group.{number}.{name}"] = array
    for number, segment in enumerate(solution.segments):
        if segment.reward is not None:
            arrays[f"segment.{number}.reward"] = segment.reward
    for name in ("between", "exits"):
        matrix = getattr(rates, name)
        for part in ("data", "indices", "indptr"):
            arrays[f"{name}.{part}"] = getattr(matrix, part)
    arrays |= {"index": layout.index, "faces": layout.faces}
    for name, parts in (("axis", layout.axes), ("ring", layout.rings)):
        arrays |= {f"{name}.{i}": part for i, part in enumerate(parts)}
    if problem.exact is not None:
        arrays |= _exact_arrays(solution)
    header = {name: getattr(solution, name) for name in _SCALARS} | {
        "points": [p if isinstance(p, (int, float, tuple)) else str(p) for p in solution.points],
        "sides": rates.sides,
        "auto_fraction": rates.auto_fraction,
        "exponential": rates.exponential,
        "groups": [[group.load.role, group.load.total] for group in solution.groups],
        "segments": [
            [part.start, part.end, part.dt, part.steps, part.recorded] for part in solution.segments
        ],
        "problem": problem.description if isinstance(problem, SavedProblem) else repr(problem),
        "axes": len(layout.axes),
        "rings": len(layout.rings),
        "metres": layout.metres,
        "nodes": layout.nodes,
        "streaming": layout.streaming,
    }
    write_archive(path, FORMAT, VERSION, header, arrays)


def _exact_arrays(solution: Solution) -> Arrays:
    """Return the exact solution where a check compares, and of a backward problem the chain too."""
    start = solution.segments[0].start
    if solution.mode == "backward":
        chain, exact = backward_values(solution)
        return {"exact.t": solution.t - start, "exact.density": exact, "exact.chain": chain[0]}
    later = solution.t[solution.t > start]
    return {"exact.t": later, "exact.density": exact_density(solution.problem, later)}


def load(path: str | Path) -> Solution:
    """Read a solution that `Solution.save` wrote.

    All numbers are as they were, and ``check()``, ``plot()`` and ``grid()`` work. ``problem`` is a
    `SavedProblem`: functions are not saved, so `check` has no refined chain to compare with, and
    there are no ``runs``.

    Parameters
    ----------
    path : str or path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged, of another format, or of a later format version.
    """
    header, arrays = read_archive(path, FORMAT, VERSION)
    try:
        return _solution(header, arrays)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise FileFormatError(
            f"{path} is damaged: it is a {FORMAT} file but its content does not make a solution "
            f"({error})"
        ) from error


def _solution(header: dict[str, Any], arrays: Arrays) -> Solution:
    layout = Layout(
        axes=tuple(arrays[f"axis.{i}"] for i in range(header["axes"])),
        index=arrays["index"],
        rings=tuple(arrays[f"ring.{i}"] for i in range(header["rings"])),
        metres=bool(header["metres"]),
        nodes=tuple(map(str, header["nodes"])),
        faces=as_int_array("faces", arrays["faces"], low=0, high=len(arrays["mass"]) - 1),
        streaming=bool(header.get("streaming", False)),
    )
    sides = tuple(map(str, header["sides"]))
    n, n_times = len(arrays["mass"]), len(arrays["t"])
    shapes = {"live": (n,), "sink": (n,), "index": (n,), "held": (n,)}
    _require_shapes(arrays, shapes)
    _require_sound(header, arrays, n_sides=len(sides), n_places=math.prod(layout.shape))
    groups = tuple(
        _group(header, arrays, number, (n_times, n, len(sides)))
        for number in range(len(header["groups"]))
    )
    rates = Rates(
        x=arrays["x"],
        mass=arrays["mass"],
        between=_matrix(arrays, "between", (n, n)),
        exits=_matrix(arrays, "exits", (n, len(sides))),
        sides=sides,
        live=arrays["live"],
        sink=arrays["sink"],
        auto_fraction=float(header["auto_fraction"]),
        exponential=bool(header["exponential"]),
    )
    mesh = SavedMesh(arrays["x"], arrays["mass"], layout)
    return Solution(
        problem=SavedProblem(str(header["problem"]), mesh, *_exact(arrays, header["mode"], n)),
        rates=rates,
        segments=tuple(
            _segment(part, arrays.get(f"segment.{number}.reward"), n)
            for number, part in enumerate(header["segments"])
        ),
        t=arrays["t"],
        groups=groups,
        mode=as_choice("mode", header["mode"], MODES),
        method=as_choice("method", header["method"], METHODS),
        points=tuple(tuple(p) if isinstance(p, list) else p for p in header["points"]),
        held=arrays["held"],
        value=as_float_array("value", arrays["value"]),
        value_stderr=arrays["value_stderr"],
        lanes=as_int("lanes", header["lanes"], low=1),
        circuit=_circuit(header),
        probability_bits=as_int("probability_bits", header["probability_bits"], low=1, high=32),
        seed=as_int("seed", header["seed"], low=0, high=2**64 - 1),
    )


def _exact(
    arrays: Arrays, mode: str, vertices: int
) -> tuple[ExactValues | None, npt.NDArray[np.float64] | None]:
    """Return the exact solution, and the chain's values that are compared with it."""
    if "exact.t" not in arrays:
        return None, None
    exact, chain, width = ExactValues(arrays["exact.t"], arrays["exact.density"]), None, vertices
    if mode == "backward":
        chain, width = as_float_array("exact.chain", arrays["exact.chain"]), len(arrays["value"])
        _require_shapes(arrays, {"exact.chain": (width,)})
    _require_shapes(arrays, {"exact.density": (len(exact.t), width)})
    return exact, chain


def _circuit(header: dict[str, Any]) -> str | None:
    if header["method"] not in CIRCUITS_OF:
        return None
    # Before there was a choice all files held walks by the published density circuit.
    known = CIRCUITS_OF[header["method"]]
    return as_choice("circuit", header.get("circuit", "published"), known)


def _segment(part: list[Any], reward: npt.NDArray[Any] | None, vertices: int) -> Segment:
    start, end, dt, steps, recorded = part
    if reward is not None and as_float_array("reward", reward).shape != (vertices,):
        raise ValueError(f"reward has shape {reward.shape} in place of {(vertices,)}")
    return Segment(
        as_float("start of a segment", start),
        as_float("end of a segment", end, low=start),
        as_float("dt of a segment", dt, above=0),
        as_int("steps of a segment", steps, low=0),
        tuple(as_int("recorded step of a segment", step, low=0, high=steps) for step in recorded),
        reward=reward,
    )


def _group(
    header: dict[str, Any], arrays: Arrays, number: int, shape: tuple[int, int, int]
) -> Group:
    """Return a group of walkers; `shape` is that of times, vertices and sides."""
    role, total = header["groups"][number]
    own = {
        name: arrays[f"group.{number}.{name}"]
        for name in ("start", "stay", "arriving", *_OF_GROUP)
        if f"group.{number}.{name}" in arrays
    }
    n_batches, (n_times, n, n_sides) = len(own["walkers"]), shape
    last = sum(part[3] for part in header["segments"])
    shapes = {
        "walkers": (n_batches,),
        "counts": (n_batches, n_times, n),
        "exited": (n_batches, n_times, n_sides),
        "start": (n,),
        "stay": (n_batches, n_times, n),
        "arriving": (len(header["segments"]), n),
    }
    counted = np.dtype(np.float64 if header["method"] == "chain" else np.int64)
    types = dict.fromkeys(("counts", "exited", "left"), counted)
    types |= dict.fromkeys(("start", "stay", "arriving"), np.dtype(np.float64))
    for name, array in own.items():
        if name in shapes and array.shape != shapes[name]:
            raise ValueError(f"{name} has shape {array.shape} in place of {shapes[name]}")
        if name in types and array.dtype != types[name]:
            raise ValueError(f"{name} has dtype {array.dtype} in place of {types[name]}")
        # What was collected may be negative.
        as_float_array(name, array, low=None if name == "stay" else 0)
    if own["left"].shape[1:] != (n_sides,) or len(own["left"]) not in (1, last + 1):
        raise ValueError(f"left has shape {own['left'].shape}")
    walkers = as_int_array("walkers", own["walkers"], low=1)
    load = Load(
        as_choice("role", role, ("initial", "arriving", "source", "value", "average")),
        own["start"],
        as_float("total", total),
        "stay" in own,
        own.get("arriving"),
    )
    return Group(load, walkers, own["counts"], own["exited"], own["left"], own.get("stay"))


def _require_sound(header: dict[str, Any], arrays: Arrays, *, n_sides: int, n_places: int) -> None:
    """Refuse arrays that no solution has; shapes but that of x are known to be right."""
    types: dict[str, Any] = dict.fromkeys(("t", "x", "mass"), np.dtype(np.float64))
    types |= {"live": np.dtype(bool), "sink": np.dtype(np.int64)}
    for name, dtype in types.items():
        if arrays[name].dtype != dtype:
            raise ValueError(f"{name} has dtype {arrays[name].dtype} in place of {dtype}")
    n, x, t = len(arrays["mass"]), arrays["x"], arrays["t"]
    if x.shape != (n,) and (x.ndim != 2 or len(x) != n or not 1 <= x.shape[1] <= 3):
        raise ValueError(f"x has shape {x.shape}, which is not that of {n} positions")
    for name, low in (("mass", 0), ("x", None)):
        as_float_array(name, arrays[name], low=low)
    endless = t.shape == (1,) and bool(np.isinf(t[0]))
    if not endless and (
        t.ndim != 1 or not len(t) or not (np.diff(as_float_array("t", t)) > 0).all()
    ):
        raise ValueError("t holds no increasing times")
    if not header["segments"]:
        raise ValueError("there are no segments")
    if sum(len(part[4]) for part in header["segments"]) != len(t):
        raise ValueError(f"segments do not record {len(t)} times")
    as_int_array("sink", arrays["sink"], low=-1, high=n_sides - 1)
    if header["axes"]:
        as_int_array("index", arrays["index"], low=0, high=n_places - 1)


def _require_shapes(arrays: Arrays, shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape} in place of {shape}")


def _matrix(arrays: Arrays, name: str, shape: tuple[int, int]) -> Any:
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    matrix = sparse.csr_array(parts, shape=shape)
    matrix.check_format(full_check=True)
    return matrix
