"""W1–W3 in Nengo's reference simulator, with neuron types that add up what arrives.

Nengo's connections have no delays other than one step: in W1 all synapses take one tick.
"""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
import scipy.sparse as sp
from nengo.neurons import NeuronType
from protocol import Network, Simulation, serve


class Integer(NeuronType):
    """A neuron whose input is the sum of weights; gain and bias do nothing."""

    spiking = True
    negative = False
    network: Network

    def gain_bias(self, max_rates: np.ndarray, intercepts: np.ndarray) -> Any:
        return np.ones_like(max_rates), np.zeros_like(max_rates)

    def max_rates_intercepts(self, gain: np.ndarray, bias: np.ndarray) -> Any:
        return gain, bias


class Leaky(Integer):
    def step(self, dt: float, J: np.ndarray, output: np.ndarray, voltage: np.ndarray) -> None:
        tau = self.network.time_constant
        voltage *= 1 - 1 / tau
        voltage += J
        voltage += self.network.asymptote / tau
        _fire(voltage, voltage >= self.network.threshold, output)


class Relay(Integer):
    def step(self, dt: float, J: np.ndarray, output: np.ndarray, voltage: np.ndarray) -> None:
        voltage += J
        _fire(voltage, voltage >= 1, output)


class Gate(Integer):
    rng = np.random.default_rng(0)

    def step(self, dt: float, J: np.ndarray, output: np.ndarray, voltage: np.ndarray) -> None:
        fired = J + voltage >= self.network.threshold  # in the first tick `voltage` is the input
        voltage[:] = 0
        unsure = np.flatnonzero(fired & (self.network.probability < 1))
        fired[unsure] = self.rng.random(len(unsure)) < self.network.probability[unsure]
        output[:] = fired


def _fire(voltage: np.ndarray, fired: np.ndarray, output: np.ndarray) -> None:
    output[:] = fired
    voltage[fired] = 0


class Nengo(Simulation):
    def __init__(self, network: Network) -> None:
        n = network.n
        Integer.network = network
        first = network.v_init.astype(float)
        first[network.start] += 1
        kind = {"W1": Leaky, "W2": Relay, "W3": Gate}[network.kind]
        kind.state = {"voltage": nengo.dists.Choice([0])}
        weights = sp.csr_matrix((network.weight.astype(float), (network.post, network.pre)), (n, n))
        with nengo.Network() as model:
            neurons = nengo.Ensemble(
                n,
                1,
                neuron_type=kind(),
                gain=np.ones(n),
                bias=np.zeros(n),
                encoders=np.ones((n, 1)),
            ).neurons
            transform = nengo.Sparse((n, n), init=weights)
            nengo.Connection(neurons, neurons, transform=transform, synapse=0)
        self._simulator = nengo.Simulator(model, dt=0.001, progress_bar=False)
        signals = self._simulator.signals
        (voltage,) = (signal for signal in signals if "voltage" in str(signal))
        signals[voltage].setflags(write=True)
        signals[voltage][:] = first
        self._output = signals[self._simulator.model.sig[neurons]["out"]]
        self._activity, self._ticks = network, 0

    def run(self, ticks: int) -> None:
        self._simulator.run_steps(ticks, progress_bar=False)
        self._ticks = ticks

    def spikes(self) -> int:
        # Counting in every tick would cost time: the mean over a few more ticks stands for all.
        sample = []
        for _ in range(100):
            self._simulator.step()
            sample.append(np.count_nonzero(self._output))
        return round(self._ticks * float(np.mean(sample)))


if __name__ == "__main__":
    serve(Nengo, nengo.__version__)
