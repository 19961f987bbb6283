"""The three networks on which simulators of spiking neurons are compared here.

W1  random: 10 000 leaky neurons, each with `fan_out` random targets, delays 1 to 15, weights ±1;
    a bias drives every neuron to 1.5 thresholds, so that about 1.4 % of them spike in a tick
W2  rings: 1000 rings of 64 relays, one spike running round each (activity 1/64)
W3  steppers: 10 000 copies of a random walker of six memoryless neurons, one of them stochastic
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spikealg.network import Network


@dataclass(frozen=True)
class Workload:
    """A network, what starts it, and how long it runs."""

    name: str
    network: Network
    ticks: int
    inputs: dict[str, np.ndarray] = field(default_factory=dict)

    def check(self, counts: np.ndarray) -> str:
        """Return what the spike counts (n,) say about the run; raise if they cannot be right."""
        activity = counts.sum() / (self.network.n_neurons * self.ticks)
        if self.name.startswith("W1") and not 0.0135 < activity < 0.0150:
            raise AssertionError(f"{self.name}: activity {activity:.4f} is not about 0.0141")
        if self.name == "W2" and counts.sum() != RINGS * self.ticks:
            raise AssertionError(f"W2: {counts.sum()} spikes, not {RINGS} in each tick")
        if self.name == "W3":
            clock, _, _, _, right, left = counts.reshape(-1, len(STEPPER_THRESHOLD)).T
            # The clock fires from tick 0, and its first step is complete two ticks later.
            if (clock != self.ticks).any() or (right + left != self.ticks - 2).any():
                raise AssertionError("W3: a stepper did not take exactly one step per tick")
        return f"{activity:.2%} spike per tick"


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


RINGS = 1000


def rings(length: int = 64, ticks: int = 10_000) -> Workload:
    """W2; the relays keep their potential, and one of each ring starts at its threshold."""
    pre = np.arange(RINGS * length)
    first = pre % length == 0
    network = Network.from_arrays(
        threshold=np.ones(RINGS * length, dtype=np.int64),
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


def steppers(copies: int = 10_000, ticks: int = 1000) -> Workload:
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
    return Workload("W3", network, ticks, {"start": np.ones((1, copies), dtype=np.int64)})
