"""Functions that a user gives: of which arguments they are, and what errors call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikealg.errors import InputTypeError

__all__ = ["at_time", "called", "depends_on_time", "require_arguments"]

_MAY_DEPEND = "only diffusivity, sigma, drift, killing and source may depend on time, as f(x, t)"


@dataclass(frozen=True)
class _AtTime:
    """A function f(x, t) at a time."""

    value: Callable[[npt.NDArray[np.float64], float], Any]
    t: float

    def __call__(self, x: npt.NDArray[np.float64]) -> Any:
        return self.value(x, self.t)


def depends_on_time(value: Any) -> bool:
    """Return whether a coefficient is a function f(x, t): one of two arguments without default."""
    signature = _signature(value)
    if signature is None:
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = signature.parameters.values()
    needed = [p for p in parameters if p.kind in kinds and p.default is inspect.Parameter.empty]
    return len(needed) == 2


def at_time(value: Any, t: float) -> Any:
    """Return a coefficient as it is at time t."""
    return _AtTime(value, t) if depends_on_time(value) else value


def called(name: str, value: Any) -> str:
    """Return what errors call the values of a function: "drift(x)", or "drift(x, t = 0.5)"."""
    return f"{name}(x, t = {value.t:g})" if isinstance(value, _AtTime) else f"{name}(x)"


def require_arguments(name: str, value: Any, *allowed: str) -> None:
    """Refuse a function that cannot be called with any of some lists of arguments.

    Parameters
    ----------
    name : str
        The argument of the user, for errors.
    value : Any
        What was given for it; only functions are looked at, and those that tell their arguments.
    allowed : str
        Such as "x", or "x, t".

    Raises
    ------
    InputTypeError
        If none of them will do.
    """
    signature = _signature(value)
    if signature is None:
        return
    for arguments in allowed:
        try:
            signature.bind(*arguments.split(", "))
        except TypeError:
            continue
        return
    takes = " or ".join(f"({one})" for one in allowed)
    advice = ""
    if allowed == ("x",):
        takes, advice = "x only", f": {_MAY_DEPEND}"
    raise InputTypeError(f"{name} takes {takes}, got a function of {signature}{advice}")


def _signature(value: Any) -> inspect.Signature | None:
    """Return the arguments of a function; None for what is none, or written in C and silent."""
    if not callable(value):
        return None
    try:
        return inspect.signature(value)
    except (TypeError, ValueError):
        return None
