"""The integer neuron of spikealg as a Brian2 model; a tick is a time step of 1 ms.

In every tick a neuron with potential v, synaptic current i and c refractory ticks left does this
(integers only; L(x, k) rounds x·(4096 − k)/4096 toward zero):

1. i ← L(i, current_leak) + the weights of the spikes that arrive
2. if c > 0: c ← c − 1, and nothing else happens in this tick
3. v ← max(L(v, leak) + i + bias + injected, floor)
4. it spikes if v ≥ threshold and its draw is below a limit
5. on a spike v is reset and c ← refractory

Here `current` is i and `pause` is c. Steps 1 to 3 are UPDATE, which runs before thresholds are
compared; spikes that arrive are added to `arriving`, so that the reset cannot erase them. A spike
of tick t over a synapse of delay d is there when tick t + d begins: Brian2's delay is d − 1 steps.
Doubles hold these integers exactly. Brian2 does not know that they are integers: a potential
beyond 2³¹ is an error of spikealg, and is not noticed here.

The draw of a neuron is a pure function of seed, stream, tick and lane, computed by Philox4x32-10
(Salmon et al., SC 2011), so that every simulator draws alike. Bit k of the draw of a lane, the most
significant first, is bit (lane mod 64) of a word: half of the block with key (seed mod 2³²,
⌊seed/2³²⌋) and counter (⌊lane/128⌋, stream, tick, k).
"""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
import numpy.typing as npt

EQUATIONS = """
v : 1
current : 1
arriving : 1                # weights of the spikes that arrive in this tick
pause : 1                   # refractory ticks left
paused : boolean
keep : 1 (constant)         # what is left of v after a tick, (4096 - leak)/4096
current_keep : 1 (constant) # what is left of the current
bias : 1 (constant)
lowest : 1 (constant)       # floor of v
theta : 1 (constant)        # threshold
retained : 1 (constant)     # on a spike v becomes retained*v + after
after : 1 (constant)
refractory_ticks : 1 (constant)
limit : 1 (constant)        # a neuron at threshold spikes if its 32-bit draw is below
stream : 1 (constant)
lane : 1 (constant)
seed_low : 1 (constant)
seed_high : 1 (constant)
column : integer (constant) # of the injected values; column 0 is empty
"""

UPDATE = """
current = toward_zero(current*current_keep) + arriving
arriving = 0
paused = pause > 0
pause = pause - int(paused)
integrated = toward_zero(v*keep) + current + bias + injected(t, column)
v = int(paused)*v + int(not paused)*clip(integrated, lowest, inf)
"""

THRESHOLD = """not paused and v >= theta
and below(limit, seed_low, seed_high, stream, t_in_timesteps, lane) > 0"""

RESET = """
v = retained*v + after
pause = refractory_ticks
"""

BELOW = """
#include <stdint.h>
static inline int below(double limit, double seed_low, double seed_high, double stream,
                        double tick, double lane) {
    if (limit >= 4294967296.0) return 1;
    const uint64_t bound = (uint64_t)limit, number = (uint64_t)lane;
    for (uint32_t plane = 0; plane < 32; plane++) {
        uint32_t c0 = (uint32_t)(number >> 7), c1 = (uint32_t)stream, c2 = (uint32_t)tick;
        uint32_t c3 = plane, k0 = (uint32_t)seed_low, k1 = (uint32_t)seed_high;
        for (int round = 0; round < 10; round++) {
            const uint64_t p0 = 0xD2511F53ULL * c0, p1 = 0xCD9E8D57ULL * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c1 = (uint32_t)p1;
            c3 = (uint32_t)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const uint32_t half = (number >> 5) & 1 ? ((number >> 6) & 1 ? c3 : c1)
                                                : ((number >> 6) & 1 ? c2 : c0);
        const int drawn = (half >> (number & 31)) & 1, wanted = (bound >> (31 - plane)) & 1;
        if (drawn != wanted) return drawn < wanted;
    }
    return 0;
}
"""

TOWARD_ZERO = """
#include <math.h>
static inline double toward_zero(double x) { return trunc(x); }
"""

IN_CYTHON = '''
cdef extern from *:
    """{}"""
    {}
'''


def draw_bit(
    plane: int, seed_low: Any, seed_high: Any, stream: Any, tick: int, lane: Any
) -> npt.NDArray[np.uint64]:
    """Return one bit of the draws of neurons; all arrays are uint64 and hold 32 bits."""
    low = np.uint64(2**32 - 1)
    word = np.uint64(32)
    c0, c1 = lane >> np.uint64(7), stream
    c2, c3 = np.full_like(lane, tick), np.full_like(lane, plane)
    k0, k1 = seed_low, seed_high
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> word) ^ c1 ^ k0, p1 & low, (p0 >> word) ^ c3 ^ k1, p0 & low
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & low, (k1 + np.uint64(0xBB67AE85)) & low
    odd = (lane >> np.uint64(6)) & np.uint64(1) == 1
    half = np.where(odd, c2 | (c3 << word), c0 | (c1 << word))
    bit: npt.NDArray[np.uint64] = (half >> (lane & np.uint64(63))) & np.uint64(1)
    return bit


