"""Two questions about a solution, with a tolerance each, that are never mixed.

Circuit: do the walkers behave as their own chain says? That is statistics alone. Chain: how far is
the chain from the truth? That is discretisation alone, without a random number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spikealg.errors import CheckFailedError
from spikealg.solvers.diffusion.accuracy.circuit_check import (
    SIGNIFICANCE,
    CircuitCheck,
    compare_groups,
)
from spikealg.solvers.diffusion.accuracy.reference import compare, expected_groups
from spikealg.solvers.diffusion.walks.methods import CIRCUITS_OF

if TYPE_CHECKING:
    from spikealg.solvers.diffusion.solution import Solution

__all__ = ["ChainCheck", "Check", "check"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ChainCheck:
    """The chain against a reference: discretisation, no statistics.

    Attributes
    ----------
    ok : bool
        Whether the chain is finite, and the reference too where there is one. How large an error
        is acceptable is for the user to say: it is reported, not judged.
    reference : str
        "exact" (``problem.exact``), "refined" (the chain on half the mesh width and a quarter of
        the step) or "not applicable".
    reason : str
        Why there is no reference; empty if there is one.
    time : (R,) float64
        The times that were compared: the recorded ones after the start.
    relative_l2, max_error : (R,) float64
        Distance from the reference: √(Σ m_v e_v² / Σ m_v u_v²) over live vertices of mass m_v,
        and the largest magnitude of e_v [density]. Sinks, whose density is 0 by contract, do not
        count.
    order : float or None
        log₂ of how much closer the refined chain is to the exact solution; known where there is an
        exact solution, the refined chain is cheap, and both errors are more than rounding.
    """

    ok: bool
    reference: str
    reason: str
    time: FloatArray
    relative_l2: FloatArray
    max_error: FloatArray
    order: float | None


@dataclass(frozen=True, repr=False)
class Check:
    """What `Solution.check` found; ``str(check)`` is a table, and so is a look at it in a shell.

    Attributes
    ----------
    ok : bool
        ``circuit.ok and chain.ok``, and the standard error is known.
    circuit : CircuitCheck
        The walkers against their chain.
    chain : ChainCheck
        The chain against a reference.
    statistical : float
        Relative standard error of the density at the last time, ‖stderr‖ / ‖density‖ with the norm
        of ``chain.relative_l2``; infinite where there is no density, or the error is not known.
    known : bool
        Whether the standard error is: a source has one if four walkers at least stand for it, a
        value at a point if two do.
    method : str
        Method of the solution.
    probability_bits : int
        To how many bits the circuit's probabilities were rounded. Below 32 the rounding is an
        error of its own, which the circuit's test finds if there are walkers enough.
    """

    ok: bool
    circuit: CircuitCheck
    chain: ChainCheck
    statistical: float
    known: bool
    method: str
    probability_bits: int

    def raise_if_failed(self) -> None:
        """Raise `CheckFailedError`, which holds the table, unless ``ok``."""
        if not self.ok:
            raise CheckFailedError(f"the solution failed its check\n{self}")

    @property
    def verdict(self) -> str:
        """One sentence that compares the statistical with the discretisation error."""
        drawn = f"statistical error {self.statistical:.1e}" if self.statistical else "no draws"
        if not self.known:
            drawn = "statistical error not known"
        elif np.isinf(self.statistical):
            drawn = "no density at the end"
        if not self.chain.relative_l2.size:
            return f"{drawn}, discretisation error not known"
        error = float(self.chain.relative_l2[-1])
        both = f"{drawn}, discretisation error {error:.1e}: "
        if error > self.statistical:
            return both + "a finer mesh would help" + (" more" if self.statistical else "")
        return both + "more walkers would help more"

    def __str__(self) -> str:
        circuit, chain = self.circuit, self.chain
        rounded = f"the circuit's probabilities have {self.probability_bits} bits"
        rows = []
        if self.method == "chain":
            rows.append(("walkers", True, "none were drawn: counts are expectations"))
        elif circuit.dof == 0 and circuit.largest_z == 0 and circuit.p_value > 0:
            rows.append(("walkers against chain", True, "too few walkers, or places, to test"))
        else:
            rows.append(
                (
                    f"{'circuit' if self.method in CIRCUITS_OF else 'walkers'} against chain",
                    circuit.p_value >= SIGNIFICANCE,
                    (
                        f"χ² = {circuit.chi_square:.1f} on {circuit.dof} degrees of freedom at "
                        f"t = {circuit.time:g}, "
                        if circuit.dof
                        else "times spent at vertices, "
                    )
                    + f"p = {circuit.p_value:.2g}, "
                    f"largest deviation {circuit.largest_z:.1f} σ, "
                    f"a bias of {100 * circuit.detectable_bias:.2g} % would show"
                    + ("" if self.probability_bits == 32 else f"; {rounded}"),
                )
            )
        if not self.known:
            rows.append(("standard error", False, "not known: there are too few walkers of a kind"))
        rows.append(("walkers conserved", circuit.conserved, "at every recorded time"))
        if chain.reference == "not applicable":
            rows.append(("chain against reference", chain.ok, f"not applicable: {chain.reason}"))
        else:
            order = "" if chain.order is None else f", order {chain.order:.2f}"
            rows.append(
                (
                    f"chain against {chain.reference}",
                    chain.ok,
                    f"relative L2 {chain.relative_l2[-1]:.2e}, "
                    f"largest error {chain.max_error[-1]:.2e} at t = {chain.time[-1]:g}{order}",
                )
            )
        lines = [f"{name:24} {'ok' if ok else 'FAILED':7} {what}" for name, ok, what in rows]
        lines.append(f"{'in short':24} {'':7} {self.verdict}")
        return "\n".join(lines)

    __repr__ = __str__


def check(solution: Solution) -> Check:
    """Return what `Solution.check` documents."""
    expected = expected_groups(solution)
    circuit = compare_groups(solution, expected)
    reference = compare(solution, expected)
    chain = ChainCheck(
        ok=bool(
            all(np.isfinite(group.counts).all() for group in expected)
            and np.isfinite(reference.relative_l2).all()
            and np.isfinite(reference.max_error).all()
        ),
        reference=reference.kind,
        reason=reference.reason,
        time=reference.time,
        relative_l2=reference.relative_l2,
        max_error=reference.max_error,
        order=reference.order,
    )
    statistical, known = _statistical(solution)
    return Check(
        ok=circuit.ok and chain.ok and known,
        circuit=circuit,
        chain=chain,
        statistical=statistical,
        known=known,
        method=solution.method,
        probability_bits=solution.probability_bits,
    )


def _statistical(solution: Solution) -> tuple[float, bool]:
    """Return the relative standard error of the answer at the end, and whether it is known."""
    weight = solution.rates.mass * solution.rates.live
    if solution.mode == "backward":
        answer, error = solution.value, solution.value_stderr
        weight = np.ones(len(answer)) if solution.points else weight
    else:
        answer, error = solution.density[-1], solution.stderr[-1]
    answer, error, weight = (array[weight > 0] for array in (answer, error, weight))
    norm, known = float(np.sqrt(weight @ answer**2)), bool(np.isfinite(error).all())
    return float(np.sqrt(weight @ error**2)) / norm if norm > 0 else float("inf"), known
