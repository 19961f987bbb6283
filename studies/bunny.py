"""Diffusion on the Stanford bunny by density circuits, against the eigenmodes of its mesh.

SPIKEALG_DATA=/path/to/data python -m studies.bunny

Walkers start together at the topmost vertex. With eigenpairs of the generator, −Qφ = λφ, the mean
of φ over walkers, the *amplitude* of the mode, is φ(x0)(1 − λΔt)^N after N steps. Its standard
error is that of a mean of independent walkers.

Rates are told by how the amplitude of one recorded time follows from that before. For each walker
φ(X)(1 − λΔt)^−N is a martingale, so what amplitudes a_j deviate by from r·a_(j−1), where
r = (1 − λΔt)^n over n steps, is uncorrelated, with variance s_j² − r²s_(j−1)², s the standard
errors of the amplitudes. Weighted least squares give r, its standard error, and by it the rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from benchmarks.report import Table
from spikealg.diffusion import (
    Problem,
    Solution,
    Sphere,
    TriangleMesh,
    convergence,
    solve,
    sphere_heat,
)
from spikealg.learners.data.files import DataFile
from spikealg.solvers.diffusion.accuracy.convergence import fitted_order
from spikealg.solvers.diffusion.equation.rates import Rates
from spikealg.viz.figure import INK, new_axes, tidy
from studies.picture import Picture
from studies.record import RESULTS, Record, read

FloatArray = npt.NDArray[np.float64]

MESH = DataFile(
    "mesh/stanford-bunny.obj",
    "1eb35d1e21ce99e5ce911353b6be278990713448dd9e8f5c9387f9de39b32205",
    "the Stanford 3D Scanning Repository, graphics.stanford.edu/data/3Dscanrep, as .obj",
)
MAX_RATE = "p99.9"
"""What slivers may ask for: the mass of one vertex in a thousand is enlarged."""
MODES, WALKERS, SEED = 40, 100_000, 0
TIMES = np.linspace(0, 1e-4, 11)[1:]
STDERRS, WITHIN = 4, 0.02
"""What is asked: amplitudes within so many standard errors, rates within this part."""
SPHERES = (1, 2, 3, 4)
"""Subdivisions of the icospheres."""


@dataclass(frozen=True)
class Modes:
    """The slowest modes of a walk that forgets where it started, without the constant one.

    Attributes
    ----------
    rate : (K,) float64
        λ [1/time], increasing.
    shape : (V, K) float64
        φ, with Σ m φ_k φ_l = δ_kl, m the masses of the vertices.
    residual : float
        The largest |Qφ + λφ|, as a part of the highest rate of the mesh times the largest |φ|.
    """

    rate: FloatArray
    shape: FloatArray
    residual: float


def modes_of(rates: Rates, count: int) -> Modes:
    """Return the `count` slowest modes by scipy's Lanczos iteration, inverted, of √m·Q/√m."""
    from scipy.sparse.linalg import eigsh

    root = np.sqrt(rates.mass)
    scaled = sparse.diags_array(root) @ -rates.generator @ sparse.diags_array(1 / root)
    start = np.random.default_rng(0).standard_normal(len(root))
    below = -1e-6 * rates.max_rate  # Q itself is singular
    found, vectors = eigsh(((scaled + scaled.T) / 2).tocsc(), k=count + 1, sigma=below, v0=start)
    order = np.argsort(found)[1:]
    rate, shape = found[order], vectors[:, order] / root[:, None]
    off = np.abs(rates.generator @ shape + rate * shape).max()
    return Modes(rate, shape, float(off / rates.max_rate / np.abs(shape).max()))


def amplitudes(solution: Solution, modes: Modes, walkers: int) -> tuple[FloatArray, FloatArray]:
    """Return the amplitudes of the modes at the start and all recorded times.

    Parameters
    ----------
    solution : Solution
        Forward, of mass 1; walkers or the chain.
    modes : Modes
    walkers : int
        So many the standard errors are of.

    Returns
    -------
    amplitude, stderr : (T + 1, K) float64
        The standard error at the start is that of where walkers start: 0 if at one vertex.
    """
    first = solution.problem.start.probability
    share = np.vstack([first, solution.density * solution.rates.mass])
    amplitude = share @ modes.shape
    variance = np.maximum(share @ modes.shape**2 - amplitude**2, 0)
    return amplitude, np.sqrt(variance / (walkers - 1))


def fitted_rates(
    amplitude: FloatArray, stderr: FloatArray, dt: float, steps: int
) -> tuple[FloatArray, FloatArray]:
    """Return the rates by which amplitudes fall, and their standard errors, (K,) each.

    Parameters
    ----------
    amplitude, stderr : (T + 1, K) float64
        As `amplitudes` gives them, at equal distances of time.
    dt : float
        Length of a step.
    steps : int
        From one recorded time to the next.
    """
    before, after = amplitude[:-1], amplitude[1:]
    ratio = after[-1] / before[-1]
    for _ in range(3):  # the weights depend on it, but hardly
        weight = 1 / (stderr[1:] ** 2 - ratio**2 * stderr[:-1] ** 2)
        information = (weight * before**2).sum(axis=0)
        ratio = (weight * before * after).sum(axis=0) / information
    root = ratio ** (1 / steps)
    return (1 - root) / dt, root / (ratio * steps * dt * np.sqrt(information))


