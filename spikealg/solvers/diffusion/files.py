"""Solutions on disk: npz arrays behind a JSON header, never pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
from scipy import sparse

from spikealg.archive import read_archive, write_archive
from spikealg.errors import FileFormatError
from spikealg.solvers.diffusion.layout import Layout, layout_of
from spikealg.solvers.diffusion.rates import Rates
from spikealg.solvers.diffusion.reference import exact_density
from spikealg.solvers.diffusion.saved import ExactValues, SavedMesh, SavedProblem
from spikealg.solvers.diffusion.solution import Solution
from spikealg.solvers.diffusion.times import Segment

__all__ = ["load", "save"]

FORMAT = "spikealg-diffusion-solution"
VERSION = 1
Arrays = dict[str, npt.NDArray[Any]]
_SCALARS = ("method", "total", "walkers", "lanes", "probability_bits", "seed")
_ARRAYS = ("t", "counts", "exit_counts", "start")


def save(solution: Solution, path: str | Path) -> None:
    """Write `solution` to `path`; the file appears whole or not at all."""
    rates, problem = solution.rates, solution.problem
    layout = layout_of(problem.mesh)
    arrays: Arrays = {name: getattr(solution, name) for name in _ARRAYS}
    for name in ("x", "mass", "live", "sink"):
        arrays[name] = getattr(rates, name)
    for name in ("between", "exits"):
        matrix = getattr(rates, name)
        for part in ("data", "indices", "indptr"):
            arrays[f"{name}.{part}"] = getattr(matrix, part)
    arrays["index"] = layout.index
    for name, parts in (("axis", layout.axes), ("ring", layout.rings)):
        arrays |= {f"{name}.{i}": part for i, part in enumerate(parts)}
    if problem.exact is not None:
        later = solution.t[solution.t > solution.segments[0].start]
        arrays |= {"exact.t": later, "exact.density": exact_density(problem, later)}
    header = {name: getattr(solution, name) for name in _SCALARS} | {
        "sides": rates.sides,
        "auto_fraction": rates.auto_fraction,
        "segments": [
            [part.start, part.end, part.dt, part.steps, part.recorded] for part in solution.segments
        ],
        "problem": problem.description if isinstance(problem, SavedProblem) else repr(problem),
        "axes": len(layout.axes),
        "rings": len(layout.rings),
        "metres": layout.metres,
        "nodes": layout.nodes,
    }
    write_archive(path, FORMAT, VERSION, header, arrays)


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
    )
    sides = tuple(map(str, header["sides"]))
    n, n_times = len(arrays["mass"]), len(arrays["t"])
    shapes = {"counts": (n_times, n), "exit_counts": (n_times, len(sides)), "start": (n,)}
    shapes |= {"live": (n,), "sink": (n,), "index": (n,)}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape} in place of {shape}")
    rates = Rates(
        x=arrays["x"],
        mass=arrays["mass"],
        between=_matrix(arrays, "between", (n, n)),
        exits=_matrix(arrays, "exits", (n, len(sides))),
        sides=sides,
        live=arrays["live"],
        sink=arrays["sink"],
        auto_fraction=float(header["auto_fraction"]),
    )
    exact = None
    if "exact.t" in arrays:
        exact = ExactValues(arrays["exact.t"], arrays["exact.density"])
        if exact.density.shape != (len(exact.t), n):
            raise ValueError(f"exact.density has shape {exact.density.shape}")
    mesh = SavedMesh(arrays["x"], arrays["mass"], layout)
    return Solution(
        problem=SavedProblem(str(header["problem"]), mesh, exact),
        rates=rates,
        segments=tuple(
            Segment(float(start), float(end), float(dt), int(steps), tuple(map(int, recorded)))
            for start, end, dt, steps, recorded in header["segments"]
        ),
        t=arrays["t"],
        counts=arrays["counts"],
        exit_counts=arrays["exit_counts"],
        start=arrays["start"],
        method=str(header["method"]),
        total=float(header["total"]),
        walkers=int(header["walkers"]),
        lanes=int(header["lanes"]),
        probability_bits=int(header["probability_bits"]),
        seed=int(header["seed"]),
    )


def _matrix(arrays: Arrays, name: str, shape: tuple[int, int]) -> Any:
    parts = tuple(arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    matrix = sparse.csr_array(parts, shape=shape)
    matrix.check_format(full_check=True)
    return matrix
