"""W1–W3 in Brian2, one thread: `with_brian2.py cpp ...` (C++ standalone) or `cython ...`."""

from __future__ import annotations

import sys
import tempfile

import brian2
import numpy as np
from brian2 import NeuronGroup, SpikeMonitor, Synapses, device, ms, prefs, set_device
from protocol import Network, Simulation, serve


def model(network: Network) -> tuple[brian2.Network, SpikeMonitor]:
    """Write the network as equations; a tick is a millisecond."""
    brian2.defaultclock.dt = 1 * ms
    brian2.start_scope()
    net = {"W1": _leaky, "W2": _relays, "W3": _gates}[network.kind](network)
    monitor = SpikeMonitor(net.sorted_objects[0], record=False)
    net.add(monitor)
    return net, monitor


def _leaky(network: Network) -> brian2.Network:
    group = NeuronGroup(
        network.n,
        "dv/dt = (asymptote - v) / tau : 1",
        threshold="v >= theta",
        reset="v = 0",
        method="exact",
        namespace={
            "asymptote": network.asymptote,
            "tau": network.time_constant * ms,
            "theta": float(network.threshold[0]),
        },
    )
    group.v = network.v_init
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w")
    synapses.connect(i=network.pre, j=network.post)
    synapses.w = network.weight.astype(float)
    synapses.delay = network.delay.astype(float) * ms
    return brian2.Network(group, synapses)


def _relays(network: Network) -> brian2.Network:
    group = NeuronGroup(network.n, "v : 1", threshold="v >= 1", reset="v = 0")
    group.v = network.v_init
    synapses = Synapses(group, group, on_pre="v_post += 1")
    synapses.connect(i=network.pre, j=network.post)
    net = brian2.Network(group, synapses)
    # By default a reset comes after the synapses and would erase what has just arrived.
    net.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]
    return net


def _gates(network: Network) -> brian2.Network:
    group = NeuronGroup(
        network.n,
        "v : 1\ninput : 1\ntheta : 1 (constant)\nchance : 1 (constant)",
        threshold="v >= theta and rand() < chance",
    )
    group.run_regularly("v = input\ninput = 0", when="before_thresholds")
    group.theta = network.threshold
    group.chance = network.probability
    started = np.zeros(network.n)
    started[network.start] = 1
    group.input = started
    synapses = Synapses(group, group, "w : 1 (constant)", on_pre="input_post += w")
    synapses.connect(i=network.pre, j=network.post)
    synapses.w = network.weight.astype(float)
    return brian2.Network(group, synapses)


class Cython(Simulation):
    """Goes on from where the last run ended."""

    def __init__(self, network: Network) -> None:
        prefs.codegen.target = "cython"
        self._net, self._monitor = model(network)
        self._net.run(1 * ms)

    def run(self, ticks: int) -> None:
        self._before = int(np.sum(self._monitor.count[:]))
        self._net.run(ticks * ms)

    def spikes(self) -> int:
        return int(np.sum(self._monitor.count[:])) - self._before


class Standalone(Simulation):
    """A program of its own, written and compiled once; every run of it starts anew."""

    def __init__(self, network: Network) -> None:
        set_device("cpp_standalone", build_on_run=False)
        prefs.devices.cpp_standalone.openmp_threads = 0
        net, self._monitor = model(network)
        net.run(network.ticks * ms)
        self._folder = tempfile.TemporaryDirectory(prefix="brian2_")
        device.build(directory=self._folder.name, compile=True, run=False)

    def choose_ticks(self, wanted: int) -> int:
        return wanted

    def idle(self) -> float:
        return 0.0

    def run(self, ticks: int) -> float:
        device.run()
        return float(device._last_run_time)  # of the loop over ticks, without reading and writing

    def spikes(self) -> int:
        return int(np.sum(self._monitor.count[:]))


if __name__ == "__main__":
    brian2.BrianLogger.suppress_hierarchy("brian2")
    kind = sys.argv.pop(1)
    serve({"cpp": Standalone, "cython": Cython}[kind], brian2.__version__)
