"""W1–W3 in spikealg, one thread: `with_spikealg.py KERNEL ...`. Every call is a whole run."""

from __future__ import annotations

import sys

import numpy as np
from protocol import Network, Simulation, seconds, serve

import spikealg
from spikealg.engine import simulate
from spikealg.network import Network as Integers

ARRAYS = "threshold probability leak bias v_init pre post weight delay".split()


class Spikealg(Simulation):
    """Checks and lays out the network anew in every call, as a user's call does."""

    def __init__(self, network: Network, kernel: str) -> None:
        self._kernel, self._lanes = kernel, network.lanes
        self._network = Integers.from_arrays(
            **{name: getattr(network, name) for name in ARRAYS},
            inputs={"start": network.start} if len(network.start) else {},
        )
        self._inputs = {}
        if len(network.start):
            self._inputs["start"] = np.ones((1, network.lanes, len(network.start)), np.int64)

    def run(self, ticks: int) -> None:
        self._run = simulate(
            self._network,
            self._inputs if ticks else None,
            ticks=ticks,
            lanes=self._lanes,
            seed=1,
            kernel=self._kernel,
            record="counts",
            threads=1,
        )

    def idle(self) -> float:
        return seconds(self, 0)

    def spikes(self) -> int:
        return int(self._run.counts.sum())


if __name__ == "__main__":
    kernel = sys.argv.pop(1)
    serve(lambda network: Spikealg(network, kernel), spikealg.__version__)
