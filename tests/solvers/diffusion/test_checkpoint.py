"""Walks that are cut and go on from a file to the same bits; files of other walks are refused."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import spikealg
from spikealg.archive import read_archive, write_archive
from spikealg.diffusion import Interval, Problem, heat_rod, load, solve
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.solvers.diffusion.walks import checkpoint as checkpoints
from spikealg.solvers.diffusion.walks.lanewalk import LaneWalk, Piece
from tests.helpers import same_walkers
from tests.solvers.diffusion.test_executor import CASES, HEATED

ROD = heat_rod("absorb", n=8)
MANY = {"walkers": 20_000, "lanes": 3 * 4096, "seed": 1}
FORMAT = "spikealg-diffusion-checkpoint"

KILLED = """
import os, signal, sys
from concurrent.futures import ThreadPoolExecutor
import spikealg.diffusion as diffusion
import numpy as np

problem = diffusion.Problem(
    diffusion.Interval(0, 1, 8), diffusivity=1.0, initial=0.5, t_span=0.02,
    source=lambda x: np.where(x < 0.5, 3.0, -1.0),
    boundary={"x-": {"value": 1.0}, "x+": "absorb"},
)
def kill(fraction):
    if fraction > 0.4:
        os.kill(os.getpid(), signal.SIGKILL)

with ThreadPoolExecutor(2) as threads:
    diffusion.solve(
        problem, walkers=300, seed=6, checkpoint=sys.argv[1], executor=threads, progress=kill
    )
