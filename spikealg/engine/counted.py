"""A run of which only counts are known: what is left when its lanes ran in several places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.engine.job import Outcome
from spikealg.engine.prepare import prepare
from spikealg.engine.run import Run
from spikealg.engine.state import Spikes
from spikealg.network import Network

__all__ = ["counted_run"]


def counted_run(
    network: Network,
    counts: npt.NDArray[np.int64],
    *,
    ticks: int,
    lanes: int,
    first_lane: int = 0,
    seed: int,
    until: Any = None,
    stopped: npt.NDArray[np.int64] | None = None,
) -> Run:
    """Return what `Run.counts_only` returns of a run, but for its epochs; its kernel is "several".

    Parameters
    ----------
    network : Network
    counts : (n,) int64
        Spikes of each neuron over all lanes.
    ticks, lanes, first_lane, seed, until
        As they were given to `simulate`.
    stopped : (lanes,) int64, optional
        The tick that met `until` in each lane, or −1; needed if there is an `until`.
    """
    job = prepare(network, {}, ticks, lanes, first_lane, seed, "counts", None, until, None, None)
    if stopped is None:
        stopped = np.broadcast_to(np.int64(-1), (lanes,))
    outcome = Outcome(
        spikes=Spikes.empty(),
        counts=counts,
        epochs=np.zeros((0, 0), dtype=np.int64),
        stopped=stopped,
        potentials=np.zeros((0, lanes, 0), dtype=np.int32),
        final=None,
        overflow=None,
    )
    return replace(Run.from_outcome(job, outcome, "several", 1), _counts_only=True)
