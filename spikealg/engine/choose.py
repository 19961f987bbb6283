"""Which kernel suits a job."""

from __future__ import annotations

from spikealg.engine.clock import vector_neurons
from spikealg.engine.event import visits_per_tick
from spikealg.engine.job import Job

__all__ = ["choose_kernel"]

TRIAL_TICKS = 50
"""Ticks that are run for nothing to see how busy a network is; shorter runs are not worth it."""
VISIT, SWEEP, STEP = 12.0, 0.7, 5.0
"""Nanoseconds that the event kernel takes to visit a neuron, and the clock kernel to take one
through a vector loop, and one by one; measured by benchmarks/run.py. Only ratios matter."""
WORTH = 20_000
"""Neurons times ticks times lanes from which the choice is worth a trial."""


def choose_kernel(job: Job) -> str:
    """Return the name of the kernel that should be fastest; results do not depend on it.

    The event kernel pays for what happens, the clock kernel for what there is. What happens is
    measured in the first ticks of the first lane.
    """
    n = job.network.n_neurons
    if job.ticks < 2 * TRIAL_TICKS or n * job.ticks * job.lanes < WORTH:
        return "event"
    swept = vector_neurons(job.network)
    sweep = SWEEP * swept + STEP * (n - swept)
    return "event" if VISIT * visits_per_tick(job, TRIAL_TICKS) <= sweep else "clock"