"""


def walked_lanes(monkeypatch) -> list[range]:
    """Return a list that is told which lanes are walked from now on."""
    walked: list[range] = []
    for kind in LaneWalk.__subclasses__():

        def walk(self, first, last, *, own=kind.walk, **options):
            walked.append(range(first, last))
            return own(self, first, last, **options)

        monkeypatch.setattr(kind, "walk", walk)
    return walked


def test_a_killed_run_goes_on_to_the_same_spikes(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    ended = subprocess.run([sys.executable, "-c", KILLED, path], check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    _, arrays = read_archive(path, FORMAT, 2)
    kept = [name.split(".") for name in arrays if name.endswith("counts")]
    uncut = solve(HEATED, walkers=300, seed=6)
    walked = walked_lanes(monkeypatch)
    same_walkers(solve(HEATED, walkers=300, seed=6, checkpoint=path), uncut)
    # What was kept is not walked again; each batch of each kind of walkers has one stretch.
    assert kept
    lanes = sum(int(last) - int(first) for *_, first, last, _ in kept)
    each = np.concatenate([np.minimum(group.walkers, uncut.lanes) for group in uncut.groups])
    assert lanes + sum(map(len, walked)) == each.sum()


class Cut(Exception):  # noqa: N818 - what a user's progress may raise
    pass


def cut_after(fraction: float):
    def progress(done: float) -> None:
        if done > fraction:
            raise Cut

    return progress


@pytest.mark.parametrize("name", CASES)
def test_cut_twice_and_finished_by_somebody_else(name, tmp_path):
    problem, options = CASES[name]
    path = tmp_path / "run.npz"
    settings = {"walkers": 200, "seed": 3} | options
    with pytest.raises(Cut):
        solve(problem, checkpoint=path, progress=cut_after(0.3), **settings)
    with ThreadPoolExecutor(3) as threads:
        with pytest.raises(Cut):
            solve(problem, checkpoint=path, executor=threads, progress=cut_after(0.7), **settings)
        resumed = solve(problem, checkpoint=path, executor=threads, **settings)
    same_walkers(resumed, solve(problem, **settings))


def test_parts_that_are_done_are_not_walked_again(tmp_path, monkeypatch):
    path, walked = tmp_path / "run.npz", walked_lanes(monkeypatch)
    with pytest.raises(Cut):
        solve(ROD, checkpoint=path, progress=cut_after(0.34), **MANY)
    assert walked[0] == range(4096)
    assert len(walked) == 2
    first = solve(ROD, checkpoint=path, **MANY)
    assert walked[2:] == [range(4096, 8192), range(8192, 12288)]
    again = solve(ROD, checkpoint=path, **MANY)
    assert len(walked) == 4  # a finished file is read
    same_walkers(again, first)
    same_walkers(again, solve(ROD, **MANY))


def test_the_seed_that_was_drawn_is_that_of_the_file(tmp_path):
    path = tmp_path / "run.npz"
    first = solve(ROD, walkers=500, seed=None, checkpoint=path)
    assert solve(ROD, walkers=500, seed=None, checkpoint=path).seed == first.seed
    assert solve(ROD, walkers=500, seed=None).seed != first.seed


OTHERS = {
    "problem": ({}, heat_rod("reflect", n=8)),
    "t_span, t_eval or dt": ({"t_eval": [0.02, 0.1]}, ROD),
    "method": ({"method": "montecarlo"}, ROD),
    "walkers": ({"walkers": 501}, ROD),
    "seed": ({"seed": 4}, ROD),
    "lanes": ({"lanes": 2}, ROD),
    "circuit": ({"circuit": "direct"}, ROD),
    "probability_bits": ({"probability_bits": 7}, ROD),
}


def test_a_checkpoint_of_another_walk_is_refused_by_name(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"walkers": 500, "lanes": 1, "seed": 2, "checkpoint": path}
    solve(ROD, **settings)
    written = path.read_bytes()
    for name, (changed, problem) in OTHERS.items():
        given = settings | changed
        if "method" in changed:
            del given["lanes"]
        with pytest.raises(
            InputError, match=f"^checkpoint '.*run.npz' is of another walk: {name} was .* now; give"
        ):
            solve(problem, **given)
    with pytest.raises(InputError, match="seed was 2 and is 4 now; give what it was to go on, or "):
        solve(ROD, **settings | {"seed": 4})
    assert path.read_bytes() == written


def paid(**given) -> Problem:
    """Return a problem whose walkers know nothing of what they are paid."""
    usual = {
        "payoff": lambda x: (x > 0.55) * 1.0,
        "boundary": {"x-": {"value": lambda x: 0 * x}},
        "at": [0.3],
    }
    return Problem(Interval(0, 1, 8), diffusivity=1.0, t_span=0.1, **usual | given)


def test_what_is_paid_belongs_to_the_walk(tmp_path):
    """A tolerance chooses by it how many walk, so that pieces would be joined to another total."""
    path = tmp_path / "run.npz"
    settings = {"rtol": 0.05, "method": "montecarlo", "checkpoint": path}
    first = solve(paid(), **settings)
    same_walkers(solve(paid(), **settings), first)
    wall = {"x-": {"value": lambda x: 0 * x + 1}}
    for name, given in (
        ("payoff", {"payoff": lambda x: (x > 0.7) * 1.0}),
        ("source", {"source": 1.0}),
        ("boundary", {"boundary": wall}),
        ("initial or at", {"at": [0.4]}),
    ):
        with pytest.raises(
            InputError, match=f"is of another walk: {name} has other values now; give what it was"
        ):
            solve(paid(**given), **settings)


def test_pieces_of_other_amounts_are_not_joined(tmp_path):
    path = tmp_path / "run.npz"
    solve(ROD, walkers=100, lanes=2, checkpoint=path)
    header, arrays = read_archive(path, FORMAT, 2)
    moved = {key.replace(".100.", ".99."): row for key, row in arrays.items()}
    write_archive(path, FORMAT, 2, {"identity": header["identity"]}, moved)
    with pytest.raises(
        InputError, match=r"another walk: 99 walkers in 2 lanes are 100 in 2 now; give another"
    ):
        solve(ROD, walkers=100, lanes=2, checkpoint=path)


TRAPPED = """
import sys
from spikealg.diffusion import Interval, Problem, solve

