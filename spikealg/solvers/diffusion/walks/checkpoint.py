"""A walk on disk: the pieces that are done, so that it goes on from there after any end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

import spikealg
from spikealg.archive import read_archive, require_file_name, write_archive
from spikealg.arguments import as_int
from spikealg.errors import FileFormatError, InputError
from spikealg.solvers.diffusion.equation.coefficients import evaluate
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.solvers.diffusion.loads import payoff_values
from spikealg.solvers.diffusion.walks.lanewalk import Piece

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.plan import Plan
    from spikealg.solvers.diffusion.problem import Problem

__all__ = ["Amount", "Checkpoint", "identity", "seed_of"]

_FORMAT, _VERSION = "spikealg-diffusion-checkpoint", 2
_ARRAYS = ("counts", "left", "spent", "spikes", "stopped")
_REST = 10
"""Work is done for so many times as long as writing the file took, before it is written again."""
_COEFFICIENTS = "a coefficient, side or jump of the problem"
_BY_VALUES = (_COEFFICIENTS, "payoff", "source", "boundary", "initial or at")
"""What a walk depends on by values that are too many to be told."""


class Amount(NamedTuple):
    """How many walk a stretch: walkers that start on no sink, and lanes."""

    walkers: int
    lanes: int


class Checkpoint:
    """The pieces of a walk that are done, and the file that keeps them.

    The file is written beside and renamed: whenever the process dies, there is a whole one.

    Parameters
    ----------
    path : str or path
        The file. If it is there it is read.
    identity : mapping of str to str, int or float
        What the walk depends on, by the names of arguments.

    Raises
    ------
    InputError
        If the file is of another walk; the message names what differs.
    FileFormatError
        If the file is damaged, or is none of a walk.
    """

    def __init__(self, path: str | Path, identity: Mapping[str, str | int | float]) -> None:
        self._path = require_file_name("checkpoint", path)
        self._identity = dict(identity)
        self._kept: dict[tuple[int, int], tuple[Amount, list[Piece]]] = {}
        self._changed, self._due = False, 0.0
        if self._path.exists():
            header, arrays = read_archive(self._path, _FORMAT, _VERSION)
            self._require_same(header.get("identity"))
            self._kept = _pieces_of(self._path, arrays)

    def found(self, traveller: int, stretch: int, amount: Amount) -> list[Piece]:
        """Return the pieces of a traveller's stretch that are done.

        Raises
        ------
        InputError
            If others than this amount were walking there.
        """
        before, pieces = self._kept.get((traveller, stretch), (amount, []))
        if before != amount:
            raise InputError(
                f"checkpoint {str(self._path)!r} is of another walk: {before.walkers} walkers in "
                f"{before.lanes} lanes are {amount.walkers} in {amount.lanes} now; give another "
                "checkpoint to start anew"
            )
        return list(pieces)

    def put(self, traveller: int, stretch: int, amount: Amount, pieces: Iterable[Piece]) -> None:
        """Take the pieces of a stretch that are done; write them if that was not done lately."""
        self._kept[traveller, stretch] = amount, list(pieces)
        self._changed = True
        if monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write what is not written yet."""
        if not self._changed:
            return
        began = monotonic()
        arrays = {
            f"{_key(*place, *amount, piece.first, piece.last)}.{name}": getattr(piece, name)
            for place, (amount, pieces) in self._kept.items()
            for piece in pieces
            for name in _ARRAYS
        }
        write_archive(self._path, _FORMAT, _VERSION, {"identity": self._identity}, arrays)
        self._changed = False
        self._due = monotonic() + _REST * (monotonic() - began)

    def _require_same(self, found: Any) -> None:
        if not isinstance(found, dict):
            raise FileFormatError(f"{self._path} is damaged: it does not say of what walk it is")
        for name, own in self._identity.items():
            if found.get(name) != own:
                differs = f"was {found.get(name)!r} and is {own!r} now"
                if name in _BY_VALUES:
                    differs = "has other values now"
                raise InputError(
                    f"checkpoint {str(self._path)!r} is of another walk: {name} {differs}; give "
                    "what it was to go on, or another checkpoint to start anew"
                )


