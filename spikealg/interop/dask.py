"""The workers of a Dask cluster as an executor (extra "dask")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from spikealg.errors import InputError, InputTypeError, MissingExtraError

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.walks.crew import StopSign

__all__ = ["DaskExecutor"]


class DaskExecutor(Executor):
    """A `dask.distributed.Client` as a `concurrent.futures.Executor`.

    What it is given runs on the threads of the cluster's workers. They need the same versions of
    spikealg, NumPy and Numba as this process.

    Parameters
    ----------
    client : dask.distributed.Client
        Not closed by the executor.
    workers : iterable of str, optional
        Addresses of the workers to take; by default all that there are at the time.

    Raises
    ------
    MissingExtraError
        If dask.distributed is not installed.
    InputError, InputTypeError
        If `client` is no client, or an asynchronous one, or does not know one of `workers`.

    Notes
    -----
    When a worker dies the scheduler gives what it did to another, and after several deaths
    (``distributed.scheduler.allowed-failures``) raises `KilledWorker`; a future then holds a
    `BrokenExecutor`, as with a pool of processes.

    Examples
    --------
    ::

        from dask.distributed import Client
        from spikealg.interop.dask import DaskExecutor

        with Client("tcp://scheduler:8786") as client:
            solution = diffusion.solve(problem, executor=DaskExecutor(client))
    """

    def __init__(self, client: Any, workers: Iterable[str] | None = None) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtraError(
                "DaskExecutor needs dask.distributed, which is not installed: "
                "pip install 'spikealg[dask]'"
            ) from error
        if not isinstance(client, Client):
            raise InputTypeError(f"client must be a dask.distributed.Client, got {client!r}")
        if client.asynchronous:
            raise InputError("client must not be asynchronous: make it outside of an event loop")
        self._client = client
        self._workers = None if workers is None else _known(workers, client)

    @property
    def _max_workers(self) -> int:
        """Threads of the workers, under the name that executors of the standard library have."""
        threads: dict[str, int] = self._client.nthreads(self._workers)
        return max(1, sum(threads.values()))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn(*args, **kwargs)`` on a worker; see `concurrent.futures.Executor.submit`.

        What has been submitted cannot be cancelled.
        """
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        task = self._client.submit(fn, *args, **kwargs, pure=False, workers=self._workers)
        task.add_done_callback(lambda done: _hand_on(done, future))
        return future

    def stop_sign(self) -> StopSign:
        """Return a sign that all workers of the cluster can see."""
        from distributed import Event

        sign: StopSign = Event(f"spikealg-{uuid4().hex}", self._client)
        return sign


def _known(workers: Iterable[str], client: Any) -> list[str]:
    """Return addresses of workers, all of which the client knows."""
    if isinstance(workers, str) or not isinstance(workers, Iterable):
        raise InputTypeError(f"workers must be a list of addresses, got {workers!r}")
    wanted, known = list(workers), list(client.nthreads())
    if not wanted or not set(wanted) <= set(known):
        raise InputError(f"workers must be one or some of {known}, got {wanted}")
    return wanted


def _hand_on(task: Any, future: Future[Any]) -> None:
    """Give what became of a task to who waits for it."""
    from distributed import CancelledError, KilledWorker

    try:
        future.set_result(task.result())
    except (KilledWorker, CancelledError) as error:
        gone = BrokenExecutor(f"{type(error).__name__}: {error}")
        gone.__cause__ = error
        future.set_exception(gone)
    except BaseException as error:
        future.set_exception(error)
