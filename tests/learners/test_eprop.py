"""e-prop against dual numbers that forget what it leaves out, and against the published rule."""

from __future__ import annotations

import numpy as np
import pytest

from spikealg.errors import InputError
from spikealg.learners import (
    ASNU,
    GLIF,
    SNU,
    Dense,
    LeakyReadout,
    Recurrent,
    Sequential,
    Triangle,
    gradients,
)
from tests.helpers import refused
from tests.learners.test_ostl import CLOSE, by_forward_mode, difference, task

UNITS = {
    "LIF": lambda detach: GLIF(
        0.9,
        reset=1.0,
        threshold=0.4,
        trainable=("decay", "reset", "threshold", "gain"),
        detach_reset=detach,
    ),
    "HLIF": lambda detach: GLIF(
        0.9, reset=1.0, hyperpolarisation=0.3, threshold=0.4, detach_reset=detach
    ),
    "SNU": lambda detach: SNU(
        0.8, bias=-0.4, surrogate=Triangle(0.3), trainable=("d", "bias"), detach_reset=detach
    ),
    "ASNU": lambda detach: ASNU(
        0.8, bias=-0.4, trainable=("d", "bias", "beta", "rho"), detach_reset=detach
    ),
}


def network(name, recurrent, decay, detach):
    made = UNITS[name](detach)
    below = [Recurrent(5, made, gain=2)] if recurrent else [Dense(5, gain=2), made]
    readout = [] if decay is None else [LeakyReadout(decay)]
    return Sequential([*below, Dense(2), *readout], shape=(4,), seed=4, dtype=np.float64)


@pytest.mark.parametrize("decay", [None, 0.0, 0.9])
@pytest.mark.parametrize("recurrent", [False, True], ids=["dense", "recurrent"])
@pytest.mark.parametrize("name", UNITS)
def test_one_layer_is_the_gradient_without_reset_and_recurrence(name, recurrent, decay):
    rng = np.random.default_rng(31)
    model = network(name, recurrent, decay, detach=False)
    x, loss = task(rng, model, ticks=12)

    def without_own_output(memory):
        return (memory[0], memory[1].detached()) if name in ("LIF", "HLIF") else memory

    def remembered(place, memory):
        if place == 0 and recurrent:
            return memory[0].detached(), without_own_output(memory[1])
        return without_own_output(memory) if place == 1 and not recurrent else memory

    expected = by_forward_mode(network(name, recurrent, decay, detach=True), x, loss, remembered)
    found = gradients(model, x, None, loss=loss, rule="eprop")
    assert difference(found, expected) <= CLOSE
    exact = gradients(model, x, None, loss=loss, rule="bptt")
    assert difference(found, exact) > 1e-4


def test_adaptive_neurons_follow_the_published_recursion():
    """Bellec et al., equations 24 and 25; a spike raises the threshold by (1 − ρ)|β|."""
    rng = np.random.default_rng(32)
    d, beta, rho, decay = 0.8, -0.5, 0.9, 0.7
    made = ASNU(d, bias=-0.3, beta=beta, rho=rho, surrogate=Triangle(0.3), trainable=())
    model = Sequential(
        [Dense(3, bias=False, gain=3), made, Dense(1, bias=False), LeakyReadout(decay)],
        shape=(2,),
        seed=6,
        dtype=np.float64,
    )
    x, loss = task(rng, model, ticks=15, batch=1)
    tape = model.forward(x)
    spikes, readout = tape.outputs[1][:, 0], model.parameters()["2.weight"][:, 0]
    assert 3 < spikes.sum() < 40
    _, dy = loss(tape.y, None)
    rise = -(1 - rho) * beta
    s, threshold, z = np.zeros(3), np.zeros(3), np.zeros(3)
    by_v, by_a, filtered = np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3))
    psi, expected = np.zeros(3), np.zeros((2, 3))
    for tick in range(15):
        current = x[tick, 0] @ model.parameters()["0.weight"]
        keep = d * (1 - z)  # the leak, α in the paper, where the last spike is taken as given
        threshold = rho * threshold + z
        by_a = psi * by_v + (rho - rise * psi) * by_a
        by_v = keep * by_v + x[tick, 0][:, None]
        s = keep * s + current
        distance = s - 0.3 - rise * threshold
        psi = 0.3 * np.maximum(0, 1 - np.abs(distance))
        z = (distance >= 0).astype(float)
        np.testing.assert_array_equal(z, spikes[tick])
        filtered = decay * filtered + psi * (by_v - rise * by_a)
        expected += dy[tick, 0, 0] * readout * filtered
    found = gradients(model, x, None, loss=loss, rule="eprop")
    np.testing.assert_allclose(found["0.weight"], expected, atol=1e-12 * np.abs(expected).max())


def test_one_decay_for_the_readout():
    model = Sequential([Dense(2), SNU(), Dense(2), LeakyReadout([0.5, 0.9])], shape=(3,))
    message = "e-prop needs one decay for all neurons of the readout, got 0.5 to 0.9"
    with refused(message, InputError):
        gradients(model, np.ones((4, 1, 3)), None, loss=None, rule="eprop")
