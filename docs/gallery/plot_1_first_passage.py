"""
When does a noisy process first reach a threshold?
==================================================

*I simulate dX = v dt + σ dW. How do I get the distribution of the time at which X first crosses a
level? Paths on a time grid miss crossings between grid points, so my times are too long.*

Asked of sdeint (`issue 22 <https://github.com/mattja/sdeint/issues/22>`_). Make the level a side
that absorbs, and let time end when the last walker has left. Absorption is recorded in every step
of the walk, so nothing is to be searched for in paths. On a lattice a walker cannot pass a vertex
without being at it, so no crossing is missed either.
"""

# %%
# Evidence for one of two answers drifts from 0 until it meets a bound at −1 or at 1.
# `decision_model` is this problem ready-made; written out it is:

import math

from spikealg import diffusion

problem = diffusion.Problem(
    diffusion.Interval(-1, 1, 40),
    drift=0.5,
    sigma=1.0,
    boundary="absorb",
    initial=0.0,
    exact=diffusion.decision_model().exact,
)
solution = diffusion.solve(problem, t_span=(0, math.inf), walkers=20_000)
passage = solution.first_passage()
print(passage)
passage.plot(units={"time": "s"})

# %%
# **How to read it.** A bar is the part of all walkers that leaves in a stretch of time, per second;
# the two sides are stacked, so the outline is the density of deciding at all, and the dark part
# that of the wrong answer. The dashed line is the exact density: it stays within the error bars,
# which are ± 2 standard errors. The legend says how many take each side and how long it takes on
# average.
#
# **The check.** The chain knows mean and sides without walkers. The exact ones are 1/(1 + e⁻¹) =
# 0.7311 for the upper bound and (2·0.7311 − 1)/0.5 = 0.9242 for the mean time.

exact = 1 / (1 + math.exp(-1))
chain = diffusion.solve(problem, t_span=(0, math.inf), method="chain").first_passage()
print(f"upper bound: walkers {passage.probability('x+'):.4f} ± "
      f"{passage.probability_stderr('x+'):.4f}, chain {chain.probability('x+'):.4f}, "
      f"exact {exact:.4f}")  # fmt: skip
print(f"mean time:   walkers {passage.mean:.4f} ± {passage.mean_stderr:.4f}, "
      f"chain {chain.mean:.4f}, exact {(2 * exact - 1) / 0.5:.4f}")  # fmt: skip
assert abs(passage.probability("x+") - exact) < 4 * passage.probability_stderr("x+")
assert abs(passage.mean - (2 * exact - 1) / 0.5) < 4 * passage.mean_stderr
