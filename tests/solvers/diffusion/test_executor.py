"""Walks by executors: the same bits whoever walks, workers that die, Ctrl-C."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures import ThreadPoolExecutor as Threads
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import numpy as np
import pytest

from spikealg.diffusion import Interval, Problem, heat_rod, solve
from spikealg.errors import InputError, InputTypeError, WorkerLostError
from spikealg.progress import silent
from spikealg.solvers.diffusion.walks import crew, montecarlo
from tests.helpers import same_walkers

HEATED = Problem(
    Interval(0, 1, 8), diffusivity=1.0, initial=0.5, t_span=0.02,
    source=lambda x: np.where(x < 0.5, 3.0, -1.0),
    boundary={"x-": {"value": 1.0}, "x+": "absorb"},
)  # fmt: skip
CASES = {
    "forward": (heat_rod("absorb", n=8), {}),
    "uneven times": (heat_rod("periodic", n=9), {"t_eval": [0.01, 0.01 + np.pi / 300]}),
    "sources": (HEATED, {}),
    "endless": (heat_rod("absorb", n=8), {"t_span": (0, math.inf)}),
    "values": (
        Problem(Interval(0, 1, 8), diffusivity=1.0, boundary={"x-": {"value": 1.0}, "x+": "absorb"},
                payoff=lambda x: x, source=1.0, at=[0.25, 0.5], t_span=0.02),
        {},
    ),
    "stationary": (
        Problem(Interval(0, 1, 6), diffusivity=1.0, drift=-1.0, initial=0.5),
        {"mode": "steady", "t_span": 0.5},
    ),
    "varying": (
        Problem(Interval(0, 1, 8), diffusivity=lambda x, t: 1 + t, boundary="absorb", initial=0.5,
                t_span=0.02, hold=0.01),
        {},
    ),
}  # fmt: skip
# A server that has imported everything forks workers; threads of this process do no harm.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["spikealg.solvers.diffusion.walks.density"])
WALKERS = {"density": 80, "particle": 700, "montecarlo": 20_000}


def methods(name):
    return tuple(WALKERS) if name == "uneven times" else ("density", "montecarlo")


@pytest.mark.parametrize("name", CASES)
def test_the_split_changes_nothing(name):
    problem, options = CASES[name]
    for method in methods(name):
        settings = {"method": method, "walkers": WALKERS[method], "seed": 3} | options
        alone = solve(problem, **settings)
        for workers in (1, 2, 5):
            with Threads(workers) as threads:
                same_walkers(solve(problem, executor=threads, **settings), alone)


MANY = {"method": "density", "walkers": 5000, "lanes": 2048, "seed": 1}
ROD = heat_rod("absorb", n=8)


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, PROCESSES) as pool:
        yield pool


def test_processes_walk_the_same(pool):
    for settings in (MANY, {"method": "montecarlo", "walkers": 30_000}):
        told: list[float] = []
        solution = solve(ROD, executor=pool, progress=told.append, **settings)
        same_walkers(solution, solve(ROD, **settings))
        assert told == sorted(told)
        assert told[0] == 0.0
        assert told[-1] == 1.0
        assert len([fraction for fraction in told if 0 < fraction < 1]) >= 1


def test_a_process_that_is_killed_loses_no_walker():
    with ProcessPoolExecutor(2, PROCESSES) as pool:
        victim, killed = pool.submit(os.getpid).result(), []

        def kill(fraction: float) -> None:
            if fraction > 0 and not killed:
                sleep(0.1)  # amid a part: who dies while it writes leaves its pool waiting for ever
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

        # Eight parts, of which two are walked at a time.
        settings = {"method": "montecarlo", "walkers": 8 * 4096, "seed": 5, "t_span": 5.0}
        solution = solve(HEATED, executor=pool, progress=kill, **settings)
        assert killed
        same_walkers(solution, solve(HEATED, **settings))
        with pytest.raises(BrokenExecutor):  # the pool did break, and was not mended
            pool.submit(os.getpid).result()


# Parts of about a second, minutes in all: who waits wakes up long before the next parts are done.
SLOW = Problem(Interval(0, 1, 8), diffusivity=1.0, boundary="reflect", initial=0.5, t_span=10.0)
WALK_SLOWLY = {"method": "montecarlo", "walkers": 10**7}


def submitted(executor, monkeypatch) -> list[Future]:
    """Return a list that gets the futures of all that is submitted from now on."""
    futures: list[Future] = []
    submit = executor.submit

    def note(*arguments):
        futures.append(submit(*arguments))
        return futures[-1]

    monkeypatch.setattr(executor, "submit", note)
    return futures


def interrupt(fraction: float) -> None:
    if fraction > 0:
        raise KeyboardInterrupt


def test_ctrl_c_leaves_processes_idle(pool, monkeypatch):
    monkeypatch.setattr(montecarlo, "_WORTH_A_PART", 2**27)
    futures = submitted(pool, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        solve(SLOW, executor=pool, progress=interrupt, **WALK_SLOWLY)
    assert len(futures) >= 2
    assert all(future.done() for future in futures)
    assert any(future.cancelled() or future.exception() for future in futures)


class Unsteady(Executor):
    """Walks at once; some of its workers die before, some after they have walked."""

    _max_workers = 2

    def __init__(self, dies) -> None:
        self.dies, self.submitted = dies, 0

    def submit(self, fn, /, *args, **kwargs):
        number, future = self.submitted, Future()
        self.submitted += 1
        when = self.dies(number)
        if when == "refuses":
            raise BrokenExecutor("closed")
        try:
            found = fn(*args, **kwargs) if when != "before" else None
            if when:
                raise EOFError("gone") if when == "after" else BrokenExecutor("gone")
            future.set_result(found)
        except Exception as error:
            future.set_exception(error)
        return future


def test_parts_of_the_dead_are_walked_once_more():
    """One in ten dies before it walks, one after, one is not there: nobody is counted twice."""
    dies = np.random.default_rng(0).choice(["before", "after", "refuses", *[""] * 7], 10_000)
    settings = {"walkers": 300, "seed": 2}
    executor = Unsteady(dies.tolist().__getitem__)
    same_walkers(solve(HEATED, executor=executor, **settings), solve(HEATED, **settings))
    assert sum(map(bool, dies.tolist()[: executor.submitted])) > 10


@pytest.mark.parametrize(
    ("when", "what"), [("before", "BrokenExecutor: gone"), ("refuses", "BrokenExecutor: closed")]
)
def test_after_four_deaths_a_part_is_given_up(when, what):
    executor = Unsteady(lambda number: when)
    with pytest.raises(
        WorkerLostError,
        match=rf"4 workers died while they walked lanes (0 to 1023|1024 to 2047), .*\({what}\)",
    ):
        solve(ROD, executor=executor, **MANY)


def test_an_error_of_the_work_is_raised_as_it_is(monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("of the work")

    executor = Unsteady(lambda number: "")
    monkeypatch.setattr(executor, "submit", lambda *a, **k: Unsteady.submit(executor, fail))
    with pytest.raises(ZeroDivisionError, match="of the work"):
        solve(ROD, executor=executor, **MANY)
    assert executor.submitted <= 2


def test_ctrl_c_leaves_no_thread_walking(monkeypatch):
    monkeypatch.setattr(montecarlo, "_WORTH_A_PART", 2**27)
    with Threads(2) as threads:
        futures = submitted(threads, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            solve(SLOW, executor=threads, progress=interrupt, **WALK_SLOWLY)
        assert all(future.done() for future in futures)
        assert any(future.cancelled() or future.exception() for future in futures)


ORPHANED = """
import multiprocessing, os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from spikealg.diffusion import Interval, Problem, solve
from spikealg.solvers.diffusion.walks import montecarlo

