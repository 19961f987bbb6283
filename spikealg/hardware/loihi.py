"""The fixed-point rule of Loihi: which networks keep to it bit for bit.

In every tick, with 12-bit decays δ and products that are rounded toward zero (Davies et al. 2018,
§"Neuron model"; the bit-accurate LIF process of Lava 0.9, whose rule this is)::

    u ← u·(4096 − δu − offset_u)/4096 + Σ mantissa·2^(6 + exponent)
    v ← v·(4096 − δv − offset_v)/4096 + u + bias_mantissa·2^bias_exponent
    spike: v > 64·threshold_mantissa, then v ← 0

u wraps around at 24 bits and v saturates there. It is the neuron of this library with the
synaptic current as u, leaks of δ + offset, and a threshold one higher, within these widths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spikealg.circuits.neuron import MEMORYLESS, NEVER, RESETS
from spikealg.errors import InputTypeError
from spikealg.hardware.paths import some_paths
from spikealg.network import NO_FLOOR, Network

__all__ = ["LoihiExactness", "loihi_exact"]

Array = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNIT = 64
"""A weight of mantissa 1: synaptic input and thresholds are shifted by six bits."""
STATE_MAX = 2**23 - 1
THRESHOLD_MANTISSA_MAX = 2**17 - 1
WEIGHT_MANTISSA_MAX = 255
WEIGHT_EXPONENT_MAX = 7
BIAS_MANTISSA = (-(2**12), 2**12 - 1)
BIAS_EXPONENT_MAX = 7
DELAY_MAX = 62
"""Longest delay from spike to arrival [tick], that of the platform's file."""
REFRACTORY_MAX = 63


@dataclass(frozen=True)
class LoihiExactness:
    """Whether a network keeps to Loihi's fixed-point rule, spike for spike; prints as a report.

    Attributes
    ----------
    exact : bool
    scale : int
        Loihi's potentials are those of the network times this: 1 for a network in Loihi's own
        units, 64 for one whose weights are multiplied to become mantissas. Injected values are
        multiplied alike.
    ticks : int or None
        Ticks for which no current wraps and no potential saturates, whatever spikes arrive; None
        is any number. Values injected into ports of current come on top.
    reasons : tuple of str
        Why it is not exact; empty if it is.
    parameters : mapping of str to array, or None
        The integers of the rule if it is exact: ``delta_u``, ``offset_u``, ``delta_v``,
        ``offset_v``, ``threshold_mantissa``, ``bias_mantissa``, ``bias_exponent``,
        ``refractory_delay``, ``v_init`` (n,), and ``weight_mantissa``, ``weight_exponent``,
        ``delay`` (m,) in the order of the network's synapses; delay 0 arrives in the next tick,
        a refractory delay of 1 lets a neuron spike in the next. The offsets are registers of a
        core: neurons that differ in them need different cores.
    """

    exact: bool
    scale: int
    ticks: int | None
    reasons: tuple[str, ...]
    parameters: Mapping[str, Array] | None

    def __bool__(self) -> bool:
        return self.exact

    def __str__(self) -> str:
        if not self.exact:
            return "\n".join(["not exact on Loihi's rule:", *(f"- {r}" for r in self.reasons)])
        units = "as it stands" if self.scale == 1 else f"with weights times {self.scale}"
        span = "" if self.ticks is None else f" for {self.ticks:,} ticks at least"
        return f"exact on Loihi's rule, {units}{span}"


def loihi_exact(network: Network) -> LoihiExactness:
    """Say whether `network` has the same spikes under Loihi's fixed-point rule.

    Two units are tried: those of the network, and weights multiplied by 64, which changes
    nothing where potentials and currents are kept whole or forgotten (leaks 0 and 4096) and
    would round elsewhere.

    Parameters
    ----------
    network : Network

    Returns
    -------
    LoihiExactness

    Examples
    --------
    >>> from spikealg.network import Network
    >>> gate = Network.from_arrays(threshold=[1, 2], leak=4096, pre=[0, 0], post=[1, 1])
    >>> print(loihi_exact(gate))
    exact on Loihi's rule, with weights times 64

    References
    ----------
    .. [1] Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE
       Micro 38 (2018).
    """
    if not isinstance(network, Network):
        raise InputTypeError(
            f"network must be a Network, got {type(network).__name__}: compile() a Circuit first"
        )
    own = _judge(network, 1)
    if own.exact:
        return own
    scaled = _judge(network, UNIT)
    whole = not (network.weight % UNIT).any()
    return own if whole and not scaled.exact else scaled


