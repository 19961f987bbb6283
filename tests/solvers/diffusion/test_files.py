import json

import networkx as nx
import numpy as np
import pytest

from spikealg.diffusion import (
    Box,
    Graph,
    Interval,
    Polygon,
    Problem,
    SavedProblem,
    heat_rod,
    load,
    solve,
)
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.network import Network

SQUARE = {"type": "Polygon", "coordinates": [[(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]]}
PROBLEMS = {
    "rod": heat_rod(),
    "box": Problem(
        Box((0, 0), (1, 1), 6),
        diffusivity=1.0,
        boundary={"x-": "absorb"},
        initial=(0.5, 0.5),
        t_span=0.1,
    ),
    "polygon": Problem(
        Polygon(SQUARE, dx=0.25), diffusivity=1.0, boundary="absorb", initial=(0.6, 0.6), t_span=0.1
    ),
    "graph": Problem(Graph(nx.karate_club_graph()), boundary={33: "absorb"}, initial=0, t_span=0.1),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_loaded_is_what_was_saved(name, tmp_path):
    end = PROBLEMS[name].t_span[1]
    times = [0, 0.3 * end, end]
    saved = solve(PROBLEMS[name], t_eval=times, method="montecarlo", walkers=3000, seed=9)
    saved.save(tmp_path / "a.npz")
    loaded = load(tmp_path / "a.npz")
    for field in ("t", "x", "counts", "exit_counts", "density", "stderr", "mass", "absorbed"):
        np.testing.assert_array_equal(getattr(loaded, field), getattr(saved, field), strict=True)
    for field in ("method", "walkers", "lanes", "seed", "dt", "steps", "segments", "total"):
        assert getattr(loaded, field) == getattr(saved, field)
    assert list(loaded.exited) == list(saved.exited)
    assert isinstance(loaded.problem, SavedProblem)
    assert loaded.problem.description == repr(PROBLEMS[name])
    assert loaded.check().circuit == saved.check().circuit
    if name != "graph":
        np.testing.assert_array_equal(loaded.grid(), saved.grid())


def test_exact_values_are_kept_and_a_finer_mesh_is_not(tmp_path):
    saved = solve(heat_rod(), t_eval=[0, 0.1], method="chain")
    saved.save(tmp_path / "a.npz")
    check = load(tmp_path / "a.npz").check()
    assert check.chain.reference == "exact"
    np.testing.assert_array_equal(check.chain.relative_l2, saved.check().chain.relative_l2)
    assert check.chain.order is None
    solve(PROBLEMS["box"], method="chain").save(tmp_path / "b.npz")
    reason = load(tmp_path / "b.npz").check().chain.reason
    assert reason == "the problem was read from a file, which holds no finer mesh"


WALL = {"x-": {"value": 2.0}, "x+": "absorb"}
ENDLESS = {
    "points": {"boundary": WALL, "payoff": 0.0, "at": [0.25, 0.5, 1 / 16], "t_span": np.inf},
    "source of two signs": {
        "boundary": "absorb",
        "source": lambda x: 10 * x - 3,
        "mode": "steady",
    },
    "initial of two signs": {
        "boundary": "absorb",
        "initial": lambda x: np.sin(2 * np.pi * x),
        "t_span": np.inf,
    },
}


@pytest.mark.parametrize("name", ENDLESS)
def test_kinds_of_walkers_that_walk_for_different_times(name, tmp_path):
    problem = Problem(Interval(0, 1, 16), diffusivity=1.0, **ENDLESS[name])
    saved = solve(problem, method="montecarlo", walkers=300, seed=3)
    assert {len(group.left) for group in saved.groups} == {saved.steps + 1}
    for group in saved.groups:
        np.testing.assert_array_equal(group.left[-1], group.exited[:, -1].sum(axis=0))
    saved.save(tmp_path / "a.npz")
    loaded = load(tmp_path / "a.npz")
    for field in ("left", "counts", "walkers"):
        for mine, other in zip(loaded.groups, saved.groups, strict=True):
            np.testing.assert_array_equal(getattr(mine, field), getattr(other, field))
    assert loaded.check().circuit == saved.check().circuit


@pytest.mark.parametrize("points", [None, [0.25, 0.6]])
def test_exact_values_of_a_backward_problem_are_kept(points, tmp_path):
    problem = Problem(
        Interval(0, 1, 8),
        diffusivity=1.0,
        boundary="absorb",
        payoff=lambda x: np.sin(np.pi * x),
        exact=lambda t, x: np.exp(-(np.pi**2) * t) * np.sin(np.pi * x),
        at=points,
        t_span=0.1,
    )
    saved = solve(problem, method="montecarlo", walkers=500)
    saved.save(tmp_path / "a.npz")
    load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    before = saved.check().chain
    assert before.reference == "exact"
    for name in "ab":
        after = load(tmp_path / f"{name}.npz").check().chain
        assert after.reference == "exact"
        np.testing.assert_array_equal(after.relative_l2, before.relative_l2)
        np.testing.assert_array_equal(after.max_error, before.max_error)
    arrays = dict(np.load(tmp_path / "a.npz"))
    for array in ("exact.density", "exact.chain"):
        np.savez(tmp_path / "c.npz", **arrays | {array: arrays[array][..., 1:]})
        with pytest.raises(FileFormatError, match=f"{array} has shape"):
            load(tmp_path / "c.npz")


def test_a_start_alone_has_no_exact_values(tmp_path):
    solve(heat_rod("absorb", n=16), t_eval=[0.0], walkers=100).save(tmp_path / "a.npz")
    check = load(tmp_path / "a.npz").check()
    assert check.ok
    assert check.chain.reason == "only the start was recorded"


def test_a_loaded_solution_can_be_saved_again(tmp_path):
    solve(heat_rod(), method="chain").save(tmp_path / "a.npz")
    load(tmp_path / "a.npz").save(tmp_path / "b.npz")
    first, second = load(tmp_path / "a.npz"), load(tmp_path / "b.npz")
    np.testing.assert_array_equal(first.density, second.density)
    assert first.problem.description == second.problem.description


def test_the_circuit_is_kept(tmp_path):
    path = tmp_path / "a.npz"
    solve(heat_rod(), 0.01, walkers=100, circuit="swap").save(path)
    assert load(path).circuit == "swap"
    arrays = dict(np.load(path))
    header = json.loads(str(arrays["header"]))
    # Files from before there was a choice.
    del header["circuit"]
    np.savez(path, **arrays | {"header": np.array(json.dumps(header))})
    assert load(path).circuit == "published"
    np.savez(path, **arrays | {"header": np.array(json.dumps(header | {"circuit": "swop"}))})
    with pytest.raises(FileFormatError, match="circuit must be one of 'published', 'tree', 's"):
        load(path)
    solve(heat_rod(), method="chain").save(path)
    assert load(path).circuit is None


def test_a_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "a.npz"
    solve(heat_rod(), method="chain").save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match="it is damaged or not a spikealg-diffusion-solution"):
        load(path)


def test_a_file_without_an_array_is_an_error(tmp_path):
    path = tmp_path / "a.npz"
    solve(heat_rod(), method="chain").save(path)
    arrays = dict(np.load(path))
    for name, change in (
        ("group.0.counts", lambda a: a[:, :-1]),
        ("between.indices", lambda a: a + 40),
        ("exact.density", lambda a: a[:, :3]),
        ("t", None),
    ):
        broken = {key: value for key, value in arrays.items() if key != name}
        if change is not None:
            broken[name] = change(arrays[name])
        np.savez(path, **broken)
        with pytest.raises(FileFormatError, match="its content does not make a solution"):
            load(path)


DAMAGE = [
    ("group.0.walkers", np.array([0]), "walkers.* must be a whole number of at least 1, got 0"),
    ("method", "magic", "method must be one of 'density', 'particle', 'chain', 'montecarlo', got"),
    ("groups", [["initial", float("nan")]], "total must be a finite number, got nan"),
    ("segments", [], "there are no segments"),
    ("segments", [[0, 0.125, 0, 768, [768]]], "dt of a segment must be a finite number above 0"),
    ("version", 0, "is damaged: it has version 0"),
    ("x", np.zeros((33, 4)), "x has shape \\(33, 4\\), which is not that of 33 positions"),
    ("x", np.zeros(32), "x has shape \\(32,\\), which is not that of 33 positions"),
    (
        "group.0.counts",
        np.zeros((1, 1, 33), dtype=np.float32),
        "counts has dtype float32 in place of int64",
    ),
    ("group.0.counts", np.full((1, 1, 33), -1), "must be a finite number of at least 0, got -1"),
    ("group.0.start", np.full(33, np.nan), "must be a finite number of at least 0, got nan"),
    ("sink", np.full(33, 2), "must be a whole number"),
    ("t", np.array([np.nan]), "must be a finite number, got nan"),
]


@pytest.mark.parametrize(("name", "value", "message"), DAMAGE)
def test_content_that_is_no_solution_is_an_error(name, value, message, tmp_path):
    path = tmp_path / "a.npz"
    solve(heat_rod(), method="montecarlo", walkers=100).save(path)
    arrays = dict(np.load(path))
    if name in arrays:
        arrays[name] = value
    else:
        header = json.loads(str(arrays["header"])) | {name: value}
        arrays["header"] = np.array(json.dumps(header))
    np.savez(path, **arrays)
    with pytest.raises(FileFormatError, match=message):
        load(path)


def test_a_foreign_file_is_an_error(tmp_path):
    network = Network.from_arrays(threshold=[1], pre=[], post=[])
    network.save(tmp_path / "network.npz")
    with pytest.raises(FileFormatError, match="is not a spikealg-diffusion-solution file: its"):
        load(tmp_path / "network.npz")
    (tmp_path / "text.npz").write_text("no arrays here")
    with pytest.raises(FileFormatError, match="damaged or not a spikealg-diffusion-solution file"):
        load(tmp_path / "text.npz")
    np.save(tmp_path / "array.npy", np.arange(3))
    with pytest.raises(FileFormatError, match="file: it is a bare array"):
        load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")


@pytest.mark.parametrize(("flag", "value"), [(8, 1), (10, 99)], ids=["encrypted", "compression"])
def test_a_damaged_entry_is_an_error(tmp_path, flag, value):
    path = tmp_path / "a.npz"
    solve(heat_rod(), method="chain").save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + flag] = value
    data[data.index(b"PK\x03\x04") + flag - 2] = value
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="it is damaged or not a spikealg-diffusion-solution"):
        load(path)


def test_paths_that_are_no_files(tmp_path):
    solution = solve(heat_rod(), method="chain")
    for act in (load, solution.save):
        with pytest.raises(InputTypeError, match="path must be the name of a file, got None"):
            act(None)
        with pytest.raises(InputError, match="path must be the name of a file, got the folder"):
            act(tmp_path)
    with pytest.raises(InputError, match=r"path must be in a folder that exists, got .*none"):
        solution.save(tmp_path / "none" / "a.npz")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    solution = solve(heat_rod(), method="chain")
    solution.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez_compressed", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        solution.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]
