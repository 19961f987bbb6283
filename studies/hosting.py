"""A rounded model on the engine: whether it fires the model's spikes, and what that would cost."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from spikealg import hardware
from spikealg.learners import Hosted, LeakyReadout, Quantized, Unit
from spikealg.learners.batches import Encode
from spikealg.learners.losses import Loss

PLATFORMS = ("loihi", "loihi2", "truenorth", "spinnaker2", "odin", "seneca")
"""Those that bills are made for."""
BLOCK = 500
"""Samples at a time, a lane each. The first block is priced."""


def on_engine(
    model: Quantized, data: tuple[np.ndarray, np.ndarray], loss: Loss, encode: Encode, seed: int
) -> dict[str, Any]:
    """Run samples on the engine, compare every layer with the rounded model, and price them.

    Parameters
    ----------
    model : Quantized
        Ends in potentials.
    data : pair of arrays
        x (samples, *features), and labels (samples,).
    loss, encode : as of `fit`
    seed : int
        Of encoding.

    Returns
    -------
    dict
        Figures for a record.

    Raises
    ------
    AssertionError
        If the engine differs from the model: in a spike of any layer in any tick, or in a potential
        of the readout.
    """
    x, labels = data
    rng = np.random.default_rng(seed)
    right, spikes, compared, engine_cpu_s = 0, 0, 0, 0.0
    bill: dict[str, Any] = {}
    for begin in range(0, len(x), BLOCK):
        shown = encode(x[begin : begin + BLOCK], rng)
        start = time.process_time()
        hosted = model.hosted(shown)
        engine_cpu_s += time.process_time() - start
        compared += assert_same(model, shown, hosted)
        spikes += sum(int(fired.sum()) for fired in hosted.spikes)
        answers = loss.rows(hosted.y).mean(axis=0).argmax(axis=-1)
        right += int((answers == labels[begin : begin + BLOCK]).sum())
        bill = bill or prices(hosted)
    return {
        "accuracy": right / len(x),
        "samples": len(x),
        "values compared": compared,
        "values that differ": 0,
        "spikes of neurons per sample": spikes / len(x),
        "engine_cpu_s": round(engine_cpu_s, 1),
        **bill,
    }


def assert_same(model: Quantized, shown: np.ndarray, hosted: Hosted) -> int:
    """Compare spikes of all layers and potentials of the readout, tick by tick; return how many."""
    forward = model.forward(shown)
    fired = [
        outputs
        for layer, outputs in zip(model.layers, forward.outputs, strict=True)
        if isinstance(layer, Unit) and not isinstance(layer, LeakyReadout)
    ]
    # The last stage is the readout: its spikes are none, its potentials are y.
    assert len(fired) == len(hosted.spikes) - 1
    for outputs, spikes in zip(fired, hosted.spikes[:-1], strict=True):
        np.testing.assert_array_equal(outputs.reshape(spikes.shape), spikes)
    assert not hosted.spikes[-1].any()
    np.testing.assert_array_equal(forward.y, hosted.y)
    return sum(outputs.size for outputs in fired) + forward.y.size


def prices(hosted: Hosted) -> dict[str, Any]:
    """Return what an inference costs: one copy of the network, one inference after another."""
    bills: dict[str, Any] = {}
    for name in PLATFORMS:
        cost = hardware.estimate(hosted, name, lanes="in turn")
        marginal, total = cost.marginal_per_work_J, cost.total_per_work_J
        bills[name] = {
            "title": cost.platform.title,
            "marginal_J": None if marginal is None else list(marginal),
            "total_J": None if total is None else list(total),
            "time_s": None if cost.time_s is None else cost.time_s.value / hosted.work.amount,
            "cores": cost.cores,
            "chips": cost.chips,
            "missing": cost.missing,
            "fits": all(map(bool, cost.fit)),
        }
    counts = hardware.count(hosted)
    return {
        "inferences priced": hosted.work.amount,
        "synaptic events per inference": counts.synaptic_events / hosted.work.amount,
        "host MACs per inference": hosted.host_macs / hosted.work.amount,
        "host_J": list(hosted.host_energy.over(hosted.work.amount)),
        "bills": bills,
    }
