"""
How do I solve a diffusion equation in a shape of my own?
=========================================================

*My domain is neither a box nor a disk: it has corners and holes, or it is a curved surface. Which
grid do I need, and what do I do at the boundary?*

Asked of py-pde (`issues 141 <https://github.com/zwicker-group/py-pde/issues/141>`_ and `333
<https://github.com/zwicker-group/py-pde/issues/333>`_). A shape is a domain like any other: give
its outline, or its triangles. The rest of the problem does not change.
"""

# %%
# An L-shaped room with a pillar, drawn as a polygon with a hole. Something is released in one
# corner and is lost at a door, a set of vertices that absorbs.

from spikealg import diffusion

outline = [(0, 0), (6, 0), (6, 3), (3, 3), (3, 5), (0, 5), (0, 0)]
pillar = [(3.6, 1.1), (3.6, 1.9), (4.4, 1.9), (4.4, 1.1), (3.6, 1.1)]
room = diffusion.Problem(
    diffusion.Polygon({"type": "Polygon", "coordinates": [outline, pillar]}, dx=0.2),
    diffusivity=1.0,
    boundary={"door": {"where": lambda x: (x[:, 1] > 4.8) & (abs(x[:, 0] - 1.5) < 0.5)}},
    initial=(5.5, 1.5),
)
smoke = diffusion.solve(room, 8.0, t_eval=[0.25, 1.0, 3.0, 8.0], walkers=10_000)
smoke.plot(units={"length": "m", "time": "s"})

# %%
# The surface of a ring. A file of triangles would be ``TriangleMesh.from_file("bunny.obj")``.

ring = diffusion.Problem(
    diffusion.Torus(major=1.0, minor=0.4, n=48), diffusivity=1.0, initial=(1.4, 0.0, 0.0)
)
heat = diffusion.solve(ring, 0.5, t_eval=[0.02, 0.1, 0.5], walkers=10_000)
heat.plot()

# %%
# **How to read it.** Colours tell decades of density on one scale for all times; cells and faces
# without a walker are empty or grey. Walkers go around the pillar and through the bend; what has
# come to the door is gone: ``smoke.exited["door"]``.
#
# **The check.** There is no formula for such a room, so the chain is compared with that of a mesh
# three times as fine, and the circuits with their chain. On the ring the mean of the distance from
# the axis is known in the long run: area is √(det g), so it is R + r²/2R = 1.08.

check = smoke.check()
print(check)
print(f"left by the door until t = 8 s: {smoke.exited['door'][-1]:.4f} "
      f"± {smoke.mass_stderr[-1]:.4f}")  # fmt: skip
long = diffusion.stationary(ring)
area = ring.domain.mass
distance = (ring.x[:, :2] ** 2).sum(axis=1) ** 0.5
print(f"mean distance from the axis: {long * area @ distance:.4f}, exact 1.08")
assert check.ok
assert heat.check().circuit.ok
assert abs(long * area @ distance - 1.08) < 2e-3