walls = {"x-": "absorb", "trap": {"where": lambda x: x > float(sys.argv[2])}}
rod = Problem(Interval(0, 1, 8), diffusivity=1.0, boundary=walls, initial=0.5, t_span=0.01)
solve(rod, walkers=50, method="montecarlo", checkpoint=sys.argv[1])
"""


def test_functions_in_a_boundary_are_the_same_in_another_process(tmp_path):
    def run(edge: float) -> subprocess.CompletedProcess[str]:
        # Where functions are in memory differs by what was made before.
        code = f"kept = [lambda: None for _ in range({int(1e4 * edge)})]\n{TRAPPED}"
        return subprocess.run(
            [sys.executable, "-c", code, tmp_path / "run.npz", str(edge)],
            check=False, timeout=120, capture_output=True, text=True,
        )  # fmt: skip

    for edge in (0.79, 0.8):  # the same vertices
        ended = run(edge)
        assert ended.returncode == 0, ended.stderr
    assert "InputError: checkpoint " in run(0.5).stderr


def test_a_checkpoint_of_another_version_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    solve(ROD, walkers=100, checkpoint=path)
    with monkeypatch.context() as later:
        later.setattr(spikealg, "__version__", "9.0")
        with pytest.raises(InputError, match=r"version was '0.1.0' and is '9.0' now"):
            solve(ROD, walkers=100, checkpoint=path)
    header, arrays = read_archive(path, FORMAT, 2)
    write_archive(path, FORMAT, 3, {"identity": header["identity"]}, arrays)
    with pytest.raises(FileFormatError, match=f"version 3 of {FORMAT}"):
        solve(ROD, walkers=100, checkpoint=path)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    settings = {"walkers": 100, "lanes": 2, "checkpoint": path}
    solution = solve(ROD, **settings)
    header, arrays = read_archive(path, FORMAT, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for seed in (0, None):
        with pytest.raises(FileFormatError, match="is damaged or not"):
            solve(ROD, seed=seed, **settings)
    solution.save(path)
    with pytest.raises(FileFormatError, match=f"is not a {FORMAT} file: its format is"):
        solve(ROD, **settings)
    (key, *_) = [name for name in arrays if name.endswith("counts")]
    for damage, message in (
        ({key: arrays[key].astype(float)}, "has dtype float64 in place of int64"),
        ({key.replace("counts", "other"): arrays[key]}, "unexpected keyword argument 'other'"),
        ({"1.counts": arrays[key]}, "not enough values to unpack"),
        (
            {key.replace(".0.2.", ".0.1."): row for key, row in arrays.items()},
            "lanes 0 to 2 are there",
        ),
        (
            {key.replace(".100.", ".99."): row for key, row in arrays.items()},
            r"\[100, 2\] and \[99, 2\] walkers and lanes are at one place",
        ),
    ):
        write_archive(path, FORMAT, 2, header, arrays | damage)
        with pytest.raises(FileFormatError, match=f"its pieces make no walk .*{message}"):
            solve(ROD, **settings)
    write_archive(path, FORMAT, 2, {}, arrays)
    for seed in (0, None):
        with pytest.raises(FileFormatError, match="it does not say of what walk it is"):
            solve(ROD, seed=seed, **settings)


def test_places_where_no_file_can_be_are_refused_before_the_walk(tmp_path, monkeypatch):
    walked = walked_lanes(monkeypatch)
    for path, error, message in (
        (tmp_path, InputError, "checkpoint must be the name of a file, got the folder"),
        (tmp_path / "no" / "run.npz", InputError, "checkpoint must be in a folder that exists, go"),
        (3, InputTypeError, "checkpoint must be the name of a file, got 3"),
    ):
        for seed in (0, None):
            with pytest.raises(error, match=re.escape(message)):
                solve(ROD, walkers=100, seed=seed, checkpoint=path)
    with pytest.raises(InputError, match="checkpoint is for walkers, and method='chain' has none"):
        solve(ROD, method="chain", checkpoint=tmp_path / "run.npz")
    assert not walked


def test_writing_takes_a_small_part_of_the_time(tmp_path, monkeypatch):
    """Writing takes 2 s, and a piece comes every second: each eleventh is written at once."""
    clock, written = [0.0], []

    def write(path, *content):
        clock[0] += 2.0
        written.append(clock[0])

    monkeypatch.setattr(checkpoints, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpoints, "write_archive", write)
    kept = checkpoints.Checkpoint(tmp_path / "run.npz", {})
    row = np.zeros((1, 1), dtype=np.int64)
    for number in range(100):
        kept.put(0, number, checkpoints.Amount(1, 1), [Piece(0, 1, row, row, row, row[0], row[0])])
        clock[0] += 1.0
    kept.write()
    kept.write()  # nothing new
    assert len(written) == 6
    assert np.diff(written).min() > 10


def test_a_checkpoint_is_no_solution(tmp_path):
    solve(ROD, walkers=100, checkpoint=tmp_path / "run.npz")
    with pytest.raises(FileFormatError, match="is not a spikealg-diffusion-solution file"):
        load(tmp_path / "run.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_scheme": "exponential"}, "time_scheme was 'euler' and is 'exponential' now"),
        ({"drift_scheme": "upwind"}, "drift_scheme was 'central' and is 'upwind' now"),
        ({"diffusivity": lambda x: 2.0 + x}, "side or jump of the problem has other values now"),
    ],
)
def test_what_a_problem_does_not_show_is_named_too(change, message, tmp_path):
    def problem(**changes):
        given = {"diffusivity": lambda x: 1.0 + x, "initial": 0.5, "t_span": 0.01} | changes
        return Problem(Interval(0, 1, 8), **given)

    path = tmp_path / "a.ck"
    solve(problem(), method="montecarlo", walkers=20, checkpoint=path)
    with pytest.raises(InputError, match=message):
        solve(problem(**change), method="montecarlo", walkers=20, checkpoint=path)
