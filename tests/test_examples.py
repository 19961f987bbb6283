"""Every example runs, and gives the number that a formula or the exact chain gives.

All seeds are fixed. Answers of walkers may differ by 4 standard errors: a false alarm once in
16 000 seeds.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def load_example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run an example in an empty folder; return its numbers, its text and the folder."""

    def run_example(name: str, *arguments: str):
        monkeypatch.chdir(tmp_path)
        numbers = load_example(name).main(list(arguments))
        return numbers, capsys.readouterr().out, tmp_path

    return run_example


def test_every_example_is_tested():
    text = Path(__file__).read_text("utf-8")
    names = [path.stem for path in sorted(EXAMPLES.glob("[0-9]*.py"))]
    assert names
    assert [name for name in names if f'run("{name}"' not in text] == []


def test_heat_rod(run):
    numbers, text, folder = run("01_heat_rod")
    exact = 2 / math.pi * math.exp(-(math.pi**2) / 8)
    assert numbers["heat"] == pytest.approx(exact, abs=4 * numbers["stderr"])
    assert numbers["stderr"] < 0.003
    assert numbers["discretisation"] < 1e-6
    assert f"exact {exact:.4f}" in text
    assert (folder / "heat_rod.png").stat().st_size > 10_000


def test_lake_superior(run):
    numbers, text, folder = run("02_lake_superior")
    ashore, error = numbers["absorb: ashore %"], numbers["absorb: stderr %"]
    assert numbers["absorb: chain %"] == pytest.approx(46.39, abs=0.01)
    assert ashore == pytest.approx(numbers["absorb: chain %"], abs=4 * error)
    assert error == pytest.approx(100 * math.sqrt(0.464 * 0.536 / 30_000), rel=0.02)
    assert numbers["reflect: ashore %"] == 0
    for shore in ("absorb", "reflect"):
        assert numbers[f"{shore}: p"] > 1e-3
        assert numbers[f"{shore}: distance from refined"] < 0.03
    assert f"after 30 days {ashore:.1f} ± {error:.1f} % of the dye is ashore" in text
    assert 50_000 < (folder / "lake_superior.png").stat().st_size < 400_000


