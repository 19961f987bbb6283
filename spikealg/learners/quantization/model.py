"""A model whose forward pass is integer arithmetic."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError, InputTypeError
from spikealg.learners.base import Array, Layer, State, sequence
from spikealg.learners.layers.recurrent import Recurrence
from spikealg.learners.quantization.fold import folded, groups_of
from spikealg.learners.quantization.rounding import Settings
from spikealg.learners.quantization.stage import Stage
from spikealg.learners.quantization.stages import quantised
from spikealg.learners.sequential import Forward, Sequential, checked_state
from spikealg.learners.units import Unit
from spikealg.network import Network

if TYPE_CHECKING:
    from spikealg.learners.hosting.hosted import Hosted

__all__ = ["Quantized", "quantize"]


class Quantized(Sequential):
    """A model that computes with whole numbers, as neurons of the engine do.

    It is a `Sequential` in its own right: `fit` trains its parameters further. They stay real
    numbers and are rounded anew in every forward pass, which is that of the engine bit for bit; the
    backward pass takes rounding for the identity (straight-through) and gradients at what the
    parameters were rounded to. Made by :func:`quantize`.

    Attributes
    ----------
    layers : tuple of Layer
        Those of the model, with batch normalisation folded into weights and without dropout; their
        weights are what the parameters are rounded to. `parameters` returns the real ones.
    settings : Settings
    """

    def __init__(self, model: Sequential, settings: Settings) -> None:
        self.settings = settings
        self._real = folded(model.layers)
        # The backward pass goes through these layers: their weights follow `_real`, rounded.
        self.layers = copy.deepcopy(self._real)
        self.in_shape, self.shape = model.in_shape, model.shape
        self.seed, self.dtype = model.seed, model.dtype
        self._groups = groups_of(self._real)
        if self.graded and self._groups[0].pool is not None:
            raise InputError(
                f"{self._groups[0].name} cannot be hosted: it takes the largest of graded inputs, "
                "and neurons do the largest of spikes only: leave input_bits out for binary "
                "inputs, or put a linear layer and a unit before it"
            )
        self.stages()

    @property
    def graded(self) -> bool:
        """Whether inputs are numbers, which the host multiplies with the first weights."""
        return self.settings.input_bits is not None

    @property
    def _trained(self) -> tuple[Layer, ...]:
        return self._real

    def stages(self) -> list[Stage]:
        """Return the layers of whole numbers that the parameters are rounded to now."""
        stages, rounded = quantised(self._groups, self.settings)
        for group, values in zip(self._groups, rounded, strict=True):
            for place in group.places:
                real = self._real[place]
                known = values if real is group.weights else {}
                for name, parameter in self.layers[place].parameters.items():
                    parameter[...] = known.get(name, real.parameters[name])
        return stages

    def start(self, batch: int) -> tuple[State, ...]:
        """Return the state before the first tick: potentials and spikes of each stage."""
        return tuple(stage.start(batch) for stage in self.stages())

    def inputs(self, x: npt.ArrayLike) -> Array:
        """Return inputs as the whole numbers that the first layer takes.

        Parameters
        ----------
        x : array_like, (ticks, batch, *in_shape)
            0 and 1; any numbers, which are rounded and clipped, if there are `input_bits`.

        Raises
        ------
        InputError
            If there are no `input_bits`, and other numbers than 0 and 1.
        """
        array = sequence("x", x, self.in_shape, self.dtype)
        if self.graded:
            return self.settings.input_integers(array)
        other = (array != 0) & (array != 1)
        if other.any():
            raise InputError(
                f"x must hold spikes, 0 or 1, got {array[other][0]}: quantize(model, "
                "input_bits=8) makes a model that takes graded inputs"
            )
        return array.astype(np.bool_)

    def forward(
        self,
        x: npt.ArrayLike,
        state: tuple[State, ...] | None = None,
        train: bool = False,
        rng: np.random.Generator | None = None,
    ) -> Forward:
        """Run a sequence by integer arithmetic; see :meth:`Sequential.forward`.

        Outputs of the last layer are spikes, or potentials as numbers of the model.

        Raises
        ------
        InputError
            If `x` is not what :meth:`inputs` takes.
        NeuronOverflowError
            If a potential leaves int32.
        """
        whole = self.inputs(x)
        stages = self.stages()
        rest = tuple(stage.start(whole.shape[1]) for stage in stages)
        before = checked_state(state, rest)
        tapes: list[Any] = []
        outputs: list[Array] = []
        after: list[State] = []
        real = whole.astype(self.dtype) * np.asarray(2.0**-self.settings.input_exponent, self.dtype)
        for group, stage, first in zip(self._groups, stages, before, strict=True):
            potential, spikes = stage.run(whole, first)
            after.append((potential[-1].copy(), spikes[-1].copy()))
            whole = spikes[1:].reshape(*spikes[1:].shape[:2], *stage.shape)
            for place in group.places:
                layer = self.layers[place]
                real, _, tape = layer.forward(real, layer.start(real.shape[1]), train, rng)
                self._write(layer, tape, potential * stage.unit, spikes)
                tapes.append(tape)
                outputs.append(real)
            if group.unit is None and group.pool is None:
                real = self._decoded(stage, potential[1:])
                outputs[-1] = real
        return Forward(real, tuple(after), tuple(tapes), tuple(outputs))

    def _write(
        self, layer: Layer, tape: Any, potential: Array, spikes: npt.NDArray[np.bool_]
    ) -> None:
        """Put what the whole numbers were in place of what the layer computed with real ones."""
        if isinstance(layer, Recurrence):
            tape.before[...] = spikes[0].reshape(tape.before.shape)
            tape = tape.trace
        elif not isinstance(layer, Unit):
            return
        for array, values in zip(tape.states, (potential, spikes), strict=False):
            array[...] = values.reshape(array.shape)

    def _decoded(self, stage: Stage, potential: npt.NDArray[np.int32]) -> Array:
        """Return potentials (ticks, batch, n) as numbers of the model."""
        real = (potential * stage.unit).astype(self.dtype)
        return real.reshape(*real.shape[:2], *stage.shape)

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Return the output for the sequence `x` from rest."""
        whole = self.inputs(x)
        stages = self.stages()
        for stage in stages:
            potential, spikes = stage.run(whole, stage.start(whole.shape[1]))
            whole = spikes[1:].reshape(*spikes[1:].shape[:2], *stage.shape)
        last = stages[-1]
        out = whole.astype(self.dtype) if last.fires else self._decoded(last, potential[1:])
        return out.reshape(*out.shape[:2], *self.shape)

    def to_network(self) -> Network:
        """Return the network that fires the spikes of the forward pass.

        Layer ℓ runs `offset[ℓ]` ticks after the model, see :meth:`hosted`. Binary inputs go into
        port "x" as spikes; of graded ones, the products with the first weights do, made by the
        host. Port "y" is the last layer.
        """
        from spikealg.learners.hosting.hosted import layout_of

        return layout_of(self).network

    def hosted(self, x: npt.ArrayLike, **options: Any) -> Hosted:
        """Run sequences on the engine, one in each lane.

        Options are those of :func:`~spikealg.learners.hosting.host`.
        """
        from spikealg.learners.hosting.hosted import host

        return host(self, x, **options)


