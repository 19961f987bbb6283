"""The methods of `solve`, each as a walk over one segment with the same arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.progress import Report, silent
from spikealg.solvers.diffusion.march import WalkSegment, march
from spikealg.solvers.diffusion.rates import Rates
from spikealg.solvers.diffusion.start import segment_seed
from spikealg.solvers.diffusion.times import Segment
from spikealg.solvers.diffusion.transition import Transition
from spikealg.solvers.diffusion.walk import Walk

__all__ = ["METHODS", "chain_probabilities", "walk_by"]

METHODS = ("density", "chain", "montecarlo")
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def walk_by(
    method: str, *, seed: int, lanes: int, circuit: str, probability_bits: int
) -> WalkSegment:
    """Return the walk of a method; what the method does not use has no effect."""
    if method == "chain":
        return _chain
    # Numba and the kernels are imported only by a walk that draws.
    if method == "montecarlo":
        from spikealg.solvers.diffusion import montecarlo

        def walk_montecarlo(
            transition: Transition,
            start: npt.NDArray[Any],
            steps: IntArray,
            *,
            number: int,
            report: Report,
        ) -> Walk:
            return montecarlo.walk(transition, start, steps, seed=segment_seed(seed, number))

        return walk_montecarlo

    from spikealg.solvers.diffusion import density

    def walk_density(
        transition: Transition,
        start: npt.NDArray[Any],
        steps: IntArray,
        *,
        number: int,
        report: Report,
    ) -> Walk:
        return density.walk(
            transition,
            start,
            steps,
            seed=segment_seed(seed, number),
            lanes=lanes,
            circuit=circuit,
            probability_bits=probability_bits,
            progress=report,
        )

    return walk_density


def _chain(
    transition: Transition,
    start: npt.NDArray[Any],
    steps: IntArray,
    *,
    number: int,
    report: Report,
) -> Walk:
    from spikealg.solvers.diffusion import chain

    return chain.walk(transition, start, steps)


def chain_probabilities(rates: Rates, segments: Sequence[Segment], start: FloatArray) -> FloatArray:
    """Return the chain's probabilities of vertices and sinks at the recorded times, (T, V + S)."""
    walked = march(rates, segments, start, _chain, silent)
    return np.concatenate([walked.counts, walked.exited], axis=1)
