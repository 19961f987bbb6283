"""Generalised leaky integrate-and-fire units: one equation, eight named settings and Yin's unit.

    u_t = κ v_{t−1} + γ i_t − η z_{t−1}
    z_t = Θ(u_t − ϑ)                        Θ(0) = 1
    v_t = (1 − ρ z_t) u_t + ρ z_t v_r

Chapman et al., "Biological dynamics enabling training of binary recurrent networks", NICE 2024,
and Yin et al., arXiv 1709.06206. The state is (u, z); v follows from it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputError
from spikealg.learners.base import Array, Gradients, State
from spikealg.learners.surrogates import Boxcar, SuperSpike, Surrogate, as_surrogate
from spikealg.learners.units.base import Back, Derivatives, Trace, Unit, flat
from spikealg.learners.units.kernels import glif_backward, glif_forward

__all__ = ["GLIF", "IntegrateFire"]


class GLIF(Unit):
    """Generalised leaky integrate-and-fire neurons with binary output.

    Parameters
    ----------
    decay : float or array_like
        κ: 1 keeps the potential, 0 forgets it.
    reset : float or array_like
        ρ: 1 resets the potential to `reset_value` on a spike, 0 leaves it.
    hyperpolarisation : float or array_like
        η: what a spike takes from the potential in the next tick.
    threshold, gain, reset_value : float or array_like
        ϑ, γ, v_r.
    surrogate : Surrogate
        Stands for Θ'.
    trainable : tuple of str
        Which of the constants are trained.
    detach_reset : bool
        Whether gradients ignore that the reset (ρ) depends on the spike. Hyperpolarisation is
        always differentiated.

    Notes
    -----
    Constants are one value or an array that broadcasts to the features.
    """

    constant_names = ("decay", "reset", "hyperpolarisation", "threshold", "gain", "reset_value")
    state_names = ("u", "z")
    shares = ("decay", "reset")
    fires = True

    def __init__(
        self,
        decay: npt.ArrayLike = 0.9,
        reset: npt.ArrayLike = 0.0,
        hyperpolarisation: npt.ArrayLike = 0.0,
        threshold: npt.ArrayLike = 1.0,
        gain: npt.ArrayLike = 1.0,
        reset_value: npt.ArrayLike = 0.0,
        surrogate: Surrogate | None = None,
        trainable: tuple[str, ...] = (),
        detach_reset: bool = False,
    ) -> None:
        given = (decay, reset, hyperpolarisation, threshold, gain, reset_value)
        super().__init__(dict(zip(self.constant_names, given, strict=True)), trainable)
        self.surrogate = as_surrogate(surrogate, SuperSpike())
        self.detach_reset = bool(detach_reset)

    def _output(self, x: Array, states: State) -> Array:
        return states[1][1:]

    def advance(self, trace: Trace, begin: int, end: int) -> None:
        """Compute the ticks from `begin` to `end`."""
        u, z = trace.flat_states
        glif_forward(trace.flat_x, u, z, trace.table, begin, end)

    def back(self, trace: Trace) -> Back:
        """Return the slopes of all ticks, and room for du."""
        slope = self.slope(trace.states[0][1:])
        return Back(slope, np.empty_like(slope))

    def unwind(self, dy: Array, trace: Trace, back: Back, begin: int, end: int) -> None:
        """Go back from `end` to `begin`."""
        u, z = trace.flat_states
        through = self.dtype.type(not self.detach_reset)
        glif_backward(
            flat(dy), u, z, trace.table, through, flat(back.slope), flat(back.dx), begin, end
        )

    def by_input(self, back: Back, begin: int = 0, end: int | None = None) -> Array:
        """Return the gradient by the inputs of ticks that were unwound."""
        gain = self.value("gain")
        du = back.dx[begin:end]
        return du if (gain == 1).all() else du * gain.astype(self.dtype, copy=False)

    def constant_gradients(self, trace: Trace, back: Back) -> Gradients:
        """Return the gradients by the trainable constants."""
        found = {}
        u, z = (state[:-1] for state in trace.states)
        for name in self.trainable:
            each = (
                -back.slope
                if name == "threshold"
                else back.dx * self._by_constant(name, trace.x, u, z)
            )
            found[name] = self.folded(name, each)
        return found

    def slope(self, u: Array) -> Array:
        """Return Θ'(u − ϑ)."""
        return self.surrogate.slope(u - self.value("threshold").astype(self.dtype, copy=False))

    def _by_constant(self, name: str, x: Array, u: Array, z: Array) -> Array:
        """Return ∂u_t/∂θ at fixed (u, z)_{t−1} = `u`, `z`: of one tick, or of many at once."""
        decay, reset, rest = (self._cast(c) for c in ("decay", "reset", "reset_value"))
        each: Array
        match name:
            case "decay":
                each = (1 - reset * z) * u + reset * z * rest
            case "reset":
                each = decay * z * (rest - u)
            case "hyperpolarisation":
                each = -z
            case "gain":
                each = x
            case "reset_value":
                each = decay * reset * z
            case _:
                raise KeyError(name)
        return each

    def _cast(self, name: str) -> Array:
        return self.value(name).astype(self.dtype, copy=False)

    def tick(self, x: Array, state: State) -> tuple[Array, State]:
        """Return the output and the state after one tick, in plain NumPy."""
        decay, reset, hyper, threshold, gain, rest = map(self._cast, self.constant_names)
        u, z = state
        v = (1 - reset * z) * u + reset * z * rest
        u = decay * v + gain * x - hyper * z
        z = (u >= threshold).astype(self.dtype)
        return z, (u, z)

    def derivatives(
        self, x: Array, before: State, after: State, *, first: bool = False
    ) -> Derivatives:
        """Return the derivatives of one tick, see `Unit.derivatives`; h = (u,)."""
        decay, reset, hyper, _, gain, rest = map(self._cast, self.constant_names)
        u, z = before
        slope_before = np.zeros_like(u) if first else self.slope(u)
        slope = self.slope(after[0])
        through = -hyper * np.ones_like(u)
        if not self.detach_reset:
            through = through + decay * reset * (rest - u)
        direct = {
            name: np.broadcast_to(self._by_constant(name, x, u, z), u.shape)[None]
            for name in self.trainable
            if name != "threshold"
        }
        output, output_before = {}, {}
        if "threshold" in self.trainable:
            direct["threshold"] = (-slope_before * through)[None]
            output["threshold"], output_before["threshold"] = -slope, -slope_before
        carry = decay * (1 - reset * z) + through * slope_before
        return Derivatives(
            carry=carry[None, None],
            gain=np.broadcast_to(gain, u.shape)[None],
            slope=slope[None],
            slope_before=slope_before[None],
            direct=direct,
            output=output,
            output_before=output_before,
        )


class IntegrateFire(GLIF):
    """Continuous integration with reset by subtraction, of Yin et al., arXiv 1709.06206.

    u_t = Σ_{j≤t} i_j − ϑ Σ_{j<t} z_j: a GLIF unit with κ = 1, ρ = 0, η = ϑ, and their
    straight-through slope ½ · 1[0 < u < 2].

    Parameters
    ----------
    threshold : float or array_like
        ϑ, above 0.
    surrogate : Surrogate
        Stands for Θ'.
    """

    def __init__(self, threshold: npt.ArrayLike = 1.0, surrogate: Surrogate | None = None) -> None:
        super().__init__(
            decay=1.0,
            hyperpolarisation=threshold,
            threshold=threshold,
            surrogate=Boxcar() if surrogate is None else surrogate,
        )
        if (self.constants["threshold"] <= 0).any():
            given = self.constants["threshold"].tolist()
            raise InputError(f"threshold must be above 0, got {given}")