def test_compose_a_circuit(run):
    numbers, text, _ = run("03_compose_a_circuit")
    assert numbers["proper"] == 16 * 18 * 31 // 24
    assert numbers["flat"] == sum(longest // 2 for longest in range(1, 16))
    assert numbers["in turn"] == numbers["proper"]
    assert numbers["same"]
    assert "of 680 triples up to 15, 372 make a triangle, 56 are flat" in text


def test_karate_club(run):
    numbers, _, folder = run("04_karate_club")
    # The largest of 102 deviations stays below 4.5 standard errors in all but 1 of 1000 seeds.
    assert numbers["sigmas"] < 4.5
    assert numbers["officer exact"] == pytest.approx(0.0796, abs=5e-5)
    assert numbers["deviation"] < 0.01
    assert (folder / "karate_club.png").stat().st_size > 10_000


def test_particles(run):
    numbers, text, folder = run("05_particles")
    # The centre of a puff goes with the wind.
    for name, exact in (("mean x [m]", 0.5 * 2), ("mean y [m]", 0.25 * 2)):
        assert numbers[name] == pytest.approx(exact, abs=4 * numbers[f"{name} stderr"])
        assert numbers[f"{name} stderr"] == pytest.approx(math.sqrt(0.1 * 2 / 1e6), rel=0.01)
    # Its mean square radius is 4Dt, less (bΔt)² for every step of a lattice walk.
    spread, error = numbers["spread [m²]"], numbers["spread [m²] stderr"]
    assert spread == pytest.approx(0.4 - 0.3125 * 2 / 920 * 2, abs=4 * error)
    assert error == pytest.approx(0.4 / 1e3, rel=0.01)
    assert numbers["p"] > 1e-3
    # Of 5621 Poisson counts of at least 10, one is 6 standard deviations off once in 1e3 seeds.
    assert numbers["deviation"] < 6
    assert "1000000 walkers, 920 steps" in text
    assert 50_000 < (folder / "particles.png").stat().st_size < 400_000


def test_price_a_walk(run):
    numbers, text, folder = run("06_price_a_walk")
    # Every walker takes every step, and is read once more.
    assert numbers["walker-steps"] == 1000 * 309
    assert numbers["fits on loihi"]
    # 2.3 pJ per synaptic event, and 64 mW for as many milliseconds as there are ticks.
    truenorth = numbers["synaptic events"] * 2.3e-12 + numbers["ticks"] * 1e-3 * 64e-3
    assert numbers["truenorth [J]"] == pytest.approx(truenorth)
    # Errors of walkers fall as their square root: half the error is four times the energy.
    for chip in ("Loihi", "TrueNorth"):
        assert numbers[f"{chip} over error"] == pytest.approx(2, abs=0.2)
        assert 0.7 < numbers[f"{chip} over walkers"] < 1
    # Fewer walkers per vertex take fewer ticks, and TrueNorth is paid by the tick.
    assert -1 < numbers["TrueNorth over vertices"] < -0.3
    assert "total     none: sync unpublished" in text
    assert "Monte Carlo, measured, updates per J" in text
    for picture in ("walk_bill.png", "advantage.png"):
        assert 50_000 < (folder / picture).stat().st_size < 400_000


def test_price_an_adder(run):
    numbers, text, folder = run("07_price_an_adder")
    assert numbers["right"]
    # Davies et al. 2018, Table 2, times what the adder did with 500 pairs.
    idle = numbers["updates"] - numbers["driven"]
    loihi = numbers["synaptic events"] * 23.6 + numbers["driven"] * 81 + idle * 52
    loihi += numbers["messages"] * 1.7
    assert numbers["loihi [pJ]"] == pytest.approx(loihi / 500)
    assert 5 < numbers["gain on loihi"] < 10
    assert "per addition" in text
    assert (folder / "adder_bill.png").stat().st_size > 50_000


def test_out_and_back(run):
    pytest.importorskip("nir")
    pytest.importorskip("brian2")
    numbers, text, folder = run("08_out_and_back")
    assert numbers["adder identical"]
    assert numbers["sums right"] == numbers["sums right by the graph alone"] == 50
    assert numbers["NIR same"]
    assert numbers["Brian2 same"]
    assert (folder / "noisy_in_brian2.py").stat().st_size > 10_000
    # Of 12 000 chances to spike, enough are taken for a comparison to mean something.
    assert 500 < numbers["spikes"] < 6000
    assert 'NIR cannot say: reset "subtract"' in text
    assert (folder / "out_and_back.png").stat().st_size > 10_000


def test_digits(run):
    numbers, text, _ = run("09_digits")
    assert numbers["same"]
    # 500 images: a standard error is 1.6 %.
    assert numbers["float"] > 0.78
    assert numbers["8 bits"] == pytest.approx(numbers["float"], abs=0.05)
    assert "the same potentials as the rounded model" in text


def test_music(run):
    numbers, text, _ = run("10_music")
    assert numbers["network"] < numbers["guess"] - 0.5
    assert f"the network                   {numbers['network']:.2f}" in text


def test_ostl(run):
    numbers, text, folder = run("11_ostl")
    # Exact but for rounding; without the path through H the gradients differ, yet learning works.
    assert numbers["losses apart"] < 1e-12
    assert numbers["OSTL apart"] < 1e-13
    assert numbers["OSTL without H apart"] > 1e-3
    assert numbers["last loss"] < 0.8 * numbers["first loss"]
    assert numbers["last loss"] < numbers["loss without H"] < 0.8 * numbers["first loss"]
    # 16 times the ticks.
    assert numbers["BPTT grows"] > 8
    assert numbers["OSTL grows"] == pytest.approx(1, abs=0.02)
    assert f"by OSTL the same but for {numbers['losses apart']:.1e} of it" in text
    assert (folder / "ostl.png").stat().st_size > 20_000


def test_velocimetry(run):
    numbers, text, folder = run("12_velocimetry")
    assert numbers["windows"] == 14**2
    # Whole pixels are off by 0.40 in the median; in the core of the vortex windows are unsure.
    assert numbers["median error"] == pytest.approx(0.40, abs=0.1)
    assert numbers["within a pixel %"] > 93
    assert numbers["ticks"] < 12**2
    assert "196 windows" in text
    assert (folder / "velocimetry.png").stat().st_size > 20_000


def test_maze(run):
    numbers, text, folder = run("13_maze")
    assert numbers["worst"] == 0
    assert numbers["error"] == 0
    # A spike per cell, and fewer where the wave may end at the exit.
    assert numbers["cells"] == numbers["spikes"] == 1600
    assert numbers["spikes to the exit"] < 1600
    assert f"out after {numbers['way']:g}" in text
    # 52 pJ for every neuron in every tick is most of it (Davies et al. 2018, Table 2).
    assert numbers["energy [µJ]"] == pytest.approx(52e-6 * numbers["updates"], rel=0.1)
    assert (folder / "maze.png").stat().st_size > 20_000
