"""
How do I keep an SDE between walls?
===================================

*My variable is a concentration and must stay between 0 and 1. How do I simulate dX = b dt + σ dW
that is reflected at a wall, absorbed by it, or held back by a wall that lets some through?*

Clipping a path at a wall is wrong: it piles up probability at the wall, by an amount that depends
on the time step. Here walls are part of the walk: each side of the domain has a word that says what
it does.
"""

# %%
# One drift towards the right wall, and four kinds of that wall:

import matplotlib.pyplot as plt
import numpy as np

from spikealg import diffusion

WALLS = {
    "reflect": "reflect",
    "absorb": "absorb",
    "mixed: absorbs in part": {"type": "mixed", "value": 2.0, "const": 0.0},
    "periodic: both walls are one": "periodic",
}
figure, axes = plt.subplots(2, 2, figsize=(11, 7), layout="constrained", sharey=True)
checks = {}
for ax, (name, wall) in zip(axes.flat, WALLS.items(), strict=True):
    problem = diffusion.Problem(
        diffusion.Interval(0, 1, 32),
        sigma=1.0,
        drift=2.0,
        boundary=wall if wall == "periodic" else {"x-": "reflect", "x+": wall},
        initial=0.5,
    )
    solution = diffusion.solve(problem, 0.3, t_eval=[0.05, 0.3], walkers=10_000)
    checks[name] = solution.check()
    solution.plot(axes=ax)
    ax.legend(frameon=False, loc="upper left", fontsize="small")
    ax.set_title(f"{name}; {solution.mass[-1]:.3f} still inside", loc="left", fontsize="medium")

# %%
# **How to read it.** A curve is the density of X at a time, with ± 2 standard errors. A wall that
# reflects gathers what the drift brings, and all of it is still inside. At a wall that absorbs the
# density is 0. The mixed wall, −∂u/∂n = 2u, is between the two. With joined walls the drift carries
# X around, and the density becomes even.
#
# **The check.** The reflected density in the long run is known: it grows as e^(2bx/σ²). Circuits
# agree with their chain at every wall, by χ² over all vertices and both times.

for name, check in checks.items():
    print(f"{name:30} p = {check.circuit.p_value:.3f}")
    assert check.circuit.ok
steady = diffusion.stationary(
    diffusion.Problem(diffusion.Interval(0, 1, 160), sigma=1.0, drift=2.0, initial=0.5)
)
x = np.linspace(0, 1, 161)
error = np.abs(steady - 4 * np.exp(4 * x) / np.expm1(4)).max()
print(f"stationary density: largest error {error:.1e} of {4 * np.exp(4) / np.expm1(4):.2f}")
assert error < 1e-3