@brian2.implementation("cpp", TOWARD_ZERO)
@brian2.implementation("cython", IN_CYTHON.format(TOWARD_ZERO, "double toward_zero(double)"))
@brian2.check_units(x=1, result=1)
def toward_zero(x: Any) -> npt.NDArray[np.float64]:
    """Return x without its fraction; Brian2's own floor is int32 in NumPy, too narrow for −2³¹."""
    whole: npt.NDArray[np.float64] = np.trunc(x)
    return whole


@brian2.implementation("cpp", BELOW)
@brian2.implementation(
    "cython",
    IN_CYTHON.format(BELOW, "int below(double, double, double, double, double, double)"),
)
@brian2.check_units(limit=1, seed_low=1, seed_high=1, stream=1, tick=1, lane=1, result=1)
def below(
    limit: Any, seed_low: Any, seed_high: Any, stream: Any, tick: Any, lane: Any
) -> npt.NDArray[np.bool_]:
    """Return whether the draws of neurons are below their limits; arrays of float64, shape (n,)."""
    result: npt.NDArray[np.bool_] = limit >= 2.0**32
    undecided = np.flatnonzero(~result)
    columns = [seed_low, seed_high, stream, lane]
    for plane in range(32):
        at = [column[undecided].astype(np.uint64) for column in columns]
        drawn = draw_bit(plane, at[0], at[1], at[2], int(tick), at[3])
        wanted = (limit[undecided].astype(np.uint64) >> np.uint64(31 - plane)) & np.uint64(1)
        result[undecided[drawn < wanted]] = True
        undecided = undecided[drawn == wanted]
        if undecided.size == 0:
            break
    return result


def in_lanes(
    neurons: dict[str, Any], synapses: dict[str, Any], lanes: int, first_lane: int, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return neurons and synapses of `lanes` copies of a network of n neurons.

    Neuron j of the copy ℓ is neuron ℓ·n + j, and draws as lane `first_lane` + ℓ.
    """
    n = len(neurons["theta"])
    cells = {name: np.tile(np.asarray(values), lanes) for name, values in neurons.items()}
    cells["lane"] = np.repeat(first_lane + np.arange(lanes), n)
    cells["seed_low"] = np.full(lanes * n, seed % 2**32)
    cells["seed_high"] = np.full(lanes * n, seed // 2**32)
    links = {name: np.tile(np.asarray(values), lanes) for name, values in synapses.items()}
    offset = np.repeat(n * np.arange(lanes), len(synapses["pre"]))
    links["pre"], links["post"] = links["pre"] + offset, links["post"] + offset
    return cells, links


def build(cells: dict[str, Any], links: dict[str, Any], injected: dict[str, Any]) -> Any:
    """Return a Brian2 network of "neurons", "synapses" (if any) and their "spikes".

    Parameters
    ----------
    cells : dict of name in EQUATIONS to array (cells,)
    links : dict of "pre", "post", "weight", "delay" to array (synapses,)
        Delays in ticks, at least 1.
    injected : dict of "tick", "neuron", "value" to array
        Values added to potentials; those of one tick and neuron add up.

    Returns
    -------
    brian2.Network
    """
    step = 1 * brian2.ms
    neuron, column = np.unique(np.asarray(injected["neuron"], dtype=int), return_inverse=True)
    # Brian2 holds the last row for ever: it is empty.
    values = np.zeros((np.max(injected["tick"], initial=-1) + 2, len(neuron) + 1))
    np.add.at(values, (np.asarray(injected["tick"], dtype=int), column + 1), injected["value"])
    count = len(cells["theta"])
    columns = np.zeros(count, dtype=int)
    columns[neuron] = 1 + np.arange(len(neuron))
    group = brian2.NeuronGroup(
        count,
        EQUATIONS,
        threshold=THRESHOLD.replace("\n", " "),
        reset=RESET,
        dt=step,
        name="neurons",
        namespace={
            "injected": brian2.TimedArray(values, dt=step),
            "below": below,
            "toward_zero": toward_zero,
        },
    )
    group.run_regularly(UPDATE, dt=step, when="before_thresholds", name="update")
    for name, array in cells.items():
        setattr(group, name, array)
    group.column = columns
    network = brian2.Network(group, brian2.SpikeMonitor(group, name="spikes"))
    if len(links["pre"]):
        synapses = brian2.Synapses(
            group,
            group,
            "weight : 1 (constant)",
            on_pre="arriving_post += weight",
            dt=step,
            name="synapses",
            namespace={},
        )
        synapses.connect(i=links["pre"], j=links["post"])
        synapses.weight = links["weight"]
        synapses.delay = (links["delay"] - 1) * step
        network.add(synapses)
    return network


def run(network: Any, ticks: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Run a network of `build` on the current device; return neuron and tick of each spike."""
    network.run(ticks * brian2.ms, namespace={})
    spikes = network["spikes"]
    tick = np.rint(np.asarray(spikes.t / brian2.ms)).astype(np.int64)
    return np.asarray(spikes.i[:], dtype=np.int64), tick