def on_mesh(
    problem: Problem, count: int, times: FloatArray, walkers: int, seed: int
) -> dict[str, Any]:
    """Return what walkers and the chain make of the slowest modes of a mesh.

    Parameters
    ----------
    problem : Problem
        Forward, nothing of it absorbing, from a point.
    count : int
        Modes.
    times : (T,) float64
        Recorded, in equal distances from 0.
    walkers, seed : int
    """
    modes = modes_of(problem.rates, count)
    walk = solve(problem, t_eval=times, walkers=walkers, seed=seed)
    chain = solve(problem, t_eval=times, method="chain")
    steps, rest = divmod(walk.steps, len(times))
    assert rest == 0, "recorded times are in equal distances"
    seen, stderr = amplitudes(walk, modes, walkers)
    exact, foreseen = amplitudes(chain, modes, walkers)
    powers = steps * np.arange(len(times) + 1)[:, None]
    expected = seen[0] * (1 - modes.rate * walk.dt) ** powers
    rate, rate_stderr = fitted_rates(seen, stderr, walk.dt, steps)
    by_chain, rate_foreseen = fitted_rates(exact, foreseen, walk.dt, steps)
    return {
        "vertices": len(walk.x),
        "area": problem.rates.mass.sum(),
        "walkers": walkers,
        "times": times,
        "dt": walk.dt,
        "steps": walk.steps,
        "lanes": walk.lanes,
        "neurons": walk.circuit_summary().neurons,
        "circuit": asdict(walk.check().circuit),
        "residual": modes.residual,
        "eigenvalue": modes.rate,
        "start": seen[0],
        "amplitude": seen[-1],
        "amplitude stderr": stderr[-1],
        "z": ((seen - expected)[1:] / stderr[1:]).T,
        "rate": rate,
        "rate stderr": rate_stderr,
        "chain": {
            "amplitude, off": np.abs(exact - expected).max() / np.abs(seen[0]).max(),
            "rate, off": np.abs(by_chain / modes.rate - 1).max(),
            "rate stderr": rate_foreseen,
        },
    }


def on_spheres(levels: tuple[int, ...] = SPHERES) -> dict[str, Any]:
    """Return how errors fall on icospheres: of heat, by the chain, and of the eigenvalues.

    Of the sphere they are l(l + 1), 2l + 1 times; those of l = 1, 2, 3 are compared.
    """
    heat = convergence(sphere_heat(levels[0]), levels=len(levels))
    true = np.repeat([2.0, 6.0, 12.0], [3, 5, 7])
    worst = [
        np.abs(modes_of(Problem(Sphere(1.0, k), diffusivity=1.0).rates, 15).rate / true - 1).max()
        for k in levels
    ]
    order, stderr = fitted_order(heat.size, np.array(worst))
    return {
        "width": heat.size,
        "vertices": heat.vertices,
        "heat": {"error": heat.relative_l2, "order": heat.order, "stderr": heat.order_stderr},
        "eigenvalues": {"error": worst, "order": order, "stderr": stderr},
    }


def run(record: Record) -> None:
    """Walk on the bunny, converge on spheres, and record both."""
    MESH.read()  # that it is this edition
    bunny = TriangleMesh.from_file(MESH.locate(), max_rate=MAX_RATE)
    top = bunny.x[bunny.x[:, 1].argmax()]
    problem = Problem(bunny, diffusivity=1.0, initial=top, t_span=TIMES[-1])
    found = on_mesh(problem, MODES, TIMES, WALKERS, SEED)
    plain = Problem(TriangleMesh.from_file(MESH.locate()), diffusivity=1.0).rates
    found["max_rate"] = {
        "given": MAX_RATE,
        "steps, times": plain.max_rate / problem.rates.max_rate,
        "eigenvalues, off": np.abs(
            found["eigenvalue"] / modes_of(plain, MODES).rate - 1
        ).max(),
    }  # fmt: skip
    record.figures |= {"bunny": found, "spheres": on_spheres()}


def tables(results: Path = RESULTS) -> list[Table]:
    """Return what was asked and found on the bunny, its modes, and the errors on spheres."""
    if not (results / "bunny.json").exists():
        return []
    figures = read("bunny", results)["figures"]
    return [_verdict(figures["bunny"]), _modes(figures["bunny"]), _spheres(figures["spheres"])]


