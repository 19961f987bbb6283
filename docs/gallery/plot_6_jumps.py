"""
How do I price an option with jumps and a barrier?
==================================================

*The price of a share moves continuously, but sometimes it jumps (Merton). My option is void once
the price has been below a barrier. A callback that looks for crossings of paths does not see a jump
across it, and a continuous path can dip below between two time steps.*

Jumps are rates from vertex to vertex, and a side that absorbs takes whoever comes to it or jumps
past it. So neither of the two can be missed.
"""

# %%
# Values are those of the logarithm of the price, one walk backward from each of eight prices.

import math

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from spikealg import diffusion

strike, barrier, interest, sigma, maturity = 100.0, 90.0, 0.05, 0.2, 1.0
rate, mean, deviation = 0.5, -0.1, 0.15  # jumps per year, and by how much the logarithm jumps
spots = np.linspace(92, 126, 8)

growth = math.expm1(mean + deviation**2 / 2)  # so that the share earns interest, jumps included
low = math.log(barrier)


def call(n, jumps, side):
    """A call on about n cells that is void at the barrier if `side` absorbs."""
    return diffusion.Problem(
        diffusion.Interval(low if side else low - 2.0, low + 2.0, n if side else 2 * n),
        sigma=sigma,
        drift=interest - sigma**2 / 2 - (rate * growth if jumps else 0.0),
        jumps=diffusion.Jumps(rate, stats.norm(mean, deviation)) if jumps else None,
        payoff=lambda x: math.exp(-interest * maturity) * np.maximum(np.exp(x) - strike, 0),
        boundary="absorb" if side else {"x-": "absorb", "x+": "absorb"},
        at=list(np.log(spots)),
        t_span=maturity,
    )


prices = {
    "no jumps": diffusion.solve(call(80, False, True), method="chain").value,
    "jumps": diffusion.solve(call(80, True, True), method="chain").value,
    "jumps, no barrier": diffusion.solve(call(80, True, False), method="chain").value,
}
spikes = diffusion.solve(call(80, True, True), walkers=16_000)

figure, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
ax.errorbar(
    spots, spikes.value, yerr=2 * spikes.value_stderr, fmt="o", color="#44216b",
    label="jumps and barrier, spiking circuits ± 2 standard errors",
)  # fmt: skip
for (name, values), line in zip(prices.items(), ("--", "-", ":"), strict=True):
    ax.plot(spots, values, line, color="#22303c", linewidth=1, label=f"{name}, chain")
ax.axvline(barrier, color="#d1495b", linewidth=1, label="barrier")
ax.set(xlabel="price of the share [€]", ylabel="value of the option [€]", ylim=(0, None))
ax.legend(frameon=False)

# %%
# **How to read it.** Dots are values that walkers of a spiking circuit were paid, on the line of
# their chain. Without a barrier the option is worth more (dotted), most of all close to it. Jumps
# make it dearer than it is without them (dashed): what is lost by falls past the barrier is less
# than what may be gained above.
#
# **The check.** Circuits agree with the chain, and without jumps the chain with Merton's formula
# for a barrier that is watched all the time, `barrier_call` here.

print(spikes.check())
exact = diffusion.barrier_call(strike=strike, barrier=barrier).exact(maturity, np.log(spots))
print("without jumps, chain − exact:", np.round(prices["no jumps"] - exact, 3))
assert spikes.check().circuit.ok
assert np.abs(prices["no jumps"] - exact).max() < 0.05
assert (prices["jumps, no barrier"] > prices["jumps"]).all()
