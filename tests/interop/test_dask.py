"""A Dask cluster as an executor: the same bits by any number of workers, and when they die."""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import BrokenExecutor

import pytest

from spikealg.diffusion import heat_rod, solve
from spikealg.errors import InputError, InputTypeError, MissingExtraError
from spikealg.interop.dask import DaskExecutor
from spikealg.solvers.diffusion.walks import montecarlo
from tests.helpers import same_walkers
from tests.solvers.diffusion.test_executor import HEATED, SLOW, WALK_SLOWLY, interrupt

distributed = pytest.importorskip("distributed")

ROD = heat_rod("absorb", n=8)
MANY = {"walkers": 5000, "lanes": 2048, "seed": 1}


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_one_two_and_four_workers_walk_the_same(client):
    alone = solve(ROD, **MANY)
    one, _ = client.scheduler_info()["workers"]
    told: list[float] = []
    same_walkers(solve(ROD, executor=DaskExecutor(client, [one]), **MANY), alone)
    same_walkers(solve(ROD, executor=DaskExecutor(client), progress=told.append, **MANY), alone)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=4, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as threads,
    ):
        executor = DaskExecutor(threads)
        assert executor._max_workers == 4
        same_walkers(solve(ROD, executor=executor, **MANY), alone)


def test_a_worker_that_is_killed_loses_no_walker(client):
    settings = {"method": "montecarlo", "walkers": 8 * 4096, "seed": 5}
    (victim, *_), killed = client.run(os.getpid).values(), []

    def kill(fraction: float) -> None:
        if fraction > 0 and not killed:
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    solution = solve(HEATED, executor=DaskExecutor(client), progress=kill, **settings)
    assert killed
    same_walkers(solution, solve(HEATED, **settings))


def test_results_and_errors_come_back_as_they_are(client):
    executor = DaskExecutor(client)
    assert executor.submit(divmod, 7, 3).result() == (2, 1)
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result()


def test_what_kills_every_worker_breaks_the_executor(client):
    client.run_on_scheduler(_allow_no_failure)
    with pytest.raises(BrokenExecutor, match="KilledWorker: Attempted to run task"):
        DaskExecutor(client).submit(os._exit, 1).result()


def _allow_no_failure(dask_scheduler) -> None:
    dask_scheduler.allowed_failures = 0


def test_ctrl_c_is_heard_by_the_workers(client, monkeypatch):
    monkeypatch.setattr(montecarlo, "_WORTH_A_PART", 2**24)
    with pytest.raises(KeyboardInterrupt):
        solve(SLOW, executor=DaskExecutor(client), progress=interrupt, **WALK_SLOWLY)
    assert not any(client.processing().values())


def test_what_is_no_client_is_refused(client, monkeypatch):
    with pytest.raises(InputTypeError, match=r"client must be a dask.distributed.Client, got 3"):
        DaskExecutor(3)
    with pytest.raises(InputTypeError, match="DaskExecutor makes one of a Dask client"):
        solve(ROD, executor=client)
    with pytest.raises(InputTypeError, match="workers must be a list of addresses, got 'x'"):
        DaskExecutor(client, workers="x")
    for workers in ([], ["tcp://1.2.3.4:1"]):
        with pytest.raises(InputError, match=r"workers must be one or some of \['.*'\], got \["):
            DaskExecutor(client, workers=workers)
    monkeypatch.setattr(type(client), "asynchronous", True)
    with pytest.raises(InputError, match="client must not be asynchronous"):
        DaskExecutor(client)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[dask\]'"):
        DaskExecutor(client)
