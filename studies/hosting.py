"""Rounded models on the engine: whether they fire the model's spikes, and what that would cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from spikealg import hardware
from spikealg.hardware.figures import si
from spikealg.learners import Hosted, Quantized, analysis
from spikealg.learners.batches import Encode
from spikealg.learners.losses import Loss

PLATFORMS = ("loihi", "loihi2", "truenorth", "spinnaker2", "odin", "seneca")
"""Those that bills are made for."""
BLOCK = 500
"""Samples at a time, a lane each."""


class Engine:
    """A rounded model whose forward pass is done by the engine, and compared with its own.

    Parameters
    ----------
    model : Quantized
        Ends in potentials.
    """

    def __init__(self, model: Quantized) -> None:
        self.model = model
        self._samples, self._spikes, self._compared, self._cpu_s = 0, 0, 0, 0.0
        self._first: Hosted | None = None

    def forward(self, shown: np.ndarray) -> Hosted:
        """Run sequences (ticks, samples, *features), a lane each.

        Raises
        ------
        AssertionError
            If the engine differs from the model: in a spike of any layer in any tick, or in a
            potential of the readout.
        """
        start = time.process_time()
        hosted = self.model.hosted(shown)
        self._cpu_s += time.process_time() - start
        self._compared += assert_same(self.model, shown, hosted)
        self._samples += shown.shape[1]
        self._spikes += sum(int(fired.sum()) for fired in hosted.spikes)
        self._first = self._first or hosted
        return hosted

    def figures(self) -> dict[str, Any]:
        """Return what was done so far, for a record; the first sequences are priced."""
        assert self._first is not None
        network = self._first.layout.network
        return {
            "neurons": network.n_neurons,
            "synapses": network.n_synapses,
            "samples": self._samples,
            "values compared": self._compared,
            "values that differ": 0,
            "spikes of neurons per sample": self._spikes / self._samples,
            "engine_cpu_s": round(self._cpu_s, 1),
            **prices(self._first),
        }


def on_engine(
    model: Quantized, data: tuple[np.ndarray, np.ndarray], loss: Loss, encode: Encode, seed: int
) -> dict[str, Any]:
    """Show samples to a model on the engine; return figures for a record, the accuracy among them.

    Parameters
    ----------
    model : Quantized
        Ends in potentials.
    data : pair of arrays
        x (samples, *features), and labels (samples,).
    loss, encode : as of `fit`
    seed : int
        Of encoding.

    Raises
    ------
    AssertionError
        As of `Engine`.
    """
    x, labels = data
    rng = np.random.default_rng(seed)
    engine, right = Engine(model), 0
    for begin in range(0, len(x), BLOCK):
        part = slice(begin, begin + BLOCK)
        hosted = engine.forward(encode(x[part], rng))
        answers = loss.rows(hosted.y).mean(axis=0).argmax(axis=-1)
        right += int((answers == labels[part]).sum())
    return {"accuracy": right / len(x), **engine.figures()}


def assert_same(model: Quantized, shown: np.ndarray, hosted: Hosted) -> int:
    """Compare spikes of all layers and potentials of the readout, tick by tick; return how many."""
    forward = model.forward(shown)
    fired = list(analysis.spikes(model, forward).values())
    # The last stage is the readout: its spikes are none, its potentials are y.
    assert len(fired) == len(hosted.spikes) - 1
    for outputs, spikes in zip(fired, hosted.spikes[:-1], strict=True):
        np.testing.assert_array_equal(outputs.reshape(spikes.shape), spikes)
    assert not hosted.spikes[-1].any()
    np.testing.assert_array_equal(forward.y, hosted.y)
    return sum(outputs.size for outputs in fired) + forward.y.size


def prices(hosted: Hosted) -> dict[str, Any]:
    """Return what an inference costs: one copy of the network, one inference after another."""
    found: dict[str, Any] = {}
    for name in PLATFORMS:
        cost = hardware.estimate(hosted, name, lanes="in turn")
        marginal, total = cost.marginal_per_work_J, cost.total_per_work_J
        found[name] = {
            "title": cost.platform.title,
            "marginal_J": None if marginal is None else list(marginal),
            "total_J": None if total is None else list(total),
            "time_s": None if cost.time_s is None else cost.time_s.value / hosted.work.amount,
            "cores": cost.cores,
            "chips": cost.chips,
            "missing": cost.missing,
            "fits": all(map(bool, cost.fit)),
            "breaks": sorted(
                {breach.limit for fit in cost.fit for breach in (*fit.walls, *fit.budgets)}
            ),
        }
    counts = hardware.count(hosted)
    return {
        "inferences priced": hosted.work.amount,
        "synaptic events per inference": counts.synaptic_events / hosted.work.amount,
        "host MACs per inference": hosted.host_macs / hosted.work.amount,
        "host_J": list(hosted.host_energy.over(hosted.work.amount)),
        "bills": found,
    }


def bills(found: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return rows of a table: what was counted, each platform, and what the host does besides.

    Parameters
    ----------
    found : sequence of dict
        Figures of models, as `Engine.figures` gives them; a column each.
    """
    if not found:
        return []
    rows = [
        [bill["title"], *(_energy(figures["bills"][name]) for figures in found)]
        for name, bill in found[0]["bills"].items()
    ]
    host = [
        si(figures["host_J"][0], "J") if figures["host MACs per inference"] else ""
        for figures in found
    ]
    events = [f"{figures['synaptic events per inference']:,.0f}" for figures in found]
    return [["synaptic events", *events], *rows, ["the host's products, 45 nm", *host]]


def _energy(bill: dict[str, Any]) -> str:
    if bill["marginal_J"] is None:
        return "unpublished"
    text = f"{si(bill['marginal_J'][0], 'J')} of activity"
    if bill["total_J"] is not None:
        text += f", {si(bill['total_J'][0], 'J')} in all"
    if bill["fits"]:
        return text
    # Records of before name no limits.
    limits = ", ".join(limit.replace("_", " ") for limit in bill.get("breaks", ()))
    return f"{text}; does not fit" + f" ({limits})" * bool(limits)
