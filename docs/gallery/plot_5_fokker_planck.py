"""
What is the stationary Fokker–Planck equation, in plain terms?
==============================================================

*A particle is pushed down the slope of a potential and kicked at random. Where is it after a long
time? I read that I have to find the null space of an operator; what does that mean?*

Take very many particles. In a short time some go from place i to place j, and some the other way.
When as many come as go, everywhere, the crowd does not change any more, although each particle
moves on: that is the stationary density. "Coming and going" is a matrix Q of rates from place to
place, and "does not change" is pQ = 0. That is all that "null space" means.
"""

# %%
# A double well U = h(x² − 1)²/4 with thermal noise: dX = −U′(X) dt + σ dW.

import matplotlib.pyplot as plt
import numpy as np

from spikealg import diffusion

h, sigma = 2.0, 1.0


def potential(x):
    return h / 4 * (x**2 - 1) ** 2


def boltzmann(t, x):
    """The exact answer: e^(−2U/σ²), of total 1."""
    fine = np.linspace(-3, 3, 6001)
    total = np.exp(-2 * potential(fine) / sigma**2).sum() * (fine[1] - fine[0])
    return np.exp(-2 * potential(x) / sigma**2) / total


problem = diffusion.Problem(
    diffusion.Interval(-2, 2, 60),
    sigma=sigma,
    drift=lambda x: -h * x * (x**2 - 1),
    initial=1.0,
    exact=boltzmann,
)

# %%
# Three ways to the same answer: wait and count walkers; average over the way of walkers; solve pQ =
# 0.

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained", sharey=True)
waited = diffusion.solve(problem, 10.0, t_eval=[0.1, 1.0, 3.0, 10.0], walkers=3_000)
waited.plot(axes=left)
left.legend(frameon=False, fontsize="small")
averaged = diffusion.solve(problem, 40.0, mode="steady", method="montecarlo", walkers=2_000)
averaged.plot(axes=right)
right.plot(problem.x, diffusion.stationary(problem), ":", color="#d1495b", label="pQ = 0")
right.legend(frameon=False, fontsize="small")

# %%
# **How to read it.** Left: all walkers start in the right-hand well. They fill it at once, and then
# leak over the barrier until both wells hold the same. The dashed curve, the exact stationary
# density, is drawn at each time as the goal. Right: the density averaged over the second half of a
# long walk; it is on the dotted solution of pQ = 0 and on e^(−2U/σ²).
#
# **The check.** The null vector is exact for the chain; its distance from e^(−2U/σ²) is the
# discretisation, and falls as Δx².

errors = []
for n in (60, 120):
    finer = diffusion.Problem(
        diffusion.Interval(-2, 2, n), sigma=sigma, drift=problem.drift, initial=1.0
    )
    errors.append(np.abs(diffusion.stationary(finer) - boltzmann(0, finer.x)).max())
print(f"largest error: {errors[0]:.1e} with 60 cells, {errors[1]:.1e} with 120")
print(f"half of the walkers are on the left at t = 10: "
      f"{waited.expectation(lambda x: x < 0).value[-1]:.3f}")  # fmt: skip
assert 3 < errors[0] / errors[1] < 5
assert averaged.check().circuit.ok