def _verdict(found: Mapping[str, Any]) -> Table:
    circuit, chain = found["circuit"], found["chain"]
    z, off = np.array(found["z"]), _off(found)
    stderr = np.array(found["rate stderr"]) / found["eigenvalue"]
    rows = [
        [
            "walkers against the chain, χ²",
            "p > 0.001",
            f"p = {circuit['p_value']:.3f} at the worst time: χ² = {circuit['chi_square']:,.1f}, "
            f"{circuit['dof']:,} degrees of freedom",
        ],
        [
            f"amplitudes, {z.shape[0]} modes, {z.shape[1]} times",
            f"within {STDERRS} standard errors",
            f"the farthest {np.abs(z).max():.2f}",
        ],
        [
            f"decay rates, {len(off)} modes",
            f"within {WITHIN:.0%}",
            f"the farthest {np.abs(off).max():.2%}; standard errors {stderr.min():.2%} to "
            f"{stderr.max():.2%}",
        ],
        ["amplitudes by the chain", "", f"{chain['amplitude, off']:.0e} of the largest"],
        ["decay rates by the chain", f"within {WITHIN:.0%}", f"within {chain['rate, off']:.0e}"],
    ]
    note = (
        f"{found['vertices']:,} vertices, {found['neurons']:,} neurons, {found['walkers']:,} "
        f"walkers, {found['lanes']} lanes, {found['steps']:,} steps to t = {found['times'][-1]:g}. "
        f"`max_rate={found['max_rate']['given']!r}` saves a factor of "
        f"{found['max_rate']['steps, times']:.1f} in steps and moves no eigenvalue by more than "
        f"{found['max_rate']['eigenvalues, off']:.1e}."
    )
    return Table("Diffusion on the bunny, D = 1", ("what", "asked", "found"), rows, note)


def _modes(found: Mapping[str, Any]) -> Table:
    rate, stderr = (np.array(found[name]) for name in ("rate", "rate stderr"))
    foreseen = np.array(found["chain"]["rate stderr"])
    rows = [
        [
            str(k + 1),
            f"{value:.1f}",
            f"{found['start'][k] * np.sqrt(found['area']):+.3f}",
            f"{found['z'][k][-1]:+.2f}",
            f"{rate[k]:.1f} ± {stderr[k]:.1f}",
            f"{rate[k] / value - 1:+.2%}",
            f"{stderr[k] / value:.2%}",
            f"{foreseen[k] / value:.2%}",
        ]
        for k, value in enumerate(found["eigenvalue"])
    ]
    columns = (
        "mode", "λ, scipy", "φ(x0)", "amplitude at the end, standard errors off",
        "rate of the walkers", "off", "standard error", "by the chain",
    )  # fmt: skip
    note = (
        "φ in terms of its root mean square over the surface. *By the chain*: the standard error "
        "that so many walkers must have."
    )
    return Table("Modes of the bunny", columns, rows, note)


def _spheres(found: Mapping[str, Any]) -> Table:
    heat, values = found["heat"], found["eigenvalues"]
    rows = [
        [f"{n:,}", f"{h:.4f}", f"{a:.2e}", f"{b:.2e}"]
        for n, h, a, b in zip(
            found["vertices"], found["width"], heat["error"], values["error"], strict=True
        )
    ]
    orders = [f"{part['order']:.3f} ± {part['stderr']:.3f}" for part in (heat, values)]
    rows.append(["order", "", *orders])
    note = (
        "Heat: relative L2 error of the chain against 1 + z·e^(−2t) at t = 0.25. Eigenvalues: the "
        "largest relative error of the fifteen after 0, which are 2, 6 and 12."
    )
    return Table("Icospheres", ("vertices", "mesh width", "heat", "eigenvalues"), rows, note)


def _off(found: Mapping[str, Any]) -> FloatArray:
    return np.asarray(np.array(found["rate"]) / found["eigenvalue"] - 1)


def pictures(results: Path = RESULTS) -> list[Picture]:
    """Return the picture of the rates."""
    if not (results / "bunny.json").exists():
        return []
    found = read("bunny", results)["figures"]["bunny"]
    caption = (
        "Decay rates of the bunny's modes by walkers, off scipy's eigenvalues, ± 2 standard errors"
    )
    return [Picture("bunny.png", caption, lambda: plot(found))]


def plot(found: Mapping[str, Any], *, axes: Any = None) -> Any:
    """Draw how far rates are off the eigenvalues, with two standard errors, and what was asked."""
    (ax,) = new_axes(1, axes, columns=1, width=7.0, height=3.2)
    value = np.array(found["eigenvalue"])
    error = 200 * np.array(found["rate stderr"]) / value
    ax.errorbar(value, 100 * _off(found), yerr=error, fmt="o", markersize=3, linewidth=1)
    for bound in (-100 * WITHIN, 100 * WITHIN):
        ax.axhline(bound, color=INK, linewidth=0.8, linestyle="--")
    ax.set(xlabel="eigenvalue λ", ylabel="rate of the walkers, off by [%]")
    tidy(ax)
    return ax.figure


def main() -> None:
    """Run and record the study."""
    with Record("bunny", {"walkers": SEED}) as record:
        run(record)
    for table in tables():
        print(table.text())


if __name__ == "__main__":
    main()
