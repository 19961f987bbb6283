"""
What is the smallest advection–diffusion example?
=================================================

*I have a concentration that is carried by a flow and spreads on the way, ∂u/∂t = D ∂²u/∂x² − v
∂u/∂x. How do I write this down, and how do I know that I got it right?*

Asked of py-pde (`issue 205 <https://github.com/zwicker-group/py-pde/issues/205>`_).
"""

# %%
import numpy as np

from spikealg import diffusion

D, v = 0.1, 1.0
problem = diffusion.Problem(
    diffusion.Interval(0, 1, 64),
    diffusivity=D,
    drift=v,
    boundary="periodic",
    initial=lambda x: 1 + np.cos(2 * np.pi * x),
    exact=lambda t, x: 1 + np.exp(-4 * np.pi**2 * D * t) * np.cos(2 * np.pi * (x - v * t)),
)
solution = diffusion.solve(problem, 0.4, t_eval=[0, 0.1, 0.2, 0.4], walkers=40_000)
solution.plot(units={"length": "m", "time": "s"})

# %%
# **How to read it.** The wave moves to the right by v·t and fades as e^(−4π²Dt). Bands are ± 2
# standard errors of 40 000 walkers, dashed is the exact solution. `diffusion.advection_diffusion`
# is this problem ready-made.
#
# **The check** has two parts that are never mixed: whether the walkers do what their chain says,
# and how far the chain is from the truth. The first is statistics and falls as one over the root of
# the walkers, the second is discretisation and falls with the mesh.

print(solution.check())
assert solution.check().ok

# %%
# Where the flow is strong for the mesh, ``|v|Δx > 2D``, the problem is refused with the number of
# cells that would do. ``drift_scheme="upwind"`` takes any flow, with an error of order 1.

try:
    diffusion.Problem(
        diffusion.Interval(0, 1, 64), diffusivity=0.001, drift=v, boundary="periodic", initial=0.5
    )
except ValueError as error:
    print(error)

# %%
# The same in motion:

moving = diffusion.solve(
    problem, 0.4, t_eval=np.linspace(0, 0.4, 9), method="chain"
).animate(fps=5)  # fmt: skip
