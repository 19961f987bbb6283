"""How parameters follow their gradients. Parameters are changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_float
from spikealg.errors import InputError

__all__ = ["SGD", "Adadelta", "Adam", "Optimiser", "RMSprop"]

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


class Optimiser:
    """What all optimisers share: a rate, a count of steps, and averages per parameter.

    Attributes
    ----------
    rate : float
        Learning rate.
    steps : int
        Steps taken.
    """

    averages: ClassVar[tuple[str, ...]] = ()
    """Names of what is remembered of every parameter, an array of its shape each."""

    def __init__(self, rate: float) -> None:
        self.rate = as_float("rate", rate, above=0)
        self.steps = 0
        self._averages: dict[str, tuple[Array, ...]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rate={self.rate:g}, after {self.steps} steps)"

    def settings(self) -> dict[str, Any]:
        """Return the numbers that it was made with, by name."""
        kept = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        del kept["steps"]
        return kept

    def step(self, parameters: Arrays, gradients: Arrays, scale: float = 1.0) -> None:
        """Change every parameter by its gradient, in place, at `scale` times the rate.

        Raises
        ------
        InputError
            If a gradient is missing or has another shape than its parameter; nothing is changed.
        """
        for name, parameter in parameters.items():
            if name not in gradients:
                raise InputError(f"gradients must hold one for {name!r}, got {sorted(gradients)}")
            if gradients[name].shape != parameter.shape:
                raise InputError(
                    f"gradient of {name!r} must have the shape {parameter.shape} of the "
                    f"parameter, got shape {gradients[name].shape}"
                )
        self.steps += 1
        for name, parameter in parameters.items():
            if name not in self._averages:
                self._averages[name] = tuple(np.zeros_like(parameter) for _ in self.averages)
            change = self._change(gradients[name], *self._averages[name])
            parameter -= parameter.dtype.type(self.rate * scale) * change

    def _change(self, gradient: Array, *averages: Array) -> Array:
        """Return what a rate of 1 subtracts; bring the averages up to date in place."""
        raise NotImplementedError

    def state(self) -> dict[str, Array]:
        """Return all that a step depends on besides its arguments, as arrays that are copies."""
        state = {
            f"{average}/{name}": array.copy()
            for name, arrays in self._averages.items()
            for average, array in zip(self.averages, arrays, strict=True)
        }
        return {"steps": np.array(self.steps), **state}

    def restore(self, state: Arrays) -> None:
        """Go on from what `state()` returned.

        Raises
        ------
        InputError
            If it comes from another kind of optimiser; nothing is changed.
        """
        kept: dict[str, dict[str, Array]] = {}
        for key, array in state.items():
            average, _, name = key.partition("/")
            if key != "steps":
                kept.setdefault(name, {})[average] = array.copy()
        if "steps" not in state or any(
            set(arrays) != set(self.averages) for arrays in kept.values()
        ):
            raise InputError(
                f"state must come from {type(self).__name__}.state(), got {sorted(state)}"
            )
        self.steps = int(state["steps"])
        self._averages = {
            name: tuple(arrays[average] for average in self.averages)
            for name, arrays in kept.items()
        }


class SGD(Optimiser):
    """v ← momentum·v + g; p ← p − rate·v (Sutskever et al., ICML 2013, velocity in units of g)."""

    averages = ("velocity",)

    def __init__(self, rate: float, momentum: float = 0.0) -> None:
        super().__init__(rate)
        self.momentum = as_float("momentum", momentum, low=0, high=1)

    def _change(self, gradient: Array, *averages: Array) -> Array:
        (velocity,) = averages
        velocity *= velocity.dtype.type(self.momentum)
        velocity += gradient
        return velocity


class RMSprop(Optimiser):
    """m ← decay·m + (1−decay)·g²; p ← p − rate·g/(√m + epsilon) (Hinton, lecture 6e, 2012)."""

    averages = ("square",)

    def __init__(self, rate: float = 1e-3, decay: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(rate)
        self.decay = as_float("decay", decay, low=0, below=1)
        self.epsilon = as_float("epsilon", epsilon, above=0)

    def _change(self, gradient: Array, *averages: Array) -> Array:
        (square,) = averages
        _follow(square, gradient**2, self.decay)
        change: Array = gradient / (np.sqrt(square) + square.dtype.type(self.epsilon))
        return change


class Adam(Optimiser):
    """Means of g and g² freed of their start at 0 (Kingma and Ba, ICLR 2015, algorithm 1)."""

    averages = ("mean", "square")

    def __init__(
        self,
        rate: float = 1e-3,
        decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(rate)
        self.decay = as_float("decay", decay, low=0, below=1)
        self.square_decay = as_float("square_decay", square_decay, low=0, below=1)
        self.epsilon = as_float("epsilon", epsilon, above=0)

    def _change(self, gradient: Array, *averages: Array) -> Array:
        mean, square = averages
        _follow(mean, gradient, self.decay)
        _follow(square, gradient**2, self.square_decay)
        number = mean.dtype.type
        divisor = np.sqrt(square)
        divisor *= number((1 - self.square_decay**self.steps) ** -0.5)
        divisor += number(self.epsilon)
        change: Array = mean / divisor
        change *= number(1 / (1 - self.decay**self.steps))
        return change


class Adadelta(Optimiser):
    """Steps scaled by the size of earlier steps (Zeiler, arXiv 1212.5701, algorithm 1)."""

    averages = ("square", "step_square")

    def __init__(self, rate: float = 1.0, decay: float = 0.95, epsilon: float = 1e-6) -> None:
        super().__init__(rate)
        self.decay = as_float("decay", decay, low=0, below=1)
        self.epsilon = as_float("epsilon", epsilon, above=0)

    def _change(self, gradient: Array, *averages: Array) -> Array:
        square, step_square = averages
        _follow(square, gradient**2, self.decay)
        epsilon = square.dtype.type(self.epsilon)
        change: Array = np.sqrt((step_square + epsilon) / (square + epsilon)) * gradient
        _follow(step_square, change**2, self.decay)
        return change


def _follow(average: Array, value: Array, decay: float) -> None:
    """Move an average towards a value: decay · average + (1 − decay) · value, in place."""
    average *= average.dtype.type(decay)
    average += average.dtype.type(1 - decay) * value