def quantize(
    model: Sequential,
    weight_bits: int = 8,
    guard_bits: int = 6,
    *,
    per_channel: bool = False,
    input_bits: int | None = None,
    input_range: tuple[float, float] = (0.0, 1.0),
) -> Quantized:
    """Round a trained model to the integers of the engine.

    All terms of a neuron's update share its scale s: weights become 2^g·clip(round(w/s)), with g
    guard bits, thresholds ⌈2^g ϑ/s⌉, biases, hyperpolarisations and reset values likewise, leaks
    4096 − round(4096 κ).

    Parameters
    ----------
    model : Sequential
        Not changed.
    weight_bits : int
        2 to 16, sign included.
    guard_bits : int
        0 to 16; without them truncation eats small potentials.
    per_channel : bool
        A scale for each output of a dense layer and each channel of a convolution, instead of one
        for each layer. Outputs that are potentials share one in any case.
    input_bits : int, optional
        For inputs that are no spikes: they are rounded to so many bits, the host multiplies them
        with the first weights, and the products are injected.
    input_range : pair of float
        Least and largest input, of which the larger magnitude m is rounded up to a power of two,
        so that inputs and weights share a unit: what is beyond 2^⌈log2 m⌉ is clipped.

    Returns
    -------
    Quantized

    Raises
    ------
    InputError, InputTypeError
        If a layer cannot be hosted, with the reason, or an argument cannot be used.

    Examples
    --------
    >>> from spikealg.learners import Dense, Sequential, unit
    >>> model = Sequential([Dense(3), unit("BLI"), Dense(2)], shape=(4,), seed=0)
    >>> quantize(model).to_network()
    Network(9 neurons, 18 synapses, inputs ['x'], outputs ['y'])
    """
    if not isinstance(model, Sequential) or isinstance(model, Quantized):
        raise InputTypeError(f"model must be a Sequential, got {type(model).__name__}")
    settings = Settings(weight_bits, guard_bits, per_channel, input_bits, input_range)
    for name, values in {**model.parameters(), **model.buffers()}.items():
        if not np.isfinite(values).all():
            raise InputError(f"model must have finite parameters, got {name} with nan or inf")
    return Quantized(model, settings)