def seed_of(path: str | Path) -> int | None:
    """Return the seed of the walk that a checkpoint is of; None if there is no such file."""
    file = require_file_name("checkpoint", path)
    if not file.exists():
        return None
    header, _ = read_archive(file, _FORMAT, _VERSION)
    try:
        return as_int("seed", header["identity"]["seed"], low=0, high=2**64 - 1)
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{file} is damaged: it does not say of what walk it is") from error


def identity(
    problem: Problem, plan: Plan, **told: str | int | float
) -> dict[str, str | int | float]:
    """Return what a walk depends on, by the names of arguments.

    What is paid moves no walker, but a tolerance chooses by it how many there are.

    Parameters
    ----------
    problem : Problem
    plan : Plan
    **told
        Arguments that say all by themselves.
    """
    equation, own = problem.equation, problem.rates
    rates = (own, *(part.rates for part in plan.segments if part.rates is not None))
    times = [(part.start, part.end, part.dt, part.steps) for part in plan.segments]
    loads = [np.append(load.probability, [load.total, load.timed]) for load in plan.loads]
    steps = sum(part.steps for part in plan.segments)
    span = f"{plan.segments[0].start:g} to {plan.times[-1]:g}"
    payoff = payoff_values(problem, own) if plan.mode == "backward" else ()
    source: list[Any] = [load.arriving for load in plan.loads if load.arriving is not None]
    source += [part.reward for part in plan.segments if part.reward is not None]
    if problem.source is not None and not problem.varying:
        source.append(evaluate("source", problem.source, own.x, 1))
    walls = (equation.inflow, equation.reward, equation.exit_value, equation.held)
    return {
        "version": spikealg.__version__,
        "mode": plan.mode,
        "time_scheme": problem.time_scheme,
        "drift_scheme": problem.drift_scheme,
        "jumps": "none" if problem.jumps is None else "given",
        "problem": repr(problem),
        _COEFFICIENTS: _digest(array for part in rates for array in _arrays_of(part)),
        "t_span, t_eval or dt": f"{span}, {steps} steps "
        + _digest([times, *(part.recorded for part in plan.segments)]),
        **told,
        "payoff": _digest([payoff]),
        "source": _digest(source),
        "boundary": _digest(walls),
        "initial or at": _digest(loads),
    }


def _arrays_of(rates: Rates) -> Iterator[npt.NDArray[Any]]:
    """Yield all on which steps depend."""
    for matrix in (rates.between, rates.exits):
        yield from (matrix.data, matrix.indices, matrix.indptr)
    yield from (rates.mass, rates.live, rates.sink, np.array(rates.exponential))


def _digest(parts: Iterable[Any]) -> str:
    """Return a name for arrays and numbers: others have another one."""
    sha = hashlib.sha256()
    for part in parts:
        array = np.ascontiguousarray(part)
        sha.update(f"{array.dtype.str}{array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()[:16]


def _key(*numbers: int) -> str:
    """Return traveller, stretch, walkers, lanes, first and last lane as the name of a piece."""
    return ".".join(map(str, numbers))


def _pieces_of(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]]
) -> dict[tuple[int, int], tuple[Amount, list[Piece]]]:
    parts: dict[tuple[int, ...], dict[str, npt.NDArray[Any]]] = {}
    found: dict[tuple[int, int], tuple[Amount, list[Piece]]] = {}
    try:
        for key, array in arrays.items():
            *numbers, name = key.split(".")
            traveller, stretch, walkers, lanes, first, last = map(int, numbers)
            if array.dtype != np.int64:
                raise ValueError(f"{key} has dtype {array.dtype} in place of int64")
            place = traveller, stretch, walkers, lanes, first, last
            parts.setdefault(place, {})[name] = array
        for (traveller, stretch, *many, first, last), named in sorted(parts.items()):
            amount, pieces = found.setdefault((traveller, stretch), (Amount(*many), []))
            if amount != tuple(many):
                raise ValueError(f"{many} and {list(amount)} walkers and lanes are at one place")
            if first >= last or (pieces and first < pieces[-1].last):
                raise ValueError(f"lanes {first} to {last} are there twice")
            pieces.append(Piece(first, last, **named))
    except (TypeError, ValueError) as error:
        raise FileFormatError(f"{path} is damaged: its pieces make no walk ({error})") from error
    return found
