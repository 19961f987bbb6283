"""How the benchmark talks to another simulator, which lives in a Python of its own.

A script is started with the file of a network and the number of an open file to answer to
(simulators print what they like to the usual ones). It builds the network, says so in one line of
JSON, and then simulates once for every line it is sent, answering each with one line of JSON, so
that simulators can take turns. Networks come as arrays, so that all get the same synapses.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

ENOUGH = 0.05
"""Seconds that a short run is repeated for."""
TRIAL_TICKS = 20
LONGEST = 3.0
"""Seconds after which a simulator has run long enough: slow ones run fewer ticks."""


@dataclass(frozen=True)
class Network:
    """A network as arrays: (n,) per neuron, (m,) per synapse, in ticks and weight units.

    `start` are the neurons that get one unit of input at the beginning. `leak` is in 1/4096 per
    tick; 4096 keeps nothing. Only spikealg is given more than one lane.
    """

    kind: str
    ticks: int
    lanes: int
    threshold: np.ndarray
    probability: np.ndarray
    leak: np.ndarray
    bias: np.ndarray
    v_init: np.ndarray
    start: np.ndarray
    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    @property
    def n(self) -> int:
        """Number of neurons."""
        return len(self.threshold)

    @property
    def time_constant(self) -> float:
        """Ticks in which a leaky neuron of W1 falls to 1/e."""
        return 4096 / float(self.leak[0])

    @property
    def asymptote(self) -> float:
        """Where the potential of W1 ends without spikes; integers lose ½ per tick to rounding."""
        return (float(self.bias[0]) - 0.5) * self.time_constant


class Simulation:
    """A network in a simulator, ready to go. Scripts fill in `run` and `spikes`."""

    def run(self, ticks: int) -> float | None:
        """Simulate `ticks` ticks; return the seconds where the simulator knows better."""
        raise NotImplementedError

    def spikes(self) -> int:
        """Return the number of spikes in the last run."""
        raise NotImplementedError

    def choose_ticks(self, wanted: int) -> int:
        """Return how many ticks to run, from two short trials, of which the first may compile."""
        trial = [seconds(self, TRIAL_TICKS) for _ in range(2)][-1]
        return min(wanted, max(TRIAL_TICKS, int(LONGEST / trial * TRIAL_TICKS)))

    def idle(self) -> float:
        """Return the seconds that a run takes before it gets to work: those of one tick."""
        return seconds(self, 1)


def seconds(simulation: Simulation, ticks: int) -> float:
    """Run, short runs several times, and return the median seconds."""
    walls: list[float] = []
    while sum(walls) < ENOUGH:
        start = time.perf_counter()
        known = simulation.run(ticks)
        walls.append(time.perf_counter() - start if known is None else known)
    return statistics.median(walls)


def median_seconds(call: Callable[[], Any]) -> float:
    """Call several times, and return the median seconds."""
    walls: list[float] = []
    while sum(walls) < 4 * ENOUGH:
        start = time.perf_counter()
        call()
        walls.append(time.perf_counter() - start)
    return statistics.median(walls)


def serve(build: Callable[[Network], Simulation], version: str) -> None:
    """Build the network of the file named on the command line, then run it when asked."""
    answers = os.fdopen(int(sys.argv[2]), "w")
    with np.load(sys.argv[1]) as file:
        fields = {name: file[name] for name in file.files}
    scalars = {"kind": str(fields.pop("kind"))}
    scalars |= {name: int(fields.pop(name)) for name in ("ticks", "lanes")}
    network = Network(**scalars, **fields)
    start = time.perf_counter()
    simulation = build(network)
    ticks = simulation.choose_ticks(network.ticks)
    _answer(answers, version=version, build_s=time.perf_counter() - start, ticks=ticks)
    for _ in sys.stdin:
        idle = simulation.idle()
        wall = seconds(simulation, ticks)
        _answer(answers, wall_s=wall, idle_s=idle, spikes=simulation.spikes(), memory=peak_memory())


def _answer(answers: TextIO, **values: Any) -> None:
    print(json.dumps(values), file=answers, flush=True)


def peak_memory() -> int:
    """Return the peak of resident memory of this process [bytes], 0 where the system is not Linux.

    `getrusage` would count what the process that started this one had.
    """
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.exists() else []
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
