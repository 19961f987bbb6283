"""What a network asks of a neuron or a synapse that a platform does not have.

No number of cores mends these: the network is written otherwise, or goes elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spikealg.circuits.neuron import MEMORYLESS, NEVER, RESETS
from spikealg.hardware.assign import synapse_bits, weight_mantissas
from spikealg.hardware.catalogue import platforms
from spikealg.hardware.paths import some_paths
from spikealg.hardware.platform import Platform
from spikealg.network import NO_FLOOR, Network

__all__ = ["Breach", "distinct_fan_in", "is_splittable", "walls"]

Array = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Breach:
    """One limit that a network breaks.

    Attributes
    ----------
    limit : str
        Entry of the platform's limits or features.
    kind : {"wall", "budget"}
        Whether it is in the way however many cores there are, or a matter of how many.
    needed, allowed : int or None
        The most that the network asks for, and what there is; None where a feature is missing.
    neurons : int64 array
        Where: neurons, in order of index (of a synapse its target, of an axon its source).
    what, where, remedy : str
        The breach in words, the first neurons by path, and what would help.
    """

    limit: str
    kind: Literal["wall", "budget"]
    needed: int | None
    allowed: int | None
    neurons: Array
    what: str
    where: str
    remedy: str

    @property
    def excess(self) -> int | None:
        """By how much the limit is broken, None for a feature."""
        if self.needed is None or self.allowed is None:
            return None
        return abs(self.needed - self.allowed)

    def __str__(self) -> str:
        at = f", at {self.where}" if self.where else ""
        return f"{self.kind}: {self.what}{at}\n    {self.remedy}"


def walls(network: Network, platform: Platform) -> list[Breach]:
    """Return the features and widths that `platform` lacks for `network`."""
    return [*_features(network, platform), *_widths(network, platform), *_fan_in(network, platform)]


def is_splittable(network: Network) -> Truth:
    """Return which neurons (n,) are gates that a tree of gates can stand for.

    Memoryless, neither read by their potential nor fed by an input port, and not lifted to their
    threshold by a floor.
    """
    gate: Truth = (network.leak == MEMORYLESS) & (network.current_leak == MEMORYLESS)
    gate &= (network.threshold != NEVER) & (network.threshold > network.floor)
    for port in network.inputs.values():
        gate[port.neurons[port.neurons >= 0]] = False
    return gate


def distinct_fan_in(network: Network) -> Array:
    """Return the distinct presynaptic neurons of each neuron, int64 array (n,)."""
    n = network.n_neurons
    pairs = np.sort(network.post.astype(np.int64) * n + network.pre)
    return np.bincount(pairs[np.diff(pairs, prepend=-1) > 0] // n, minlength=n).astype(np.int64)


# ------------------------------------------------------------------ features


def _features(network: Network, platform: Platform) -> Iterator[Breach]:
    has = platform.features
    kinds = np.select(
        [network.leak == 0, network.leak == MEMORYLESS], ["none", "full"], "proportional"
    )
    for kind in ("none", "full", "proportional"):
        if kind not in has.leaks:
            name, remedy = {
                "none": ("potential without leak", "give the neurons a leak"),
                "full": ("memoryless gate", "write gates as neurons that keep their potential"),
                "proportional": ("proportional leak", "use leak 0 or 4096"),
            }[kind]
            yield from _missing(
                network, "leaks", name, kinds == kind, remedy,
                lambda f, kind=kind: kind in f.leaks,
            )  # fmt: skip
    keeps = (network.leak != MEMORYLESS) & (network.threshold != NEVER)
    for code, reset in enumerate(RESETS):
        if reset not in has.resets:
            yield from _missing(
                network, "resets", f'reset "{reset}"', keeps & (network.reset == code),
                "use " + " or ".join(f'"{word}"' for word in RESETS if word in has.resets),
                lambda f, reset=reset: reset in f.resets,
            )  # fmt: skip
    # A floor below the threshold changes nothing where the potential is forgotten.
    floored = (network.floor != NO_FLOOR) & (
        (network.leak != MEMORYLESS) | (network.threshold <= network.floor)
    )
    for entry, name, used, remedy in (
        ("floor", "floor", floored, "let the potential fall, or inhibit less"),
        ("bias", "bias", network.bias != 0, "drive them by a neuron that fires in every tick"),
        (
            "stochastic",
            "firing probability",
            network.draw_limit < 2**32,
            "feed random spikes from outside",
        ),
        (
            "refractory",
            "refractory period",
            (network.refractory > 0) | (network.refractory_init > 0),
            "inhibit them by their own spikes",
        ),
        (
            "synaptic_current",
            "synaptic current",
            network.current_leak != MEMORYLESS,
            "sum spikes in a neuron of its own",
        ),
    ):
        if not getattr(has, entry):
            yield from _missing(
                network, entry, name, used, remedy,
                lambda f, entry=entry: bool(getattr(f, entry)),
            )  # fmt: skip


def _missing(
    network: Network, limit: str, name: str, used: Truth, remedy: str, has: Any
) -> Iterator[Breach]:
    neurons = np.flatnonzero(used)
    if not len(neurons):
        return
    others = ", ".join(p.name for p in platforms() if p.kind == "chip" and has(p.features))
    yield Breach(
        limit=limit,
        kind="wall",
        needed=None,
        allowed=None,
        neurons=neurons,
        what=f"there is no {name}",
        where=some_paths(network, neurons),
        remedy=f"{remedy}; chips that have it: {others}" if others else remedy,
    )


# ------------------------------------------------------------------ widths


def _widths(network: Network, platform: Platform) -> Iterator[Breach]:
    limits = platform.limits
    post = network.post
    adapt = f'adapt(network, "{platform.name}")'
    yield from _broken(
        network, "weight_bits", "weight of {} bits",
        _signed_bits(weight_mantissas(network, limits)), limits.weight_bits,
        "scale weights and thresholds down, or split a synapse into several", post,
    )  # fmt: skip
    yield from _broken(
        network, "delay_max", "delay of {} ticks", network.delay, limits.delay_max,
        f"{adapt} makes chains of relays", post,
    )  # fmt: skip
    if limits.delay_min is not None:
        yield from _broken(
            network, "delay_min", "delay of {} ticks", network.delay, limits.delay_min,
            "run every delay, input and refractory time several times as long", post, least=True,
        )  # fmt: skip
    threshold = np.where(network.threshold == NEVER, 0, network.threshold.astype(np.int64))
    yield from _broken(
        network, "threshold_max", "threshold {}", threshold, limits.threshold_max,
        "scale weights and thresholds down",
    )  # fmt: skip
    yield from _broken(
        network, "potential_bits", "potential of {} bits", _potential_bits(network, threshold),
        limits.potential_bits, "scale weights and thresholds down",
    )  # fmt: skip
    yield from _broken(
        network, "probability_bits", "probability of {} bits", _probability_bits(network),
        limits.probability_bits, f"{adapt} rounds probabilities",
    )  # fmt: skip
    if limits.axon_types is not None:
        n = network.n_neurons
        pairs = np.sort(post.astype(np.int64) * 2**32 + (network.weight.astype(np.int64) + 2**31))
        pairs = pairs[np.diff(pairs, prepend=-1) > 0] >> 32
        yield from _broken(
            network, "axon_types", "{} different weights", np.bincount(pairs, minlength=n),
            limits.axon_types, "make weights of sums of a few, by several axons from one neuron",
        )  # fmt: skip


def _signed_bits(values: npt.NDArray[Any]) -> Array:
    """Return the width of the smallest signed integer that holds each value."""
    wide = values.astype(np.int64)
    magnitude = np.maximum(wide, -wide - 1)
    # Powers of two are exact in floats, so are their logarithms.
    return np.frexp(magnitude.astype(np.float64))[1].astype(np.int64) + 1


def _potential_bits(network: Network, threshold: Array) -> Array:
    """Return the width that thresholds, starts, resets and the input of one tick need."""
    n = network.n_neurons
    up, down = network.bias.astype(np.int64), network.bias.astype(np.int64)
    weight = network.weight.astype(np.int64)
    np.add.at(up, network.post, np.maximum(weight, 0))
    np.add.at(down, network.post, np.minimum(weight, 0))
    down = np.maximum(down, network.floor)
    keeps = network.leak != MEMORYLESS
    widest = np.ones(n, dtype=np.int64)
    for values in (up, down, threshold, network.v_init * keeps, network.reset_value * keeps):
        np.maximum(widest, _signed_bits(values), out=widest)
    return widest


def _probability_bits(network: Network) -> Array:
    """Return the binary digits of each firing probability."""
    limit = network.draw_limit.astype(np.int64) % 2**32
    lowest = limit & -limit
    digits = 33 - np.frexp(lowest.astype(np.float64))[1].astype(np.int64)
    return np.where(limit == 0, 0, digits)


def _fan_in(network: Network, platform: Platform) -> Iterator[Breach]:
    limits, n = platform.limits, network.n_neurons
    synapses = np.bincount(network.post, minlength=n).astype(np.int64)
    memory = synapses * synapse_bits(network, limits)
    gate = is_splittable(network)
    for name, what, values, limit in (
        ("fan_in", "{} synapses into a neuron", synapses, limits.fan_in),
        (
            "fan_in_axons",
            "{} presynaptic neurons of one",
            distinct_fan_in(network),
            limits.fan_in_axons,
        ),
        (
            "synapse_bits_per_core",
            "{} bits of synapses into a neuron",
            memory,
            limits.synapse_bits_per_core,
        ),
    ):
        over = np.zeros(n, dtype=bool) if limit is None else values > limit
        splittable = name != "synapse_bits_per_core" and bool(gate[over].all())
        yield from _broken(
            network, name, what, values, limit,
            f'adapt(network, "{platform.name}") makes trees of gates' if splittable
            else "sum groups of inputs in neurons of their own; only memoryless gates are split "
            "by adapt",
        )  # fmt: skip


def _broken(
    network: Network,
    limit: str,
    what: str,
    values: npt.NDArray[Any],
    allowed: int | None,
    remedy: str,
    owner: npt.NDArray[np.int32] | None = None,
    least: bool = False,
) -> Iterator[Breach]:
    """Yield a breach if a value (n,), or (m,) with the neuron that owns it, is out of bounds."""
    if allowed is None:
        return
    over = np.flatnonzero(values < allowed if least else values > allowed)
    if not len(over):
        return
    worst = int(values[over].min() if least else values[over].max())
    neurons = np.unique(over if owner is None else owner[over]).astype(np.int64)
    bound = f"{allowed:,} at least" if least else f"{allowed:,} at most"
    yield Breach(
        limit=limit,
        kind="wall",
        needed=worst,
        allowed=allowed,
        neurons=neurons,
        what=f"{what.format(f'{worst:,}')}, {bound}",
        where=some_paths(network, neurons),
        remedy=remedy,
    )