montecarlo._WORTH_A_PART = 2**26
slow = Problem(Interval(0, 1, 8), diffusivity=1.0, boundary="reflect", initial=0.5, t_span=10.0)

def kill(fraction):
    if fraction > 0:
        print(*pool._processes, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    with ProcessPoolExecutor(2, multiprocessing.get_context(sys.argv[1])) as pool:
        solve(slow, method="montecarlo", walkers=10**7, executor=pool, progress=kill)
"""


@pytest.mark.parametrize("start", ["fork", "forkserver"])
def test_workers_end_with_the_process_that_waits_for_them(start, tmp_path):
    script = tmp_path / "orphaned.py"
    script.write_text(ORPHANED)
    with (tmp_path / "workers").open("w+") as told:
        command = [sys.executable, "-W", "ignore", script, start]
        ended = subprocess.run(command, check=False, timeout=120, stdout=told)
        told.seek(0)
        workers = [int(pid) for pid in told.read().split()]
    assert ended.returncode == -signal.SIGKILL
    assert len(workers) == 2
    deadline = monotonic() + 20
    try:
        while any(map(runs, workers)) and monotonic() < deadline:
            sleep(0.1)
        assert not any(map(runs, workers))
    finally:
        for pid in filter(runs, workers):
            os.kill(pid, signal.SIGKILL)


def runs(process: int) -> bool:
    """Return whether a process is there, and not only its exit code that nobody has asked for."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Waiting:
    """A walk that waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may = Event(), Event()

    def walk(self, first, last, *, workshop, threads, report):
        self.begun.set()
        self.may.wait(10)
        report(0.5)


def test_a_second_ctrl_c_leaves_the_stop_sign_to_those_who_still_walk(monkeypatch):
    def interrupted(futures):
        raise KeyboardInterrupt("again")

    monkeypatch.setattr(crew, "_LOOK_S", 0.0)
    monkeypatch.setattr(crew, "wait", interrupted)
    walk = Waiting()
    with Threads(1) as threads:
        hands = crew.Crew(threads).__enter__()
        folder = Path(hands._folder.name)
        future = hands.submit(walk, range(1), silent)
        assert walk.begun.wait(10)
        with pytest.raises(KeyboardInterrupt, match="again"):
            hands.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert [file.name for file in folder.iterdir()] == ["stop"]
        walk.may.set()
        assert isinstance(future.exception(10), crew._Stopped)
    assert not folder.exists()


def test_a_part_that_lands_as_the_others_are_stopped_leaves_the_stop_sign(monkeypatch):
    """A race seen once: the last part put away the folder in which the sign was to appear."""
    walk, put_up = Waiting(), crew._StopFile.set

    def set_late(sign):
        walk.may.set()
        future.result(10)
        sleep(0.05)  # what is to be done when the part has landed is done after it
        put_up(sign)

    monkeypatch.setattr(crew._StopFile, "set", set_late)
    with Threads(1) as threads:
        with crew.Crew(threads) as hands:
            folder = Path(hands._folder.name)
            future = hands.submit(walk, range(1), silent)
            assert walk.begun.wait(10)
    assert not folder.exists()


def test_what_is_no_executor_is_refused():
    with pytest.raises(
        InputTypeError,
        match=r"executor must be a concurrent.futures.Executor, such as ProcessPoolExecutor\(\), "
        r"got 4; spikealg.interop.dask.DaskExecutor makes one of a Dask client",
    ):
        solve(ROD, executor=4)
    with Threads(1) as threads, pytest.raises(InputError, match="executor is for walkers, and met"):
        solve(ROD, method="chain", executor=threads)
