"""One threshold gate of many inputs as layers of gates of few: the same function.

Inputs are taken in groups of one sign. Gates with rising thresholds say how large the weighted
sum of a group is (a unary number), and where that makes fewer lines, a second layer turns the
number into binary; the sums of all groups are then compared in one gate. Of a group's sum only the
part matters in which it can decide: below it the gate stays silent, above it the gate fires,
whatever the other groups do. So an "or" takes one line per group, and so does an "and".
Threshold gates that add are due to Muroga, "Threshold logic and its applications" (1971).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Group", "Layer", "is_constant", "plan_layer"]

Array = npt.NDArray[np.int64]

MOST_SUMS = 2**16
"""Different sums of a group that are told apart; a group of more is made smaller."""


@dataclass(frozen=True, eq=False)
class Group:
    """Inputs of one sign, and the gates that say how large their sum is.

    Attributes
    ----------
    members : int64 array (inputs,)
        Inputs, as indices into the weights of the gate.
    weights : int64 array (inputs,)
        Their weights without sign.
    thresholds : int64 array (lines,)
        Sums at which another line of the unary number fires.
    values : int64 array (lines,)
        What the sum counts for from that threshold on, less what it counts for at 0.
    base : int
        What the sum counts for at 0, without sign.
    sign : {1, -1}
    """

    members: Array
    weights: Array
    thresholds: Array
    values: Array
    base: int
    sign: int

    def unary_weights(self) -> Array:
        """Return the weight of each line of the unary number."""
        return self.sign * np.diff(self.values, prepend=0)

    def binary_lines(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Return bit numbers (bits,) and weights (bits, lines) that make binary of unary.

        Bit b is a gate of threshold 1: its weight is +1 where the bit appears and −1 where it
        vanishes, line by line.
        """
        width = int(self.values[-1]).bit_length()
        bits = self.values >> np.arange(width)[:, np.newaxis] & 1
        changes = np.diff(bits, axis=1, prepend=0)
        used = np.flatnonzero(changes.any(axis=1))
        return used, changes[used]


@dataclass(frozen=True, eq=False)
class Layer:
    """A step from a gate to one with fewer inputs; see the module.

    Attributes
    ----------
    groups : list of Group
    binary : bool
        Whether unary numbers are turned into binary, which takes a tick more.
    threshold : int
        Threshold of the gate that compares the lines.
    lines, synapses : int
        Inputs of that gate, and synapses of the layer.
    """

    groups: list[Group]
    binary: bool
    threshold: int
    lines: int
    synapses: int

    @property
    def depth(self) -> int:
        """Ticks that the layer takes."""
        return 2 if self.binary else 1


def is_constant(weights: Array, threshold: int) -> bool:
    """Return whether a gate fires always or never, whatever its inputs."""
    least, most = np.minimum(weights, 0).sum(), np.maximum(weights, 0).sum()
    return not least < threshold <= most


def plan_layer(weights: Array, threshold: int, fan_in: int) -> Layer | None:
    """Return the layer that leaves at most `fan_in` lines with the fewest synapses.

    If there is none, the one that leaves the fewest lines; None if no layer leaves fewer than
    there are, or if the gate does not depend on its inputs.

    Parameters
    ----------
    weights : int64 array (inputs,)
    threshold : int
        The gate fires where the weights of active inputs add up to it or more.
    fan_in : int
        Inputs that a gate can have.
    """
    if is_constant(weights, threshold):
        return None
    # Groups of 2^k − 1 equal weights fill the k bits of their sum.
    sizes = {2**k - 1 for k in range(2, fan_in.bit_length())} | {2, fan_in}
    layers = [
        layer
        for size in sorted(sizes)
        for layer in _layers(weights, threshold, size, fan_in)
        if layer.lines < len(weights)
    ]
    if not layers:
        return None
    enough = [layer for layer in layers if layer.lines <= fan_in]
    if enough:
        return min(enough, key=lambda layer: (layer.synapses, layer.depth))
    return min(layers, key=lambda layer: (layer.lines, layer.synapses))


def _layers(weights: Array, threshold: int, size: int, fan_in: int) -> list[Layer]:
    """Return the layers of groups of `size` at most, unary and binary."""
    groups = []
    for sign in (1, -1):
        chosen = np.flatnonzero(weights * sign > 0)
        chosen = chosen[np.argsort(np.abs(weights[chosen]), kind="stable")]
        while len(chosen):
            group = _group(weights, threshold, chosen[:size], sign, fan_in)
            groups.append(group)
            chosen = chosen[len(group.members) :]
    remaining = threshold - sum(group.sign * group.base for group in groups)
    unary = sum(len(group.values) for group in groups)
    first = sum(len(group.members) * len(group.values) for group in groups)
    changes = [group.binary_lines()[1] for group in groups]
    binary = sum(len(change) for change in changes)
    second = sum(int(np.count_nonzero(change)) for change in changes)
    return [
        Layer(groups, False, remaining, unary, first + unary),
        Layer(groups, True, remaining, binary, first + second + binary),
    ]


def _bounds(weights: Array, threshold: int, members: Array, sign: int) -> tuple[int, int]:
    """Return the least and the most that the sum of a group, without sign, can count for.

    With the other inputs as high as they go, a lower sum leaves the gate silent by one; with the
    others as low as they go, a higher sum makes it fire.
    """
    own = int(np.abs(weights[members]).sum())
    highest = int(np.maximum(weights, 0).sum()) - (own if sign > 0 else 0)
    lowest = int(np.minimum(weights, 0).sum()) + (own if sign < 0 else 0)
    silent, fires = threshold - highest - 1, threshold - lowest
    low, high = (silent, fires) if sign > 0 else (-fires, -silent)
    return max(low, 0), min(high, own)


def _group(weights: Array, threshold: int, members: Array, sign: int, fan_in: int) -> Group:
    """Return the unary number of the first of `members`: of all, if it has few enough lines."""
    while True:
        low, high = _bounds(weights, threshold, members, sign)
        sums = np.zeros(1, dtype=np.int64)
        for taken, weight in enumerate(np.abs(weights[members]).tolist()):
            sums = np.unique(np.concatenate([sums, sums + weight]))
            # Sums from `high` on count alike, and so do those up to `low`.
            sums = sums[: np.searchsorted(sums, high) + 1]
            lines = np.count_nonzero(sums > low)
            if taken and (lines > fan_in or len(sums) > MOST_SUMS):
                members = members[:taken]
                break
        else:
            values, first = np.unique(np.clip(sums, low, high), return_index=True)
            magnitudes = np.abs(weights[members])
            return Group(members, magnitudes, sums[first[1:]], values[1:] - low, low, sign)
