"""What the benchmarks compare with has to be right, and so has their README."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
WALKERS, STEPS, SIZE = 3000, 150, 1155


@pytest.fixture
def load(monkeypatch):
    """Import a module of the benchmarks as their scripts do."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


def test_every_section_is_a_module_with_a_place_in_the_readme(load):
    sections = load("run").SECTIONS
    files = {path.stem for path in (BENCHMARKS / "sections").glob("*.py")}
    assert files == set(sections)
    readme = (BENCHMARKS / "README.md").read_text("utf-8")
    for name in sections:
        assert readme.count(f"<!-- {name}: begin -->\n") == 1
        assert readme.count(f"<!-- {name}: end -->\n") == 1
        assert f"## `{name}`" in readme


def test_jobs_for_the_choice_of_a_kernel(load):
    """Library circuits, density circuits and W1–W3: all can be built, and run a tick."""
    for job in load("sections.choice").jobs(quick=True):
        assert job.first(1).simulate("event").ticks == 1


def test_splice_replaces_one_section_only(load, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- x: begin -->\nold\n<!-- x: end -->\n<!-- y: begin -->\n", "utf-8")
    load("report").splice(readme, "x", "new\n")
    assert readme.read_text("utf-8") == (
        "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\n<!-- y: begin -->\n"
    )
    with pytest.raises(ValueError, match="needs the lines <!-- y: begin --> and <!-- y: end -->"):
        load("report").splice(readme, "y", "")


@pytest.mark.parametrize(
    ("kernel", "beside", "variance"),
    [
        ("one_by_one", 1, 1.0),
        ("one_by_one_staying", 1, 0.5),
        ("one_by_one_by_targets", 1, 0.5),
        ("one_by_one_by_words", 1, 1.0),
        ("side_by_side", 64, 1.0),
        ("side_by_side_by_words", 64, 1.0),
        ("displacements", 1, 1.0),
    ],
)
def test_lattice_walks_are_walks(load, kernel, beside, variance):
    lattice, check = load("rivals.lattice"), load("rivals.check")
    walk = lattice.walk_by(getattr(lattice, kernel), beside)
    parity = STEPS if variance == 1 else None
    check.check_walk(
        kernel, walk(WALKERS, STEPS, SIZE, 1), WALKERS, variance * STEPS, parity=parity
    )


@pytest.mark.parametrize("kernel", ["one_by_one", "side_by_side", "side_by_side_by_words"])
def test_table_walks_follow_the_chain(load, kernel):
    table, check, meshes = (load(name) for name in ("rivals.table", "rivals.check", "meshes"))
    torus = meshes.torus(7, 9)
    start = meshes.point(torus, WALKERS)
    walk = table.walk_by(getattr(table, kernel), torus, 1 if kernel == "one_by_one" else 64)
    check.check_density(kernel, walk(start, 11, 1), meshes.expected(torus, start, 11))


def test_checks_see_walks_that_are_wrong(load):
    check = load("rivals.check")
    there = np.zeros(SIZE, dtype=np.int64)
    there[[1, -1]] = 50
    check.check_walk("right", there, 100, 1.0, parity=1)
    for wrong in ({"walkers": 101}, {"variance": 9.0}, {"parity": 2}):
        asked = {"walkers": 100, "variance": 1.0, "parity": 1} | wrong
        with pytest.raises(AssertionError):
            check.check_walk("wrong", there, **asked)
    with pytest.raises(AssertionError, match="mean place"):
        check.check_walk("wrong", np.roll(there, 3), 100, 1.0)
    with pytest.raises(AssertionError, match="where none can be"):
        check.check_density("wrong", np.array([50, 50]), np.array([100.0, 0.0]))
    with pytest.raises(AssertionError, match="χ²"):
        check.check_density("wrong", np.array([80, 20]), np.array([50.0, 50.0]))
