"""Spiking neural units: a potential that the output of the tick before resets.

    s_t = g(i_t + d s_{t−1} (1 − y_{t−1}))
    y_t = h(s_t + b)

Woźniak et al., Nature Machine Intelligence 2020: SNU with h a step, sSNU with h a sigmoid, LI-SNU
with the largest output of the layer in place of y_{t−1}; Bohnstingl et al. (arXiv 2007.12723) and
the adaptive a-SNU, whose output is h(s_t + β b_t + b) with b_t = ρ b_{t−1} + (1 − ρ) y_{t−1}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice
from spikealg.learners.base import Array, Gradients, Shape, State
from spikealg.learners.surrogates import Surrogate, TanhPrime, as_surrogate
from spikealg.learners.units.base import Back, Derivatives, Trace, Unit, flat
from spikealg.learners.units.kernels import snu_backward, snu_forward

__all__ = ["ASNU", "LISNU", "NEGATIVE_SLOPES", "SNU", "sSNU"]

NEGATIVE_SLOPES = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}
"""Slope below 0 of each g; above 0 it is 1."""


class SNU(Unit):
    """Spiking neural units with binary output.

    Parameters
    ----------
    d : float or array_like
        What is kept of the potential from tick to tick, 0 to 1.
    g : {"identity", "relu", "leaky_relu"}
        Activation of the potential; the leaky one has slope 0.01 below 0.
    bias : float or array_like
        b: minus the threshold. Where it is trained, one value is only where each neuron's own
        starts (each channel's, for features (channels, height, width)).
    surrogate : Surrogate
        Stands for h'.
    trainable : tuple of str
        Which of "d", "bias" are trained.
    detach_reset : bool
        Whether gradients ignore that the reset depends on the output.
    """

    constant_names: ClassVar[tuple[str, ...]] = ("d", "bias")
    state_names: ClassVar[tuple[str, ...]] = ("s", "y")
    shares: ClassVar[tuple[str, ...]] = ("d",)
    fires: ClassVar[bool] = True
    inhibits: ClassVar[bool] = False

    def __init__(
        self,
        d: npt.ArrayLike = 0.9,
        g: str = "identity",
        bias: npt.ArrayLike = -1.0,
        surrogate: Surrogate | None = None,
        trainable: tuple[str, ...] = ("bias",),
        detach_reset: bool = False,
    ) -> None:
        self._set({"d": d, "bias": bias}, g, surrogate, trainable, detach_reset)

    def _set(
        self,
        constants: Mapping[str, npt.ArrayLike],
        g: str,
        surrogate: Surrogate | None,
        trainable: tuple[str, ...],
        detach_reset: bool,
    ) -> None:
        Unit.__init__(self, constants, trainable)
        self.g = as_choice("g", g, NEGATIVE_SLOPES)
        self.surrogate = as_surrogate(surrogate, TanhPrime())
        self.detach_reset = bool(detach_reset)

    def _build(self, shape: Shape, rng: np.random.Generator) -> Shape:
        super()._build(shape, rng)
        self._nothing = np.empty((0, 0, 0), dtype=self.dtype)
        bias = self.parameters.get("bias")
        if bias is not None and bias.ndim == 0:
            own = (shape[0], *(1,) * (len(shape) - 1))
            self.parameters["bias"] = np.full(own, bias, dtype=self.dtype)
        return shape

    def _table(self) -> Array:
        """Return the constants as the kernels take them, (4, neurons): d, bias, β, ρ."""
        own = self.per_neuron()
        table = np.zeros((4, own.shape[1]), dtype=self.dtype)
        table[: len(own)] = own
        return table

    @property
    def _negative(self) -> Any:
        """Return the slope of g below 0, of the layer's dtype."""
        return self.dtype.type(NEGATIVE_SLOPES[self.g])

    def advance(self, trace: Trace, begin: int, end: int) -> None:
        """Compute the ticks from `begin` to `end`."""
        s, y, *more = trace.flat_states
        snu_forward(
            trace.flat_x,
            s,
            y,
            more[0] if more else self._nothing,
            trace.table,
            self._negative,
            not self.fires,
            self.inhibits,
            begin,
            end,
        )

    def back(self, trace: Trace) -> Back:
        """Return the slopes of all ticks, and room for the gradients by input and adaptation."""
        slope = self.slope(tuple(state[1:] for state in trace.states))
        more = tuple(np.empty_like(slope) for _ in trace.states[2:])
        return Back(slope, np.empty_like(slope), more)

    def unwind(self, dy: Array, trace: Trace, back: Back, begin: int, end: int) -> None:
        """Go back from `end` to `begin`."""
        s, y, *_ = trace.flat_states
        snu_backward(
            flat(dy),
            s,
            y,
            trace.table,
            self._negative,
            self.inhibits,
            self.dtype.type(not self.detach_reset),
            flat(back.slope),
            flat(back.dx),
            flat(back.more[0]) if back.more else self._nothing,
            begin,
            end,
        )

    def constant_gradients(self, trace: Trace, back: Back) -> Gradients:
        """Return the gradients by the trainable constants."""
        before = tuple(state[:-1] for state in trace.states)
        found = {}
        for name in self.trainable:
            if name == "bias":
                each = back.slope
            elif name == "beta":
                each = back.slope * trace.states[2][1:]
            elif name == "rho":
                each = back.more[0] * (before[2] - before[1])
            else:
                each = back.dx * before[0] * (1 - self._taken(before[1]))
            found[name] = self.folded(name, each)
        return found

    def _cast(self, name: str) -> Array:
        return self.value(name).astype(self.dtype, copy=False)

    def _taken(self, y: Array) -> Array:
        """Return what resets each unit: its own output, or the largest of its row."""
        if not self.inhibits:
            return y
        features = tuple(range(y.ndim - len(self.shape), y.ndim))
        top: Array = y.max(axis=features, keepdims=True)
        return top

    def _argument(self, state: State) -> Array:
        """Return the argument of h."""
        a: Array = state[0] + self._cast("bias")
        if len(state) > 2:
            a += self._cast("beta") * state[2]
        return a

    def slope(self, state: State) -> Array:
        """Return h' in `state`."""
        if self.fires:
            return self.surrogate.slope(self._argument(state))
        rising: Array = state[1] * (1 - state[1])
        return rising

    def tick(self, x: Array, state: State) -> tuple[Array, State]:
        """Return the output and the state after one tick, in plain NumPy."""
        s, y = state[:2]
        a = x + self._cast("d") * s * (1 - self._taken(y))
        now = [np.where(a > 0, a, self._negative * a)]
        more = []
        if len(state) > 2:
            rho = self._cast("rho")
            more = [rho * state[2] + (1 - rho) * y]
        argument = self._argument((now[0], y, *more))
        if self.fires:
            out = (argument >= 0).astype(self.dtype)
        else:
            small = np.exp(-np.abs(argument))
            out = np.where(argument >= 0, 1, small) / (1 + small)
        return out, (now[0], out, *more)

    def derivatives(
        self, x: Array, before: State, after: State, *, first: bool = False
    ) -> Derivatives:
        """Return the derivatives of one tick, see `Unit.derivatives`; h = (s,) or (s, b)."""
        s, y = before[:2]
        d = self._cast("d")
        size = len(before) - 1
        slope_s = self.slope(after)
        before_s = np.zeros_like(s) if first else self.slope(before)
        weights = [np.ones_like(s)] + ([self._cast("beta") * np.ones_like(s)] if size > 1 else [])
        slope = np.stack([w * slope_s for w in weights])
        slope_before = np.stack([w * before_s for w in weights])

        above = np.where(after[0] > 0, self.dtype.type(1), self._negative)
        by_y = np.zeros((size, *s.shape), dtype=self.dtype)
        if not self.detach_reset:
            by_y[0] = -above * d * s
        inhibition, winner = None, None
        if self.inhibits:
            inhibition, by_y = by_y, np.zeros_like(by_y)
            winner = y.reshape(len(y), -1).argmax(axis=1)
        carry = np.zeros((size, size, *s.shape), dtype=self.dtype)
        carry[0, 0] = above * d * (1 - self._taken(y))
        gain = np.zeros_like(by_y)
        gain[0] = above
        if size > 1:
            rho = self._cast("rho")
            carry[1, 1] = rho
            by_y[1] = 1 - rho
        carry += by_y[:, None] * slope_before[None]

        direct, output, output_before = {}, {}, {}
        for name in self.trainable:
            direct[name] = np.zeros_like(by_y)
            if name == "d":
                direct[name][0] = above * s * (1 - self._taken(y))
            elif name == "rho":
                direct[name][1] = before[2] - y
            else:
                factor = (
                    (np.ones_like(s), np.ones_like(s)) if name == "bias" else (after[2], before[2])
                )
                output[name] = slope_s * factor[0]
                output_before[name] = before_s * factor[1]
                direct[name] += by_y * output_before[name]
        return Derivatives(
            carry, gain, slope, slope_before, direct, output, output_before, inhibition, winner
        )


class sSNU(SNU):  # noqa: N801  (the name of the literature)
    """Spiking neural units whose output is a sigmoid of the potential; exact derivatives.

    Parameters are those of `SNU`, without a surrogate and with a bias of 0.
    """

    fires = False

    def __init__(
        self,
        d: npt.ArrayLike = 0.9,
        g: str = "identity",
        bias: npt.ArrayLike = 0.0,
        trainable: tuple[str, ...] = ("bias",),
        detach_reset: bool = False,
    ) -> None:
        self._set({"d": d, "bias": bias}, g, None, trainable, detach_reset)


class LISNU(SNU):
    """SNU with lateral inhibition: where one unit of a layer fires, all potentials are reset.

    The reset factor is 1 − max y_{t−1} over the units of each row of the batch. The maximum's
    gradient goes to the first unit that attains it. Parameters are those of `SNU`.
    """

    inhibits = True


class ASNU(SNU):
    """Adaptive SNU: the threshold follows the output.

    Parameters
    ----------
    d, g, bias, surrogate, detach_reset
        As in `SNU`.
    beta : float or array_like
        β, how strongly; below 0 the unit gets tired.
    rho : float or array_like
        ρ, how slowly, 0 to 1.
    trainable : tuple of str
        Which of "d", "bias", "beta", "rho" are trained.
    """

    constant_names = ("d", "bias", "beta", "rho")
    state_names = ("s", "y", "b")
    shares = ("d", "rho")

    def __init__(
        self,
        d: npt.ArrayLike = 0.9,
        g: str = "identity",
        bias: npt.ArrayLike = -1.0,
        beta: npt.ArrayLike = -0.5,
        rho: npt.ArrayLike = 0.9,
        surrogate: Surrogate | None = None,
        trainable: tuple[str, ...] = ("bias",),
        detach_reset: bool = False,
    ) -> None:
        constants = {"d": d, "bias": bias, "beta": beta, "rho": rho}
        self._set(constants, g, surrogate, trainable, detach_reset)
