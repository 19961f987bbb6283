"""Who walks the parts of a walk: this process, or the workers of an executor."""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self

from spikealg.errors import InputTypeError
from spikealg.progress import Report
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece
from spikealg.solvers.diffusion.walks.workshop import Workshop

__all__ = ["Alone", "Crew", "Hands", "StopSign", "hands_of", "walk_part"]

_LOGGER = logging.getLogger(__name__)
_LOOK_S = 0.2
"""Seconds between two looks whether to stop."""
_WATCH_S = 1.0
"""Seconds between two looks whether who waits for the work is still there."""
_KEPT = 4
"""Circuits that a worker keeps."""
_recent = Workshop(_KEPT)


@contextmanager
def hands_of(executor: Executor | None) -> Iterator[Hands]:
    """Give the workers of an executor, or this process."""
    if executor is None:
        yield Alone()
    else:
        with Crew(executor) as crew:
            yield crew


class StopSign(Protocol):
    """Tells workers, wherever they are, that nobody waits for them any more."""

    def set(self) -> None:
        """Tell them."""

    def is_set(self) -> bool:
        """Return whether they have been told."""


class Hands(Protocol):
    """What walks parts.

    Attributes
    ----------
    workers : int
        Parts that are walked at the same time.
    at_once : int
        Parts to submit before the first is done, so that nobody waits.
    cuts : bool
        Whether parts are walked sooner than the whole.
    workshop : Workshop
        Makes the circuits of the runs that are joined.
    """

    workers: int
    at_once: int
    cuts: bool
    workshop: Workshop

    def submit(self, walk: LaneWalk, lanes: range, report: Report) -> Future[Piece]:
        """Begin to walk `lanes`; `report` may get the fraction done."""


class Alone:
    """No executor: a part is walked here when it is submitted, on all processors."""

    workers = at_once = 1
    cuts = False

    def __init__(self) -> None:
        self.workshop = Workshop()

    def submit(self, walk: LaneWalk, lanes: range, report: Report) -> Future[Piece]:
        """Walk `lanes`; what goes wrong is raised here."""
        future: Future[Piece] = Future()
        piece = walk.walk(lanes.start, lanes.stop, workshop=self.workshop, report=report)
        future.set_result(piece)
        return future


class Crew:
    """The workers of an executor, one processor each.

    Left by an error or Ctrl-C, it tells workers to stop and waits until they have; a second Ctrl-C
    ends the waiting alone. The executor itself stays open; only a pool of processes that broke is
    replaced by one like it for as long as the crew is needed.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        One whose workers share no files with this process may have ``stop_sign()``, which returns
        a `StopSign` for them.

    Raises
    ------
    InputTypeError
        If `executor` is none.
    """

    cuts = True

    def __init__(self, executor: Executor) -> None:
        if not isinstance(executor, Executor):
            raise InputTypeError(
                "executor must be a concurrent.futures.Executor, such as ProcessPoolExecutor(), "
                f"got {executor!r}; spikealg.interop.dask.DaskExecutor makes one of a Dask client"
            )
        self._executor = executor
        self._own: ProcessPoolExecutor | None = None
        # What joblib and Dask ask too; there is no public word for it.
        known = getattr(executor, "_max_workers", None)
        self.workers = int(known or os.cpu_count() or 1)
        self.at_once = 2 * self.workers
        self.workshop = Workshop()
        self._flying: set[Future[Piece]] = set()
        self._left = False

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="spikealg-")
        sign = getattr(self._executor, "stop_sign", None)
        self._stop: StopSign = (
            _StopFile(Path(self._folder.name, "stop")) if sign is None else sign()
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            flying = tuple(self._flying)
            if flying:
                self._stop.set()
                for future in flying:
                    future.cancel()
                wait(flying)
        finally:
            if self._own is not None:
                self._own.shutdown(cancel_futures=True)
            self._left = True  # not sooner: a part that lands must not put away a sign to be set
            self._put_away()

    def submit(self, walk: LaneWalk, lanes: range, report: Report) -> Future[Piece]:
        """Hand `lanes` to a worker; a broken executor shows in the future, like a dead worker."""
        try:
            future = self._submit(walk, lanes)
        except BrokenExecutor as broken:
            try:
                self._replace()
                future = self._submit(walk, lanes)
            except BrokenExecutor:
                future = Future()
                future.set_exception(broken)
        self._flying.add(future)
        future.add_done_callback(self._landed)
        return future

    def _landed(self, future: Future[Piece]) -> None:
        self._flying.discard(future)
        self._put_away()

    def _put_away(self) -> None:
        """Remove the stop sign when nobody can look at it any more, however the crew was left."""
        if self._left and not self._flying:
            self._folder.cleanup()

    def _submit(self, walk: LaneWalk, lanes: range) -> Future[Piece]:
        return self._executor.submit(walk_part, walk, lanes, self._stop, os.getpid())

    def _replace(self) -> None:
        """Replace a broken pool of processes by one that is like it."""
        broken: Any = self._executor
        if type(broken) is not ProcessPoolExecutor:
            return
        _LOGGER.warning("a pool of %d processes broke and is replaced", self.workers)
        if self._own is not None:
            self._own.shutdown()
        self._executor = self._own = ProcessPoolExecutor(
            self.workers,
            getattr(broken, "_mp_context", None),
            getattr(broken, "_initializer", None),
            getattr(broken, "_initargs", ()),
        )


class _StopFile:
    """A sign for workers on this machine: a file that is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def set(self) -> None:
        self._path.touch()

    def is_set(self) -> bool:
        return self._path.exists()


class _Stopped(Exception):  # noqa: N818 - nobody is told of it: who waited has gone
    """Nobody waits for this part any more."""


def walk_part(walk: LaneWalk, lanes: range, stop: StopSign, sender: int) -> Piece:
    """Walk a part of a walk as one worker of several, on one processor.

    Parameters
    ----------
    walk : LaneWalk
    lanes : range
    stop : StopSign
        The part is given up soon after it is set.
    sender : int
        The process that waits for the part. If it has started this one, this one ends with it.
    """
    _end_with(sender, os.getpid())
    looked = -_LOOK_S

    def look(fraction: float) -> None:
        nonlocal looked
        if monotonic() - looked >= _LOOK_S:
            looked = monotonic()
            if stop.is_set():
                raise _Stopped

    look(0.0)
    return walk.walk(lanes.start, lanes.stop, workshop=_recent, threads=1, report=look)


@cache
def _end_with(sender: int, process: int) -> None:
    """Let this process end when `sender` has died, if that has started it.

    A pool's worker would walk on, and then wait for ever for another part.
    """
    starter = multiprocessing.parent_process()
    if starter is None or starter.pid != sender:
        return
    parent = os.getppid()

    def watch() -> None:
        # A forked process may hold open what would show it the death of its starter, but gets
        # another parent then; one of a fork server has that as parent, and holds nothing open.
        while os.getppid() == parent and starter.is_alive():
            starter.join(_WATCH_S)
        os._exit(1)

    Thread(target=watch, name="spikealg-watch", daemon=True).start()
