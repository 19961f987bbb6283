"""What would be solved wrongly or for ever is refused, and told how to be put right."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pytest

from spikealg import memory
from spikealg.diffusion import Box, Chain, Graph, Interval, Jumps, PhaseSpace, Problem, solve
from spikealg.errors import InputError, InputTypeError, TooLargeError

ROD = Interval(0, 1, 10)


def refused(message, error=InputError):
    return pytest.raises(error, match=re.escape(message))


TRAP = {"where": [8], "value": 3.0}
LEAKY = Chain([[-2, 1.0], [0, 0]], nodes=["a", "killed"])


@pytest.mark.parametrize(
    ("domain", "settings"),
    [
        (ROD, {"diffusivity": 1.0, "killing": 2.0, "boundary": {"killed": TRAP}}),
        (Chain([[0, 1.0], [0, 0]], nodes=["a", "killed"]), {"killing": 2.0}),
        (Graph(nx.path_graph(["a", "b", "killed"])), {"killing": 2.0}),
        (LEAKY, {}),
    ],
)
def test_nothing_is_called_as_what_is_killed(domain, settings):
    settings.setdefault("boundary", {"killed": "absorb"})
    with refused(
        "boundary['killed'] has the name of what is killed, from which solution.exited could not "
        "tell it apart: give the set of vertices another name, or relabel the node"
    ):
        Problem(domain, **settings)


def test_a_set_is_worth_what_it_is_worth_by_another_name():
    # Beside killing, each pays its own: between 0.8 and the wall w'' = 2w, w(0.8) = 3.
    trap = Problem(
        Interval(0, 1, 40), diffusivity=1.0, killing=2.0, payoff=0.0, at=[0.2],
        boundary={"trap": {"where": [32], "value": 3.0}},
    )  # fmt: skip
    exact = 3 * np.cosh(np.sqrt(2) * 0.2) / np.cosh(np.sqrt(2) * 0.8)
    assert solve(trap, 5.0, method="chain").value == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("name", ["x-", "x"])
def test_a_set_has_not_the_name_of_a_side(name):
    with refused(
        f"boundary names {name!r} twice, as a side and as a set of vertices: give the set another"
    ):
        Problem(ROD, diffusivity=1.0, boundary={name: {"where": [8]}})


@pytest.mark.parametrize("own", [True, False], ids=["problem", "solve"])
def test_values_are_not_only_where_an_initial_condition_comes(own):
    states = Chain([[0, 0, 1.0], [0, 0, 1.0], [0, 0, 0]])
    mode = "backward" if own else None
    problem = Problem(states, initial=0, boundary={2: {"value": 5.0}}, mode=mode)
    found = solve(problem, 40.0, at=[0, 1], mode="backward", method="chain")
    np.testing.assert_allclose(found.value, 5)
    # Forward and steady, the state that nobody comes to is out of it.
    assert solve(problem, 1.0, mode="forward", method="chain").rates.live.tolist() == [
        True, False, False,
    ]  # fmt: skip
    assert problem.plan(1.0, mode="backward", method="chain", at=[1]).vertices == 2


@pytest.mark.parametrize("method", ["chain", "montecarlo"])
@pytest.mark.parametrize("at", [[0.5], None], ids=["points", "all"])
def test_nothing_paid_is_no_question(method, at):
    problem = Problem(ROD, diffusivity=1.0, boundary="absorb", mode="backward", t_span=1.0)
    with refused("nothing is paid, so all values are 0: give a payoff=, a source= or a given val"):
        solve(problem, at=at, method=method)


def in_time(x, t):
    return 1 + t + 0 * x


@pytest.mark.parametrize("name", ["diffusivity", "source"])
@pytest.mark.parametrize(("hold", "pieces"), [(1e-9, "1e+09"), (1e-300, "1e+300")])
def test_more_pieces_than_anyone_waits_for(name, hold, pieces):
    problem = Problem(ROD, **{"diffusivity": 1.0, name: in_time}, initial=0.5, hold=hold)
    with refused(
        f"hold = {hold:g} cuts 1 of time into {pieces} pieces, which are more than 100000: take "
        "hold >= 1e-05; its error is of order 2",
        TooLargeError,
    ):
        solve(problem, 1.0, method="chain")


def test_more_pieces_than_there_is_memory(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**22)
    monkeypatch.setattr("spikealg.solvers.diffusion.pieces.available_bytes", lambda: 2**22)
    problem = Problem(ROD, diffusivity=in_time, initial=0.5, hold=2e-4)
    with refused(
        "hold = 0.0002 cuts 1 of time into 5e+03 pieces, which would need about", TooLargeError
    ) as error:
        solve(problem, 1.0, method="chain")
    advised = float(str(error.value).rpartition("hold >= ")[2])
    assert 2e-4 < advised < 5e-3


def of_two(x, t):
    return x > t


MAY = "only diffusivity, sigma, drift, killing and source may depend on time, as f(x, t)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Jumps(of_two, {0.1: 1.0}), "rate takes x only, got a function of (x, t): " + MAY),
        (lambda: PhaseSpace(0, 1, 5, scattering=of_two), "scattering takes x only, got"),
        (lambda: rod(initial=of_two), "initial takes x only, got a function of (x, t): " + MAY),
        (lambda: rod(payoff=of_two), "payoff takes x only, got a function of (x, t)"),
        (
            lambda: rod(boundary={"x-": {"value": of_two}}),
            "boundary['x-']['value'] takes x only, got a function of (x, t): " + MAY,
        ),
        (
            lambda: rod(boundary={"trap": {"where": of_two}}),
            "boundary['trap']['where'] takes x only, got a function of (x, t): " + MAY,
        ),
        (
            lambda: rod(boundary={"trap": {"where": [3], "value": of_two}}),
            "boundary['trap']['value'] takes x only",
        ),
        (lambda: rod(exact=lambda x: x), "exact takes (t, x), got a function of (x)"),
        (
            lambda: rod(drift=lambda x, y, t: x),
            "drift takes (x) or (x, t), got a function of (x,",
        ),
        (lambda: rod(source=lambda: 1.0), "source takes (x) or (x, t), got a function of ()"),
    ],
)
def test_functions_of_other_arguments(make, message):
    with refused(message, InputTypeError):
        make()


def rod(**settings):
    return Problem(ROD, **{"diffusivity": 1.0} | settings)


def test_functions_that_can_be_called_are_taken():
    taken = (np.cos, lambda x, scale=1.0: scale + 0 * x, lambda *args: 1 + 0 * args[0])
    for source in taken:
        rod(source=source, initial=np.ones_like, exact=lambda t, x, terms=9: x)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"diffusivity": 1 + 2j}, "diffusivity must hold real numbers, got (1+2j)"),
        ({"drift": lambda x: 1j * x}, "drift(x) must hold real numbers, got"),
        ({"initial": np.full(11, 1 + 0j)}, "initial must hold real numbers, got array([1.+0.j"),
    ],
)
def test_complex_numbers_are_not_cut(settings, message):
    with refused(message, InputTypeError):
        Problem(ROD, **{"diffusivity": 1.0} | settings)


def test_bad_values_say_where_and_when():
    # Held from 0.5 to 1, in whose middle 1 − 2t is −0.5.
    problem = Problem(
        ROD, diffusivity=lambda x, t: np.where(x < 0.3, 1.0, 1 - 2 * t), initial=0.5, hold=0.5
    )
    with refused(
        "diffusivity(x, t = 0.75)[3] at x = 0.35 must be a finite number of at least 0, got -0.5"
    ):
        solve(problem, 1.0, method="chain")
    with refused("diffusivity(x)[0] at x = 0.125, 0 must be a finite number of at least 0, got"):
        Problem(Box((0, 0), (1, 1), 4), diffusivity=lambda x: -x[:, 0])
    with pytest.raises(InputError, match=r"boundary\['x-'\]\['value'\]\(x\)\[0\] at x = 0 must"):
        Problem(ROD, diffusivity=1.0, boundary={"x-": {"value": lambda x: x / np.nan}})
