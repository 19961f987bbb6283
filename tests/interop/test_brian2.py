"""Brian2 gives the spikes of the engine: same input, same draws, the same raster, exactly."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from spikealg.engine import simulate
from spikealg.engine.prepare import prepare
from spikealg.errors import InputError, MissingExtraError, NeuronOverflowError
from spikealg.interop import brian2 as interop
from spikealg.network import NEVER, NO_FLOOR, RESETS, Network
from spikealg.solvers.diffusion.density_circuits import CIRCUITS, make_circuit
from spikealg.solvers.diffusion.particle_circuits.circuit import ParticleCircuit
from tests.circuits.cases.case import operands_of
from tests.engine.test_kernels import NETWORKS, random_call
from tests.helpers import ALL_CIRCUITS
from tests.transitions import random_transition

brian2 = pytest.importorskip("brian2")

RANDOM = 110
"""Random networks of each kind, compared in every run."""


def random_runs(count: int):
    """Networks over all features and arguments of `simulate`, those that overflow left out."""
    for networks in NETWORKS:
        seed = found = 0
        while found < count:
            rng = np.random.default_rng(seed)
            network = networks(rng)
            call = random_call(rng, network)
            chosen = {name: call[name] for name in ("ticks", "lanes", "seed", "first_lane")}
            chosen["inputs"] = call.get("inputs", {})
            seed += 1
            try:
                simulate(network, kernel="event", **chosen)
            except NeuronOverflowError:
                continue
            found += 1
            yield network, chosen


def circuit_runs():
    """The shared list, a lane for each of some operands."""
    for number, case in enumerate(ALL_CIRCUITS):
        inputs = {name: values[:6] for name, values in operands_of(case, seed=number).items()}
        network = case.make().compile()
        latency = max(port.latency or 12 for port in network.outputs.values())
        yield network, {"inputs": inputs, "ticks": latency + 6, "seed": number}


def density_runs():
    for number, name in enumerate(CIRCUITS):
        transition = random_transition(np.random.default_rng(number))
        circuit = make_circuit(name, transition, steps=3, most=40)
        loads = np.random.default_rng(number).integers(0, 5, (3, circuit.vertices))
        yield circuit.compile(), {"inputs": circuit.inputs(loads), "ticks": 60, "seed": number}


def particle_runs():
    for plan in (1, 2, 4):
        for p_left, p_right in ((0.5, 0.5), (0.25, 0.5)):
            circuit = ParticleCircuit((3, 5, 7), p_left, p_right, ticks_per_step=plan)
            inputs = {**circuit.inputs(52), "read": circuit.reading([0, 3, 5])}
            yield circuit.compile(), {"inputs": inputs, "ticks": 40, "lanes": 4, "seed": plan}


GROUPS = {
    "random": list(random_runs(RANDOM)),
    "circuits": list(circuit_runs()),
    "density": list(density_runs()),
    "particles": list(particle_runs()),
}
ALL_RUNS = [run for runs in GROUPS.values() for run in runs]


def in_brian2(runs, target):
    jobs = [
        prepare(
            network, call["inputs"], call["ticks"], call.get("lanes"), call.get("first_lane"),
            call["seed"], "all", None, None, None, None,
        )
        for network, call in runs
    ]  # fmt: skip
    return interop.run_jobs(jobs, target)


def engine_spikes(network, call):
    return simulate(network, record="all", **call).spikes


@pytest.fixture(scope="module")
def side_by_side():
    """What Brian2 finds for every network: all of them in one model."""
    found = iter(in_brian2(ALL_RUNS, "numpy"))
    return {name: [next(found) for _ in runs] for name, runs in GROUPS.items()}


@pytest.mark.parametrize("group", GROUPS)
def test_brian2_gives_the_same_raster(group, side_by_side):
    for (network, call), found in zip(GROUPS[group], side_by_side[group], strict=True):
        assert found.identical(engine_spikes(network, call)), (network, call)


def test_the_comparison_is_not_empty():
    """More than 200 networks, most of which spike, and every feature in some that do."""
    spiking = [network for network, call in ALL_RUNS if len(engine_spikes(network, call)) > 0]
    assert len(ALL_RUNS) > 200
    assert len(spiking) > 150
    assert {RESETS[code] for network in spiking for code in network.reset} == set(RESETS)
    for feature in (
        lambda net: (net.leak % 4096 != 0).any(),
        lambda net: (net.current_leak < 4096).any(),
        lambda net: (net.floor > NO_FLOOR).any(),
        lambda net: (net.bias != 0).any(),
        lambda net: (net.refractory > 0).any(),
        lambda net: (net.refractory_init > 0).any(),
        lambda net: (net.draw_limit < 2**32).any(),
        lambda net: (net.threshold == NEVER).any(),
        lambda net: (net.threshold <= 0).any(),
        lambda net: net.max_delay > 5,
        lambda net: np.abs(net.weight).max(initial=0) > 2**20,
    ):
        assert sum(feature(network) for network in spiking) >= 5
    assert sum(call.get("lanes", 1) > 1 and len(call["inputs"]) > 0 for _, call in ALL_RUNS) > 60


@pytest.mark.parametrize("target", ["cython", "standalone"])
def test_compiled_brian2_gives_the_same_raster(target):
    before = brian2.prefs.codegen.cpp.extra_compile_args
    brian2.prefs.codegen.cpp.extra_compile_args = ["-O0", "-w"]
    runs = [*GROUPS["random"][::5], *GROUPS["density"], *GROUPS["particles"]]
    try:
        found = in_brian2(runs, target)
    finally:
        brian2.prefs.codegen.cpp.extra_compile_args = before
    for (network, call), spikes in zip(runs, found, strict=True):
        assert spikes.identical(engine_spikes(network, call)), (network, call)
    assert isinstance(brian2.get_device(), brian2.devices.RuntimeDevice)


COIN = Network.from_arrays(
    threshold=[1, 1, 5],
    leak=[4096, 4096, 100],
    probability=[1.0, 0.3, 1.0],
    reset=["value", "value", "subtract"],
    pre=[0, 0, 1],
    post=[0, 1, 2],
    weight=[1, 1, 3],
    delay=[1, 1, 4],
    inputs={"start": [0]},
    groups=(("clock", 0), ("coin", 1), ("sum", 2)),
)


def test_one_network_alone():
    call = {"ticks": 60, "lanes": 3, "first_lane": 126, "seed": 2**63 + 5}
    expected = simulate(COIN, {"start": 1}, record="all", **call).spikes
    assert interop.simulate(COIN, {"start": 1}, **call).identical(expected)
    assert 10 < len(expected.of([2])) < 60


def test_a_brian2_network_to_run_oneself():
    network = interop.to_brian2(COIN, {"start": 1}, ticks=60, lanes=2, seed=4)
    network.run(60 * brian2.ms)
    expected = simulate(COIN, {"start": 1}, ticks=60, lanes=2, seed=4).spikes
    assert sorted(network["spikes"].i) == sorted(expected.i + 3 * expected.lane)
    assert len(network["synapses"]) == 6
    assert network["neurons"].theta[2] == 5


def test_neurons_without_synapses_and_extreme_potentials():
    lowest = -(2**31)
    network = Network.from_arrays(
        threshold=[2**31 - 2, NEVER, 1], leak=[0, 0, 1], v_init=[lowest, 2**31 - 1, lowest],
        bias=[1, 0, 2**20], floor=[-7, NO_FLOOR, NO_FLOOR],
    )  # fmt: skip
    call = {"ticks": 3000, "seed": 0}
    expected = simulate(network, record="all", **call).spikes
    assert interop.simulate(network, **call).identical(expected)
    assert set(expected.i) == {2}


def test_a_script_runs_without_the_library(tmp_path):
    call = {"ticks": 50, "lanes": 2, "first_lane": 62, "seed": 11}
    inputs = {"start": np.array([[[1], [0]], [[0], [1]]])}
    interop.to_brian2_script(COIN, tmp_path / "coin.py", inputs, **call)
    command = [sys.executable, "-I", "coin.py", "--out", "coin.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    table = np.loadtxt(tmp_path / "coin.csv", delimiter=",", skiprows=1, dtype=np.int64)
    spikes = simulate(COIN, inputs, **call).spikes
    assert np.array_equal(table, np.stack([spikes.t, spikes.i, spikes.lane], axis=1))
    assert f"{len(spikes)} spikes in 50 ticks and 2 lanes" in done.stdout
    text = (tmp_path / "coin.py").read_text("utf-8")
    assert not re.search(r"^\s*(from|import) spikealg", text, re.MULTILINE)
    assert "#   1: coin\n" in text
    assert "import argparse" in text


def test_an_unknown_target_is_refused():
    with pytest.raises(InputError, match="target must be one of 'numpy', 'cython', 'standalone'"):
        interop.simulate(COIN, ticks=1, seed=0, target="c++")


def test_without_brian2_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "spikealg.interop.brian2_model", raising=False)
    monkeypatch.setattr("spikealg.interop.brian2_model", None, raising=False)
    monkeypatch.delattr("spikealg.interop.brian2_model", raising=False)
    monkeypatch.setitem(sys.modules, "brian2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spikealg\[brian2\]'"):
        interop.to_brian2(COIN, ticks=1)
