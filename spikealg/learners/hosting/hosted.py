"""Quantised models on the engine: a sequence in each lane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.engine import Run, simulate
from spikealg.hardware import Work, platform
from spikealg.hardware.figures import Figure
from spikealg.learners.hosting.layout import Connection, Layout, Population, lay_out
from spikealg.learners.quantization.neurons import Neurons
from spikealg.learners.quantization.stage import Stage
from spikealg.network import MEMORYLESS

if TYPE_CHECKING:
    from spikealg.learners.quantization.model import Quantized

__all__ = ["Hosted", "host", "layout_of"]

Array = npt.NDArray[Any]


def layout_of(model: Quantized) -> Layout:
    """Return the network of a quantised model, and where its layers are.

    The first layer of graded inputs takes injected products; spikes of others come from lines of
    their own.
    """
    stages = model.stages()
    populations = [Population(stage.name, stage.neurons) for stage in stages]
    connections = []
    lines = int(not model.graded)
    if lines:
        size = math.prod(model.in_shape)
        populations.insert(0, Population("input", Neurons.make(size, threshold=1, leak=MEMORYLESS)))
    for place, stage in enumerate(stages):
        here = place + lines
        if here > 0:
            weight = stage.feed.synapses() * 2**stage.feed_shift
            connections.append(Connection(here - 1, here, weight))
        if stage.recurrent is not None:
            weight = stage.recurrent.synapses() * 2**stage.recurrent_shift
            connections.append(Connection(here, here, weight, lag=1))
    return lay_out(populations, connections)


@dataclass(frozen=True, eq=False)
class Hosted:
    """What the engine did with sequences; `hardware.estimate` prices it per inference.

    Spikes that a layer fires after the last tick of the model are in neither results nor counts.

    Attributes
    ----------
    y : array (ticks, batch, *shape)
        Spikes of the last layer, or its potentials as numbers of the model: what the forward pass
        returns.
    runs : tuple of Run
        One for each block of the batch.
    layout : Layout
        Where the layers are in the network, and how many ticks they run after the model.
    ticks : int
        Of the model.
    stages : tuple of Stage
    graded : bool
        Whether the host multiplied inputs with the first weights.
    """

    y: Array
    runs: tuple[Run, ...]
    layout: Layout
    ticks: int
    stages: tuple[Stage, ...]
    graded: bool

    @property
    def work(self) -> Work:
        """Sequences: inferences."""
        return Work("inference", sum(run.lanes for run in self.runs))

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all layers by a program without spikes."""
        return self._each_tick * sum(map(_multiplications, self.stages))

    @property
    def host_macs(self) -> int:
        """Those that the host did to inject graded inputs; no part of the bill of the network."""
        return self._each_tick * self.stages[0].feed.synapses().nnz if self.graded else 0

    @property
    def host_energy(self) -> Figure:
        """Energy of `host_macs` [J] at 8 bits, arithmetic alone (Horowitz 2014)."""
        price = platform("horowitz45nm").energy["mac_int8"]
        return Figure(price.value or 0.0, *price.range).times(Figure.exactly(self.host_macs))

    @property
    def _each_tick(self) -> int:
        return self.ticks * self.work.amount

    @cached_property
    def spikes(self) -> tuple[npt.NDArray[np.bool_], ...]:
        """Spikes of each of `stages`, bool (ticks, batch, n): those of the forward pass."""
        lines = len(self.layout.offset) - len(self.stages)
        return tuple(
            np.concatenate([self._raster(run, lines + k) for run in self.runs], axis=1)
            for k in range(len(self.stages))
        )

    def _raster(self, run: Run, layer: int) -> npt.NDArray[np.bool_]:
        neurons = self.layout.neurons(layer)
        return run.raster(neurons, self.layout.offset[layer], self.ticks).astype(np.bool_)


def _multiplications(stage: Stage) -> int:
    again = 0 if stage.recurrent is None else stage.recurrent.synapses().nnz
    return int(stage.feed.synapses().nnz + again)


def host(
    model: Quantized,
    x: npt.ArrayLike,
    *,
    kernel: str = "auto",
    block: int | None = None,
    threads: int | None = None,
) -> Hosted:
    """Run sequences on the engine.

    Parameters
    ----------
    model : Quantized
    x : array_like, (ticks, batch, *in_shape)
        As the model takes them.
    kernel : str
        Of :func:`~spikealg.engine.simulate`; the result does not depend on it.
    block : int, optional
        Sequences at a time; by default all.
    threads : int, optional
        As of :func:`~spikealg.engine.simulate`.

    Returns
    -------
    Hosted

    Raises
    ------
    InputError
        If `x` is not what the model takes, or weights into a neuron add up beyond int32, which a
        forward pass notices only where spikes do.
    NeuronOverflowError
        If a potential leaves int32, be it after the last tick of the model: a layer runs on for as
        long as spikes take to reach the last one.
    TooLargeError
        If the run cannot fit into memory: use blocks.
    """
    whole = model.inputs(x)
    ticks, batch = whole.shape[:2]
    block = batch if block is None else as_int("block", block, low=1)
    layout, stages = layout_of(model), model.stages()
    last = stages[-1]
    runs: list[Run] = []
    out: list[Array] = []
    for begin in range(0, batch, block):
        part = whole[:, begin : begin + block]
        raw = stages[0].drive(part).astype(np.int64) if model.graded else part
        run = simulate(
            layout.network,
            {"x": raw.reshape(ticks, part.shape[1], -1)},
            ticks=ticks + layout.latency,
            lanes=part.shape[1],
            first_lane=begin,
            seed=0,
            kernel=kernel,
            threads=threads,
            record="all",
            potentials=None if last.fires else "y",
        ).within(*layout.windows(ticks))
        runs.append(run)
        if last.fires:
            out.append(run["y"][layout.latency :].astype(model.dtype))
        else:
            out.append((run.potentials[layout.latency :] * last.unit).astype(model.dtype))
    y = np.concatenate(out, axis=1).reshape(ticks, batch, *model.shape)
    return Hosted(y, tuple(runs), layout, ticks, tuple(stages), model.graded)
