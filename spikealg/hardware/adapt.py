"""Rewriting a network so that a platform takes it, with the same function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.circuits.neuron import MEMORYLESS
from spikealg.errors import InputError
from spikealg.hardware.catalogue import as_platform
from spikealg.hardware.draft import Draft, delayed, rebuilt
from spikealg.hardware.gates import Layer, is_constant, plan_layer
from spikealg.hardware.paths import some_paths
from spikealg.hardware.platform import Limits, Platform
from spikealg.hardware.retime import least_lags
from spikealg.hardware.walls import distinct_fan_in, is_splittable, walls
from spikealg.network import NO_FLOOR, Network

__all__ = ["Adaptation", "adapt", "adaptation"]

Array = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Adaptation:
    """A network rewritten for a platform, and what was changed; prints as a few lines.

    Attributes
    ----------
    network : Network
        Neurons 0 to n − 1 are those of the original, with their names and streams; relays and
        gates follow.
    platform : Platform
    lag : int64 array (n,)
        Ticks by which each neuron of the original now fires later; the latency of output ports
        says the same. A neuron that draws in other ticks draws other numbers.
    rounded : int64 array
        Neurons whose probability was rounded.
    largest_change : float
        The most that a probability changed by.
    split : int64 array
        Gates that a tree of gates stands for.
    tree_gates, relays : int
        Neurons added in trees, and in chains for long delays.
    """

    network: Network
    platform: Platform
    lag: Array
    rounded: Array
    largest_change: float
    split: Array
    tree_gates: int
    relays: int

    @property
    def same_ticks(self) -> bool:
        """Whether every neuron of the original fires in the ticks it fired in."""
        return not self.lag.any()

    @property
    def same_draws(self) -> bool:
        """Whether the random draws decide as before: no probability and no tick of one changed."""
        draws = self.network.draw_limit[: len(self.lag)] < 2**32
        return not len(self.rounded) and not self.lag[draws].any()

    def __str__(self) -> str:
        lines = [f"adapted to {self.platform.title}:"]
        if len(self.rounded):
            lines.append(
                f"- probabilities rounded: {len(self.rounded):,}, by {self.largest_change:.2g} at "
                "most"
            )
        if len(self.split):
            lines.append(
                f"- gates split: {len(self.split):,}, gates added: {self.tree_gates:,}, neurons "
                f"that fire later: {int((self.lag > 0).sum()):,}, by {int(self.lag.max())} at most"
            )
        if self.relays:
            lines.append(f"- relays added for long delays: {self.relays:,}")
        return "\n".join(lines) if len(lines) > 1 else f"fits {self.platform.title} as it is"


def adapt(network: Network, platform: str | Platform) -> Network:
    """Return a network with the same function that `platform` has the widths for.

    :func:`adaptation` does the same and tells what was changed.

    Parameters
    ----------
    network : Network
    platform : str or Platform

    Returns
    -------
    Network
        `network` itself if nothing is in the way.

    Raises
    ------
    InputError
        If something stays in the way; the message lists it.

    Examples
    --------
    >>> from spikealg.network import Network
    >>> far = Network.from_arrays(threshold=[1, 1], leak=4096, pre=[0], post=[1], delay=150)
    >>> adapt(far, "loihi").n_neurons
    4
    """
    return adaptation(network, platform).network


def adaptation(network: Network, platform: str | Platform) -> Adaptation:
    """Rewrite a network for a platform by three rules, and tell what was changed.

    Probabilities are rounded to the platform's resolution, half to even. Memoryless gates with
    more inputs than a neuron can have become trees of gates (see :mod:`spikealg.hardware.gates`);
    their inputs come earlier where delays leave room for it, and otherwise they fire later and
    so does what depends on them. Delays that are too long become chains of relays; synapses of a
    neuron share one chain.

    Parameters
    ----------
    network : Network
    platform : str or Platform

    Returns
    -------
    Adaptation

    Raises
    ------
    InputError
        If a probability above 0 would be rounded to 0; a gate on a loop, or before an input, has
        no room for a tree; or a wall stays that no rule is for.
    """
    chosen = as_platform(platform)
    limits = chosen.limits
    rounded, changed, most = _round(network, limits.probability_bits)
    split, gates, lag = _split(rounded, limits)
    trees = split.n_neurons - network.n_neurons
    relayed = split if limits.delay_max is None else _relay(split, limits.delay_max)
    rest = walls(relayed, chosen)
    if rest:
        listed = "\n".join(f"- {breach.what}, at {breach.where}" for breach in rest)
        raise InputError(f"the network cannot be adapted to {chosen.title}:\n{listed}")
    return Adaptation(
        network=relayed,
        platform=chosen,
        lag=lag,
        rounded=changed,
        largest_change=most,
        split=gates,
        tree_gates=trees,
        relays=relayed.n_neurons - split.n_neurons,
    )


# ------------------------------------------------------------------ probabilities


def _round(network: Network, bits: int | None) -> tuple[Network, Array, float]:
    """Return the network with probabilities of `bits`, who changed, and by how much at most."""
    unchanged = np.zeros(0, dtype=np.int64)
    if bits is None or bits >= 32:
        return network, unchanged, 0.0
    step = 2.0 ** (32 - bits)
    old = network.draw_limit.astype(np.float64)
    new = np.rint(old / step) * step
    changed = np.flatnonzero(new != old).astype(np.int64)
    if not len(changed):
        return network, unchanged, 0.0
    lost = changed[new[changed] == 0]
    if len(lost):
        raise InputError(
            f"probability {network.probability[lost].max():.3g} of {some_paths(network, lost)} is "
            f"0 at {bits} bits: use {2.0**-bits:g} or more, or draw twice in a row"
        )
    most = float(np.abs(new - old).max() / 2.0**32)
    return rebuilt(network, probability=new / 2.0**32), changed, most


# ------------------------------------------------------------------ fan-in


def _too_wide(network: Network, limits: Limits) -> Array:
    """Return the gates that have more synapses or presynaptic neurons than there can be."""
    wide = np.zeros(network.n_neurons, dtype=bool)
    if limits.fan_in is not None:
        wide |= np.bincount(network.post, minlength=network.n_neurons) > limits.fan_in
    if limits.fan_in_axons is not None:
        wide |= distinct_fan_in(network) > limits.fan_in_axons
    return np.flatnonzero(wide & is_splittable(network))


def _split(network: Network, limits: Limits) -> tuple[Network, Array, Array]:
    """Return the network with trees for gates of too many inputs, those gates, and the lags."""
    bounds = [bound for bound in (limits.fan_in, limits.fan_in_axons) if bound is not None]
    most = min(bounds, default=0)
    by_target = np.argsort(network.post, kind="stable")
    stops = np.cumsum(np.bincount(network.post, minlength=network.n_neurons))
    trees: dict[int, tuple[Array, list[Layer]]] = {}
    for gate in _too_wide(network, limits).tolist():
        inputs = by_target[stops[gate - 1] if gate else 0 : stops[gate]]
        weights = network.weight[inputs].astype(np.int64)
        level = int(network.threshold[gate]) - int(network.bias[gate])
        layers = list(_plan(weights, level, most))
        # Without its inputs, a gate that does not depend on them does what it did.
        if layers or is_constant(weights, level):
            trees[gate] = inputs, layers
    gates = np.array(list(trees), dtype=np.int64)
    depth = np.zeros(network.n_neurons, dtype=np.int64)
    if not trees:
        return network, gates, depth
    for gate, (_, layers) in trees.items():
        depth[gate] = sum(layer.depth for layer in layers)
    lag, stuck = least_lags(network, depth)
    if len(stuck):
        raise InputError(
            f"{some_paths(network, gates)} cannot become trees of depth up to "
            f"{int(depth.max())}: the ways through {some_paths(network, stuck)} lead "
            "back, or start at an input, too soon; lengthen their delays"
        )
    pre, post = network.pre, network.post
    delay = network.delay + lag[post] - lag[pre] - depth[post]
    draft = Draft(network)
    draft.columns["delay"] = [delay]
    kept = np.ones(network.n_synapses, dtype=bool)
    threshold = network.threshold.astype(np.int64)
    # A floor below the threshold is without effect there, but lines may count from lower down.
    floor = network.floor.copy()
    floor[gates] = NO_FLOOR
    for gate, (inputs, layers) in trees.items():
        kept[inputs] = False
        if layers:
            level = _grow(draft, gate, inputs, delay[inputs], layers)
            threshold[gate] = level + network.bias[gate]
    for column in draft.columns.values():
        column[0] = column[0][kept]
    # Late neurons that would move without input are held until their time comes.
    moves = (network.bias != 0) | (threshold <= 0) | (network.refractory_init > 0)
    moves |= (network.leak != MEMORYLESS) & (network.v_init != 0)
    held = network.refractory_init + np.where(moves, lag, 0)
    outputs = {name: delayed(port, lag) for name, port in network.outputs.items()}
    late = draft.build(threshold=threshold, floor=floor, refractory_init=held, outputs=outputs)
    return late, gates, lag


def _plan(weights: Array, threshold: int, most: int) -> Iterator[Layer]:
    """Yield the layers of a tree, from the inputs on."""
    while len(weights) > most:
        layer = plan_layer(weights, threshold, most)
        if layer is None:
            return
        yield layer
        weights = np.concatenate(
            [_line_weights(layer, group) for group in range(len(layer.groups))]
        )
        threshold = layer.threshold


def _line_weights(layer: Layer, group: int) -> Array:
    """Return the weights of the lines of a group at the gate that compares them."""
    chosen = layer.groups[group]
    if not layer.binary:
        return chosen.unary_weights()
    weights: Array = chosen.sign * 2 ** chosen.binary_lines()[0]
    return weights


def _grow(draft: Draft, gate: int, inputs: Array, delay: Array, layers: list[Layer]) -> int:
    """Add the tree of a gate to the draft and return the gate's threshold, bias included."""
    pre = draft.network.pre[inputs].astype(np.int64)
    for layer in layers:
        lines, weights = [], []
        for number, group in enumerate(layer.groups):
            unary = draft.add_gates("fan_in", group.thresholds)
            draft.connect(
                pre[group.members][:, np.newaxis],
                unary,
                group.weights[:, np.newaxis],
                delay[group.members][:, np.newaxis],
            )
            if layer.binary:
                _, changes = group.binary_lines()
                bits = draft.add_gates("fan_in", np.ones(len(changes), dtype=np.int64))
                bit, line = np.nonzero(changes)
                draft.connect(unary[line], bits[bit], changes[bit, line], 1)
                lines.append(bits)
            else:
                lines.append(unary)
            weights.append(_line_weights(layer, number))
        pre = np.concatenate(lines)
        delay = np.ones(len(pre), dtype=np.int64)
    draft.connect(pre, gate, np.concatenate(weights), delay)
    return layers[-1].threshold


# ------------------------------------------------------------------ delays


def _relay(network: Network, most: int) -> Network:
    """Return the network with chains of relays, one per neuron, for delays above `most`."""
    hops = (network.delay.astype(np.int64) - 1) // most
    if not hops.any():
        return network
    n = network.n_neurons
    chain = np.zeros(n, dtype=np.int64)
    np.maximum.at(chain, network.pre, hops)
    draft = Draft(network)
    relays = draft.add_gates("relay", np.ones(int(chain.sum()), dtype=np.int64))
    first = n + np.cumsum(chain) - chain
    pre = network.pre.astype(np.int64)
    draft.columns["pre"] = [np.where(hops == 0, pre, first[pre] + hops - 1)]
    draft.columns["delay"] = [network.delay - hops * most]
    source = relays - 1
    starts = chain > 0
    source[first[starts] - n] = np.flatnonzero(starts)
    draft.connect(source, relays, 1, most)
    return draft.build()
