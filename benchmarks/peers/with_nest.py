"""W1–W3 in NEST, one thread, with its delta-synapse neurons.

NEST has no neuron that spikes by chance: the coin of W3 is a synapse that transmits by chance.
A time constant of a thousandth of a tick makes a neuron that remembers nothing.
"""

from __future__ import annotations

import nest
import numpy as np
from protocol import Network, Simulation, serve

SYNAPSES_PER_CALL = 2_000_000
MEMORYLESS = {"E_L": 0.0, "tau_m": 1e-3, "C_m": 1.0, "I_e": 0.0, "t_ref": 0.0, "V_reset": -10.0}


class Nest(Simulation):
    def __init__(self, network: Network) -> None:
        nest.ResetKernel()
        nest.resolution = 1.0
        nest.local_num_threads = 1
        nest.rng_seed = 3
        if network.kind == "W1":
            self._leaky(network)
        else:
            self._gates(network)

    def _leaky(self, network: Network) -> None:
        tau = network.time_constant
        neurons = nest.Create(
            "iaf_psc_delta",
            network.n,
            {
                "E_L": 0.0,
                "V_reset": 0.0,
                "V_th": float(network.threshold[0]),
                "tau_m": tau,
                "C_m": tau,
                "I_e": network.asymptote,
                "t_ref": 0.0,
            },
        )
        neurons.V_m = network.v_init.astype(float)
        _connect(network, np.ones(len(network.pre), dtype=bool), "static_synapse")

    def _gates(self, network: Network) -> None:
        thresholds = (network.threshold - 0.5).tolist()
        nest.Create("iaf_psc_delta", network.n, MEMORYLESS | {"V_th": thresholds})
        by_chance = network.probability[network.post] < 1
        _connect(network, ~by_chance, "static_synapse")
        if by_chance.any():
            (chance,) = np.unique(network.probability[network.post[by_chance]])
            _connect(network, by_chance, "bernoulli_synapse", p_transmit=float(chance))
        first = network.start if network.kind == "W3" else np.flatnonzero(network.v_init)
        kick = nest.Create("spike_generator", params={"spike_times": [1.0]})
        started = nest.NodeCollection((first + 1).tolist())
        nest.Connect(kick, started, "all_to_all", {"weight": 1.0, "delay": 1.0})

    def run(self, ticks: int) -> None:
        nest.Simulate(float(ticks))

    def spikes(self) -> int:
        return int(nest.local_spike_counter)  # of the last Simulate


def _connect(network: Network, chosen: np.ndarray, model: str, **parameters: float) -> None:
    synapses = np.flatnonzero(chosen)
    for first in range(0, len(synapses), SYNAPSES_PER_CALL):
        part = synapses[first : first + SYNAPSES_PER_CALL]
        nest.Connect(
            network.pre[part].astype(np.int64) + 1,
            network.post[part].astype(np.int64) + 1,
            "one_to_one",
            {
                "synapse_model": model,
                "weight": network.weight[part].astype(float),
                "delay": network.delay[part].astype(float),
                **parameters,
            },
        )


if __name__ == "__main__":
    nest.verbosity = nest.VerbosityLevel.ERROR
    serve(Nest, nest.__version__)
