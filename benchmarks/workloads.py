"""The three networks on which simulators of spiking neurons are compared here.

W1  random: 10 000 leaky neurons, each with `fan_out` random targets, delays 1 to 15, weights ±1;
    a bias drives every neuron to 1.5 thresholds, so that about 1.4 % of them spike in a tick
W2  rings: 1000 rings of 64 relays, one spike running round each (activity 1/64)
W3  steppers: 10 000 copies of a random walker of six memoryless neurons, one of them stochastic;
    as one network of 60 000 neurons, or as one stepper in 10 000 lanes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spikealg.engine import Run, simulate
from spikealg.network import Network
from timing import seconds

TRIAL_TICKS = 20
"""Ticks that tell how long more of them take."""


@dataclass(frozen=True)
class Workload:
    """A network, what starts it, and how long it runs."""

    name: str
    network: Network
    ticks: int
    inputs: Mapping[str, Any] = field(default_factory=dict)
    lanes: int = 1

    @property
    def kind(self) -> str:
        """W1, W2 or W3."""
        return self.name[:2]

    def simulate(self, kernel: str, *, threads: int = 1, ticks: int | None = None) -> Run:
        """Run it, or only some of its ticks, counting spikes; no ticks take no inputs."""
        ticks = self.ticks if ticks is None else ticks
        return simulate(
            self.network,
            self.inputs if ticks else None,
            ticks=ticks,
            lanes=self.lanes,
            seed=1,
            kernel=kernel,
            record="counts",
            threads=threads,
        )

    def shortened(self, kernel: str, longest: float) -> Workload:
        """Return the workload with as many ticks as take `longest` seconds, all if it is quick."""
        trial = self.first(TRIAL_TICKS)
        trial.simulate(kernel)
        tick = seconds(trial.simulate, kernel) / trial.ticks
        return self.first(max(trial.ticks, int(longest / tick)))

    def first(self, ticks: int) -> Workload:
        """Return the workload with its first ticks only."""
        ticks = min(ticks, self.ticks)
        inputs = {
            name: values[:ticks] if np.ndim(values) == 3 else values
            for name, values in self.inputs.items()
        }
        return replace(self, ticks=ticks, inputs=inputs)

    @property
    def synapses(self) -> int:
        """Synapses in all lanes together."""
        return self.network.n_synapses * self.lanes

    @property
    def events_per_spike(self) -> float:
        """Synaptic events per spike, on average."""
        if self.kind == "W3":
            return 12 / 7  # 4 of the clock, 2 · ½ of the coin, 1 of either gate; 3.5 spikes
        return self.network.n_synapses / self.network.n_neurons

    def check(self, counts: np.ndarray) -> str:
        """Return what the spike counts (n,) say about the run; raise if they cannot be right."""
        if self.kind == "W3":
            clock, _, _, _, right, left = counts.reshape(-1, len(STEPPER_THRESHOLD)).T
            # The clock fires from tick 0, and its first step is complete two ticks later.
            steps = right + left
            if (clock != self.ticks * self.lanes).any() or (
                steps != (self.ticks - 2) * self.lanes
            ).any():
                raise AssertionError("W3: a stepper did not take exactly one step per tick")
        if self.kind == "W2" and counts.sum() != self.network.v_init.sum() * self.ticks:
            raise AssertionError(f"W2: {counts.sum()} spikes, not one of each ring in each tick")
        return self.check_total(int(counts.sum()), self.ticks)

    def check_total(self, spikes: int, ticks: int) -> str:
        """Do the same knowing only the number of spikes in some ticks, up to a tick or two."""
        activity = spikes / (self.network.n_neurons * self.lanes * ticks)
        low, high = ACTIVITY[self.kind]
        if not low - 2 / ticks < activity < high + 2 / ticks:
            raise AssertionError(
                f"{self.name}: {activity:.2%} spike per tick, not {low:.2%} to {high:.2%}"
            )
        return f"{activity:.2%} spike per tick"


# Spikes per neuron and tick: what W1 settles to; one of 64; 1 + 5 · ½ of six.
ACTIVITY = {"W1": (0.0135, 0.0150), "W2": (1 / 64, 1 / 64), "W3": (0.580, 0.586)}


THETA = 1000
LEAK = 64  # of 4096: 1/64 per tick
# v rises by bias - v/64 and loses another half to rounding, on average: it ends near
# 64 (bias - 1/2) = 1504, the integer nearest to 1.5 thresholds that this leak allows.
BIAS = 24


def random_network(fan_out: int, n: int = 10_000, ticks: int = 1000, seed: int = 1) -> Workload:
    """W1; phases are spread evenly over the free-running cycle, so activity is steady."""
    rng = np.random.default_rng(seed)
    asymptote, time_constant = 1.5 * THETA, 4096 / LEAK
    period = time_constant * np.log(asymptote / (asymptote - THETA))
    phase = rng.random(n) * period
    network = Network.from_arrays(
        threshold=np.full(n, THETA),
        leak=LEAK,
        bias=BIAS,
        v_init=np.rint(asymptote * -np.expm1(-phase / time_constant)).astype(np.int64),
        pre=np.repeat(np.arange(n), fan_out),
        post=rng.integers(0, n, n * fan_out),
        weight=rng.choice(np.array([-1, 1]), n * fan_out),
        delay=rng.integers(1, 16, n * fan_out),
    )
    return Workload(f"W1 K={fan_out}", network, ticks)


def rings(count: int = 1000, ticks: int = 10_000) -> Workload:
    """W2; the relays keep their potential, and one of each ring starts at its threshold."""
    length = 64
    pre = np.arange(count * length)
    first = pre % length == 0
    network = Network.from_arrays(
        threshold=np.ones(count * length, dtype=np.int64),
        v_init=first.astype(np.int64),
        pre=pre,
        post=np.where((pre + 1) % length == 0, pre + 1 - length, pre + 1),
    )
    return Workload("W2", network, ticks)


# clock, coin, right = clock and coin, left = clock and not coin, one step right, one step left
STEPPER_THRESHOLD = (1, 1, 2, 1, 1, 1)
STEPPER_PROBABILITY = (1.0, 0.5, 1.0, 1.0, 1.0, 1.0)
STEPPER_SYNAPSES = np.array(
    [(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 2, 1), (0, 3, 1), (1, 3, -1), (2, 4, 1), (3, 5, 1)]
)


def steppers(copies: int = 10_000, ticks: int = 1000, lanes: int = 1) -> Workload:
    """W3; the clock of every copy is set going by one injected unit."""
    size = len(STEPPER_THRESHOLD)
    first = np.arange(copies) * size
    pre, post, weight = STEPPER_SYNAPSES.T
    network = Network.from_arrays(
        threshold=np.tile(STEPPER_THRESHOLD, copies),
        probability=np.tile(STEPPER_PROBABILITY, copies),
        leak=4096,
        pre=(first[:, None] + pre).ravel(),
        post=(first[:, None] + post).ravel(),
        weight=np.tile(weight, copies),
        inputs={"start": first},
    )
    name = "W3" if lanes == 1 else "W3 in lanes"
    return Workload(name, network, ticks, {"start": np.ones((1, lanes, copies), np.int64)}, lanes)
