"""The least number that reaches a vertex, bit by bit: one wave for each bit of the numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.engine import Run
from spikealg.solvers.graph.edges import Arcs
from spikealg.solvers.graph.wave import firing_times, run_wave, wave_network

__all__ = ["least_reaching"]

IntArray = npt.NDArray[np.int64]


def least_reaching(arcs: Arcs, rank: IntArray) -> tuple[IntArray, tuple[Run, ...]]:
    """Return the least rank of the vertices from which each one can be reached, itself included.

    Its bits are found from the top. Waves start from the vertices whose rank begins with the bits
    found so far, followed by a 0; where one arrives the next bit is 0, elsewhere 1. They run
    between vertices only whose bits so far are the same: if u reaches v, and the least rank of v
    begins as that of u, so does that of every vertex between.

    Parameters
    ----------
    arcs : Arcs
        The values do not matter.
    rank : int64 array (n,)
        A permutation of 0 to n − 1.

    Returns
    -------
    int64 array (n,), tuple of Run
        ⌈log2 n⌉ runs.
    """
    found = np.zeros(arcs.n, dtype=np.int64)
    runs: list[Run] = []
    open_arcs, network = np.zeros(0, dtype=bool), None
    for bit in range((arcs.n - 1).bit_length() - 1, -1, -1):
        same = found[arcs.pre] == found[arcs.post]
        if network is None or not np.array_equal(same, open_arcs):
            network = wave_network(
                Arcs(arcs.n, arcs.pre[same], arcs.post[same], np.ones_like(arcs.pre[same]))
            )
            open_arcs = same
        runs.append(run_wave(network, (rank >> bit == 2 * found)[np.newaxis]))
        found = 2 * found + (firing_times(runs[-1])[0] < 0)
    return found, tuple(runs)