def _judge(network: Network, scale: int) -> LoihiExactness:
    found = _Findings(network)
    parameters = _neuron_integers(network, scale, found)
    parameters.update(_synapse_integers(network, scale, found))
    ticks = _proven_ticks(network, scale)
    short = ticks == 0
    found.note(short, lambda j: "has inputs that leave 24 bits in one tick: use smaller weights")
    proven = int(ticks.min())
    exact = not found.reasons
    return LoihiExactness(
        exact=exact,
        scale=scale,
        ticks=proven if exact and proven < _ANY else None,
        reasons=tuple(found.reasons),
        parameters=parameters if exact else None,
    )


class _Findings:
    """Reasons, each with the neurons it holds for and the numbers of the first."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.reasons: list[str] = []

    def note(self, wrong: npt.NDArray[np.bool_], what: Callable[[int], str]) -> None:
        neurons = np.flatnonzero(wrong)
        if len(neurons):
            first = what(int(neurons[0]))
            self.reasons.append(f"{some_paths(self.network, neurons)}: {first}")

    def note_synapses(self, wrong: npt.NDArray[np.bool_], what: Callable[[int], str]) -> None:
        synapses = np.flatnonzero(wrong)
        if len(synapses):
            post, first = self.network.post[synapses], int(synapses[0])
            targets = np.array(list(dict.fromkeys(post.tolist())), dtype=np.int64)
            self.reasons.append(f"into {some_paths(self.network, targets)}: {what(first)}")


def _neuron_integers(network: Network, scale: int, found: _Findings) -> dict[str, Array]:
    wide = {
        name: getattr(network, name).astype(np.int64)
        for name in ("threshold", "leak", "current_leak", "bias", "v_init", "refractory")
    }
    trivial = np.isin(wide["leak"], (0, MEMORYLESS))
    trivial &= np.isin(wide["current_leak"], (0, MEMORYLESS))
    if scale != 1:
        found.note(
            ~trivial,
            lambda j: (
                f"leak {network.leak[j]} and current_leak {network.current_leak[j]} round elsewhere"
                f" once weights are multiplied by {scale}: give weights, bias and threshold in"
                f" multiples of {UNIT}"
            ),
        )
    bias, v_init = wide["bias"] * scale, wide["v_init"] * scale
    silent = wide["threshold"] == NEVER
    # Where potentials are multiples of 64, so is the least that reaches the threshold.
    whole = trivial & (bias % UNIT == 0) & (v_init % UNIT == 0)
    least = np.where(silent, 0, wide["threshold"]) * scale
    highest = np.where(whole, -(-least // UNIT) * UNIT - UNIT, least - 1)
    fits_unit = silent | (highest % UNIT == 0)
    found.note(
        ~fits_unit,
        lambda j: (
            f"threshold {network.threshold[j]} is not one more than a multiple of {UNIT}"
            " (Loihi fires above its threshold)"
        ),
    )
    mantissa = np.where(silent, THRESHOLD_MANTISSA_MAX, highest // UNIT)
    found.note(
        fits_unit & ((mantissa < 0) | (mantissa > THRESHOLD_MANTISSA_MAX)),
        lambda j: (
            f"threshold {network.threshold[j]} must be from 1 to "
            f"{(THRESHOLD_MANTISSA_MAX * UNIT) // scale + 1}"
        ),
    )
    value = network.reset == RESETS.index("value")
    found.note(
        ~silent & ~(value & (network.reset_value == 0)),
        lambda j: (
            f'reset "{RESETS[network.reset[j]]}"'
            + (f" to {network.reset_value[j]}" if value[j] else "")
            + ": Loihi resets to 0"
        ),
    )
    always = network.draw_limit == 2**32
    found.note(
        ~silent & ~always,
        lambda j: (
            f"fires with probability {network.probability[j]:g}: the rule has none; Loihi's"
            " noise is another random process"
        ),
    )
    found.note(network.floor != NO_FLOOR, lambda j: f"floor {network.floor[j]}: Loihi has no floor")
    found.note(
        network.refractory_init > 0,
        lambda j: "starts in a refractory period, which Loihi does not",
    )
    found.note(
        wide["refractory"] + 1 > REFRACTORY_MAX,
        lambda j: f"refractory {network.refractory[j]} is above {REFRACTORY_MAX - 1}",
    )
    found.note(np.abs(v_init) > STATE_MAX, lambda j: f"v_init {network.v_init[j]} exceeds 24 bits")
    bias_mantissa, bias_exponent = _split(bias, BIAS_MANTISSA[1], BIAS_EXPONENT_MAX)
    found.note(
        (bias_mantissa < BIAS_MANTISSA[0]) | (bias_mantissa > BIAS_MANTISSA[1]),
        lambda j: f"bias {network.bias[j]} is not a mantissa of 13 bits times a power of two",
    )
    offset_u, offset_v = wide["current_leak"] > 0, wide["leak"] == MEMORYLESS
    return {
        "delta_u": wide["current_leak"] - offset_u,
        "offset_u": offset_u.astype(np.int64),
        "delta_v": wide["leak"] - offset_v,
        "offset_v": offset_v.astype(np.int64),
        "threshold_mantissa": mantissa,
        "bias_mantissa": bias_mantissa,
        "bias_exponent": bias_exponent,
        "refractory_delay": wide["refractory"] + 1,
        "v_init": v_init,
    }


def _synapse_integers(network: Network, scale: int, found: _Findings) -> dict[str, Array]:
    weight = network.weight.astype(np.int64) * scale
    mantissa, exponent = _split(weight // UNIT, WEIGHT_MANTISSA_MAX, WEIGHT_EXPONENT_MAX)
    uneven = weight % UNIT != 0
    found.note_synapses(uneven, lambda s: f"weight {network.weight[s]} is not a multiple of {UNIT}")
    found.note_synapses(
        ~uneven & (np.abs(mantissa) > WEIGHT_MANTISSA_MAX),
        lambda s: (
            f"weight {network.weight[s]} is not {UNIT // scale} times a mantissa of 8 bits and sign"
            f" times a power of two up to 2^{WEIGHT_EXPONENT_MAX}"
        ),
    )
    delay = network.delay.astype(np.int64)
    found.note_synapses(
        delay > DELAY_MAX,
        lambda s: f"delay {network.delay[s]} is above {DELAY_MAX} ticks: adapt adds relays",
    )
    return {"weight_mantissa": mantissa, "weight_exponent": exponent, "delay": delay - 1}


def _split(values: Array, mantissa_max: int, exponent_max: int) -> tuple[Array, Array]:
    """Return mantissa and exponent of each value; a mantissa above the largest is none."""
    mantissa, exponent = values.copy(), np.zeros_like(values)
    for _ in range(exponent_max):
        shift = (np.abs(mantissa) > mantissa_max) & (mantissa % 2 == 0)
        mantissa[shift] //= 2
        exponent[shift] += 1
    return mantissa, exponent


_ANY = 2**62


def _proven_ticks(network: Network, scale: int) -> Array:
    """Return the ticks (n,) for which no state leaves 24 bits, whatever spikes arrive.

    A state x that keeps the share 1 − k of itself and gains d at most stays below d/k. Potentials
    that fire are cut by their reset; saturated ones fire too.
    """
    n = network.n_neurons
    up, down = np.zeros(n), np.zeros(n)
    weight = network.weight.astype(np.float64) * scale
    np.add.at(up, network.post, np.maximum(weight, 0))
    np.add.at(down, network.post, np.maximum(-weight, 0))
    bias = network.bias.astype(np.float64) * scale
    fires = network.threshold != NEVER
    # The highest potential of a readout must not pass the highest threshold.
    room = STATE_MAX - np.abs(network.v_init.astype(np.float64)) * scale
    top = room - (STATE_MAX - THRESHOLD_MANTISSA_MAX * UNIT)
    keep_u, keep_v = network.current_leak / 4096, network.leak / 4096
    ticks = np.full(n, _ANY, dtype=np.int64)
    for drive, steady, limit, felt in (
        (up, np.maximum(bias, 0), top, ~fires),
        (down, np.maximum(-bias, 0), room, np.ones(n, dtype=bool)),
    ):
        np.minimum(ticks, _ticks_below(drive, keep_u, np.full(n, STATE_MAX)), out=ticks)
        current = np.divide(drive, keep_u, out=np.full(n, np.inf), where=keep_u > 0)
        current[drive == 0] = 0
        potential = np.maximum(
            _ticks_below(steady + current, keep_v, limit),
            # Without any leak the current grows by the drive, tick by tick.
            _ticks_of_ramp(steady + drive / 2, drive / 2, limit),
        )
        np.minimum(ticks, potential, out=ticks, where=felt)
    return ticks


def _ticks_below(rate: Floats, leak: Floats, limit: Floats) -> Array:
    """Return the ticks for which a sum that gains `rate` and loses the share `leak` stays in."""
    at_rest = (rate == 0) | (rate <= leak * limit)
    ticks = np.floor(np.maximum(limit, 0) / np.where(at_rest, 1, rate))
    below: Array = np.where(at_rest & (limit >= 0), _ANY, ticks.astype(np.int64))
    return below


def _ticks_of_ramp(rate: Floats, ramp: Floats, limit: Floats) -> Array:
    """Return the largest t for which rate·t + ramp·t² is at most `limit`."""
    slope = np.where(ramp > 0, ramp, 1.0)
    root = np.sqrt(rate**2 + 4 * slope * np.maximum(limit, 0))
    ticks: Array = ((root - rate) // (2 * slope)).astype(np.int64)
    return ticks
