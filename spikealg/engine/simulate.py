"""The entry to the engine: check everything, then hand lanes to kernels."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spikealg.arguments import as_choice, as_int
from spikealg.engine.choose import choose_kernel
from spikealg.engine.execute import KERNELS, execute
from spikealg.engine.job import Job
from spikealg.engine.prepare import prepare, require_run_memory
from spikealg.engine.run import Run
from spikealg.engine.state import State
from spikealg.errors import InputTypeError
from spikealg.network import Network
from spikealg.progress import reporting

__all__ = ["KERNELS", "run_job", "simulate"]

SMALL_STATE = 2**18
"""Bytes up to which a state is kept in any case."""


def simulate(
    network: Network,
    inputs: Mapping[str, Any] | None = None,
    *,
    ticks: int,
    lanes: int | None = None,
    first_lane: int | None = None,
    seed: int | None = None,
    kernel: str = "auto",
    record: str | Sequence[Any] = "outputs",
    potentials: Sequence[Any] | str | int | None = None,
    until: str | tuple[Any, int] | None = None,
    epochs: tuple[Any, ...] | None = None,
    state: State | None = None,
    threads: int | None = None,
    progress: bool | Callable[[float], None] = False,
) -> Run:
    """Run `network` for `ticks` ticks in `lanes` independent copies.

    Parameters
    ----------
    network : Network
    inputs : dict of port name to values
        A scalar or an array (lanes,) is a value in the port's coding, presented from the first
        tick of this call; an array (ticks, lanes, lines) of integers is injected as it stands, one
        of shape (ticks, 1, lines) in all lanes.
    ticks : int
        Ticks to run in this call, at most.
    lanes : int, optional
        Independent copies of the network; by default as many as the inputs or the state have.
    first_lane : int, optional
        Number of the first lane, 0 or that of the state: lane ℓ draws as lane
        ``first_lane + ℓ``, so that blocks of lanes give the spikes of one large run.
    seed : int, optional
        0 ≤ seed < 2⁶⁴; None draws one and records it in the run.
    kernel : str
        "auto", or one of ``KERNELS``; the result does not depend on it.
    record : str or sequence
        Whose spikes are kept: "outputs" (all neurons where none is declared), "all", "counts"
        (nobody's), or a list of ports, paths and neuron indices. ``run.counts`` has every
        neuron in any case.
    potentials : sequence, optional
        Ports, paths or neurons whose potential is kept at the end of every tick.
    until : "quiet" or (port or neuron, k), optional
        A lane finishes at the end of the tick in which all neurons are at rest, no spike is in
        flight and no input is to come, or in which the neurons have spiked k times in this call.
    epochs : (neuron, [k, ...]) or (neuron, [k, ...], neurons), optional
        Count the spikes of the recorded neurons (or of `neurons`) from the k-th spike of
        `neuron` in this call (k ≥ 1, that tick included) to before its next, summed over lanes.
    state : State, optional
        Go on from ``run.state`` of an earlier run; the spikes are those of an uncut run.
    threads : int, optional
        Lanes are split over this many threads; by default over all cores.
    progress : bool or callable
        True shows a bar (needs tqdm); a callable gets the fraction done, 0 to 1.

    Returns
    -------
    Run

    Raises
    ------
    InputError, InputTypeError
        If an argument cannot be used; nothing has run then.
    NeuronOverflowError
        If a potential or current leaves int32.
    TooLargeError
        If the run cannot fit into memory.

    Examples
    --------
    >>> from spikealg.network import Network
    >>> ring = Network.from_arrays(threshold=[1, 1], pre=[0, 1], post=[1, 0], inputs={"x": [0]})
    >>> simulate(ring, {"x": 1}, ticks=5).spikes.i
    array([0, 1, 0, 1, 0])
    """
    if not isinstance(network, Network):
        raise InputTypeError(
            f"network must be a Network, got {type(network).__name__}: compile() a Circuit first"
        )
    name = as_choice("kernel", kernel, ("auto", *KERNELS))
    threads = (os.cpu_count() or 1) if threads is None else as_int("threads", threads, low=1)
    job = prepare(
        network, {} if inputs is None else inputs, ticks, lanes, first_lane, seed, record,
        potentials, until, epochs, state,
    )  # fmt: skip
    if name == "auto":
        name = choose_kernel(job)
    return run_job(job, name, threads, progress)


def run_job(job: Job, kernel: str, threads: int, progress: bool | Callable[[float], None]) -> Run:
    """Run a job by a kernel, and keep the state where it is wanted and not too large."""
    # To write down the state of a million lanes can cost more than the run; it is found by
    # running again where somebody asks for it.
    size = 12 * job.network.n_neurons * job.lanes
    keep = job.keep_state and (kernel != "lanes" or size <= SMALL_STATE)
    if keep != job.keep_state:
        job = replace(job, keep_state=keep)
    require_run_memory(job, threads)
    with reporting(progress, f"{job.ticks} ticks") as tell:
        outcome = execute(job, kernel, threads, tell)
        tell(1.0)
    return Run.from_outcome(job, outcome, kernel, threads)
