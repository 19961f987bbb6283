"""What a problem refuses, and in which words; what it accepts in several forms."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pytest

from spikealg.errors import InputError, InputTypeError, TooLargeError
from spikealg.solvers.diffusion.domains.graph import Graph
from spikealg.solvers.diffusion.domains.lattice import Box, Interval
from spikealg.solvers.diffusion.domains.polygon import Polygon
from spikealg.solvers.diffusion.equation.coefficients import evaluate
from spikealg.solvers.diffusion.equation.stationary import stationary
from spikealg.solvers.diffusion.library.forward import gamblers_ruin, ornstein_uhlenbeck
from spikealg.solvers.diffusion.library.rod import heat_rod
from spikealg.solvers.diffusion.problem import Problem
from spikealg.solvers.diffusion.solve import solve
from spikealg.solvers.diffusion.walks import chain

ROD = Interval(0, 1, 10)
SHEET = Box((0, 0), (1, 1), 4)
CLUB = Graph(nx.karate_club_graph())
LAND = Polygon({"type": "Polygon", "coordinates": [[(0, 0), (1, 0), (1, 1), (0, 1)]]}, n=4)


def refused(message, domain=ROD, **settings):
    settings.setdefault("diffusivity", 1.0)
    with pytest.raises((InputError, InputTypeError), match=re.escape(message)):
        Problem(domain, **settings)


SETTINGS = [
    ({"mode": "sideways"}, "mode must be one of 'forward', 'backward', 'steady', got 'sideways'"),
    ({"sigma": 1.0}, "diffusivity and sigma cannot be given together"),
    ({"diffusivity": None}, "diffusivity or sigma is needed: give one of them"),
    ({"drift_scheme": "best"}, "drift_scheme must be one of 'central', 'upwind', got 'best'"),
    ({"exact": 1.0}, "exact must be a function exact(t, x), got 1.0"),
    ({"dt": "soon"}, "dt must be a positive number or 'auto', got 'soon'"),
    ({"dt": 0}, "dt must be a finite number above 0, got 0.0"),
    ({"t_span": (1, 1)}, "t_span must end after it starts, got 1 to 1"),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS)
def test_bad_settings(settings, message):
    refused(message, **settings)


def test_a_domain_that_is_none():
    refused("TriangleMesh, Graph, PhaseSpace or Chain, got (0, 1)", domain=(0, 1))
    with pytest.raises(InputTypeError, match=r"PhaseSpace or Chain, got <class '.*Interval'>"):
        Problem(Interval, diffusivity=1.0)


COEFFICIENTS = [
    (ROD, {"diffusivity": -1.0}, "diffusivity must be a finite number of at least 0, got -1.0"),
    (
        ROD,
        {"diffusivity": float("nan")},
        "diffusivity must be a finite number of at least 0, got nan",
    ),
    (
        ROD,
        {"diffusivity": lambda x: x - 0.5},
        "diffusivity(x)[0] at x = 0.05 must be a finite number of at least 0, got -0.45",
    ),
    (
        ROD,
        {"diffusivity": lambda x: x[:3]},
        "diffusivity(x) must be a number or shape (10,), got shape (3,)",
    ),
    (
        ROD,
        {"diffusivity": np.ones(7)},
        "diffusivity must be a number or shape (11,), got shape (7,)",
    ),
    (ROD, {"diffusivity": True}, "diffusivity must be a number, an array or a function, got True"),
    (ROD, {"diffusivity": "big"}, "diffusivity must hold real numbers, got 'big'"),
    (ROD, {"diffusivity": "1"}, "diffusivity must hold real numbers, got '1'"),
    (
        ROD,
        {"diffusivity": None, "sigma": np.full(11, -1.0)},
        "sigma[0] must be a finite number of at least 0",
    ),
    (ROD, {"drift": [np.inf] * 11}, "drift[0] must be a finite number, got inf"),
    (SHEET, {"drift": 1.0}, "drift must be shape (2,) or shape (25, 2), got shape ()"),
    (LAND, {"diffusivity": np.eye(2)}, "got shape (2, 2); full tensors need a Box"),
    (
        CLUB,
        {"drift": 1.0},
        "drift has no direction on a Graph: give a networkx.DiGraph with weights",
    ),
]


@pytest.mark.parametrize(("domain", "settings", "message"), COEFFICIENTS)
def test_bad_coefficients(domain, settings, message):
    refused(message, domain=domain, **settings)


BOUNDARIES = [
    (
        ROD,
        "open",
        "one of 'reflect', 'neumann', 'absorb', 'dirichlet', 'periodic', or {'value': g}",
    ),
    (
        ROD,
        {"y-": "absorb"},
        "boundary has no side 'y-': the sides are 'x-', 'x+' ('x' for both of an axis)",
    ),
    (ROD, {"x-": "open"}, "boundary['x-'] must be one of 'reflect'"),
    (
        ROD,
        {"x-": "periodic"},
        "boundary is periodic on one side of an axis only: 'x-' is 'periodic', 'x+' is "
        "'reflect': make both periodic or neither",
    ),
    (
        ROD,
        {"x-": "absorb", "x": "reflect"},
        "boundary names both 'x' and 'x-', which is one of its sides: give the two sides, or",
    ),
    (
        ROD,
        3,
        "'dirichlet', 'periodic', or a dict with one of them for each side, got 3",
    ),
    (Interval(0, 1, 2), "periodic", "n must be at least 3 along the periodic axis 'x', got 2"),
    (Interval(0, 1, 1), "absorb", "all 2 vertices lie on absorbing sides: take a finer domain"),
    (CLUB, "absorb", "boundary='absorb' would absorb every node: name them, as in {0: 'absorb'}"),
    (CLUB, {"Mr Hi": "absorb"}, "boundary has no node 'Mr Hi' in the graph"),
    (
        CLUB,
        {0: "periodic"},
        "boundary[0] must be one of 'reflect', 'neumann', 'absorb', 'dirichlet', or {'value'",
    ),
]


@pytest.mark.parametrize(("domain", "boundary", "message"), BOUNDARIES)
def test_bad_boundaries(domain, boundary, message):
    refused(message, domain=domain, boundary=boundary)


def test_words_have_synonyms_and_axes_have_two_sides():
    absorbing = Problem(SHEET, diffusivity=1.0, boundary={"y": "dirichlet", "x-": "neumann"})
    assert absorbing.rates.sides == ("y-", "y+")
    assert absorbing.rates.live.sum() == 15


INITIAL = [
    (ROD, 1.5, "initial point 1.5 lies outside the domain: x must be from 0 to 1"),
    (
        SHEET,
        (0.5, -0.1),
        "initial point (0.5, -0.1) lies outside the domain: y must be from 0 to 1",
    ),
    (ROD, float("nan"), "initial must be a finite number, got nan"),
    (ROD, np.zeros(11), "initial has mass 0: it must be positive somewhere in the domain"),
    (
        ROD,
        np.ones(4),
        "initial must be a point or have one value per vertex, shape (11,), got shape (4,)",
    ),
    (SHEET, np.ones((25, 1)), "one value per vertex, shape (25,), got shape (25, 1)"),
    (SHEET, lambda x: np.ones(1), "initial(x) must be a number or have one value per vertex"),
    (SHEET, 0.5, "initial must be a density or a point of 2 numbers (x, y), got 0.5"),
    (LAND, 0.5, "initial must be a density or a point of 2 numbers (x, y), got 0.5"),
    (LAND, [0.5], "initial must be a point or have one value per vertex, shape (16,), got"),
    (CLUB, np.ones(1), "one value per vertex, shape (34,), got shape (1,)"),
    (
        ROD,
        lambda x: x / np.where(x > 0.5, np.nan, 1),
        "initial(x)[6] at x = 0.6 must be a finite number, got nan",
    ),
    (ROD, {0.5: 1.0}, "initial must be a density or a point on a lattice, got a dict"),
    (CLUB, 99, "initial node 99 is not in the graph"),
    (CLUB, {0: 0.0}, "initial has mass 0"),
]


@pytest.mark.parametrize(("domain", "initial", "message"), INITIAL)
def test_bad_starts(domain, initial, message):
    refused(message, domain=domain, initial=initial)


def test_a_point_on_a_line_in_all_its_forms():
    line = Box(0, 1, 10)
    for domain, initial in ((ROD, [0.25]), (line, 0.25), (line, (0.25,)), (line, np.array([0.25]))):
        start = Problem(domain, diffusivity=1.0, initial=initial).start
        np.testing.assert_allclose(start.probability[[2, 3]], 0.5)
        assert start.total == 1


def test_a_start_on_a_sink():
    refused(
        "all of initial lies on absorbing sides, where walkers leave at once: start inside",
        boundary="absorb",
        initial=0.0,
    )
    # Split between a sink and a vertex: the share of the sink has left at once.
    problem = Problem(ROD, diffusivity=1.0, boundary="absorb", initial=0.025)
    walk = chain.walk(problem.rates.transition(1e-3), problem.start.probability, np.array([0]))
    np.testing.assert_allclose(walk.exited, [[0.75, 0]])
    assert walk.counts.sum() == pytest.approx(0.25)


def test_initial_mass_is_kept():
    density = Problem(ROD, diffusivity=1.0, initial=lambda x: 3 + 0 * x).start
    assert density.total == pytest.approx(3)
    np.testing.assert_allclose(density.probability[[0, 1, 10]], [0.05, 0.1, 0.05])
    assert Problem(CLUB, initial={0: 2.0, 5: 1.0}).start.total == 3.0
    assert Problem(CLUB, initial=np.ones(34)).start.total == 34.0
    missing = Problem(ROD, diffusivity=1.0)
    with pytest.raises(InputError, match="initial is needed to walk forward: give a density or a"):
        _ = missing.start


def test_too_long_a_step_names_vertex_bound_and_remedy():
    rates = Problem(ROD, diffusivity=lambda x: 1 + x).rates
    with pytest.raises(
        InputError,
        match=re.escape(
            "dt = 0.1 is too long: vertex 10 (x = 1) is left at rate 390, and dt times this rate "
            "must be at most 1: take dt <= 0.0025641 or dt='auto'"
        ),
    ):
        rates.choose_dt(0.1)
    with pytest.raises(InputError, match=r"dt = 0\.1 is too long"):
        rates.transition(0.1)
    with pytest.raises(InputError, match="dt must be a positive number or 'auto', got 'now'"):
        rates.choose_dt("now")
    assert rates.choose_dt() * rates.max_rate == pytest.approx(0.5)
    assert rates.choose_dt(1 / 390) == 1 / 390
    with pytest.raises(InputError, match="is too long"):
        rates.choose_dt((1 + 1e-8) / 390)


def test_a_step_at_its_bound_may_be_stretched_to_whole_steps():
    problem = Problem(ROD, diffusivity=1.0, initial=0.5)
    for end in (7 / 200 * (1 + 9e-10), 7 / 200 * (1 - 9e-10)):
        solution = solve(problem, end, dt=1 / 200 * (1 + 1e-10), method="chain")
        assert solution.steps == 7
        assert solution.mass[-1] == pytest.approx(1, abs=1e-13)
        assert solution.check().ok


def test_too_strong_a_drift_names_vertex_bound_and_remedy():
    message = (
        "drift at vertex 4 (x = 0.4) is too strong for the mesh: |drift| * dx = 5 must be at most "
        "sigma**2 (2 * diffusivity) = 2: take n >= 25 or drift_scheme='upwind'"
    )
    strong = np.zeros(11)
    strong[4] = -50.0
    refused(message, drift=strong)
    strong[4] = 50.0
    refused(message, drift=strong)
    assert Problem(Interval(0, 1, 25), diffusivity=1.0, drift=50.0).rates.between.data.min() > 0
    assert Problem(ROD, diffusivity=1.0, drift=50.0, drift_scheme="upwind").rates.max_rate > 0
    refused("take n >= 50 along 'y' or", domain=SHEET, drift=(1.0, 100.0))
    refused("= 0: take drift_scheme='upwind'", diffusivity=0.0, drift=1.0)


def test_advice_about_drift_holds():
    """The vertices of a finer mesh come closer to the ends, where the drift is stronger."""
    with pytest.raises(InputError, match=r"take n >= 48 or drift_scheme='upwind'"):
        ornstein_uhlenbeck(n=20)
    with pytest.raises(InputError, match="take n >= 48 or"):
        ornstein_uhlenbeck(n=47)
    assert ornstein_uhlenbeck(n=48).rates.between.data.min() > 0


def test_upwind_needs_no_diffusion():
    problem = Problem(
        Interval(0, 1, 10), drift=1.0, drift_scheme="upwind", boundary="periodic", initial=0.0
    )
    transition = problem.rates.transition(0.1)
    counts = chain.walk(transition, problem.start.probability, np.array([3])).counts[0]
    np.testing.assert_allclose(counts, np.eye(10)[3], atol=1e-15)


def test_coefficients_in_all_their_forms_are_the_same():
    def rates(**settings):
        return Problem(SHEET, **settings).rates.between.toarray()

    one = rates(diffusivity=(2.0, 1.0), drift=(1.0, -1.0))
    for settings in (
        {"diffusivity": np.tile([2.0, 1.0], (25, 1)), "drift": np.tile([1.0, -1.0], (25, 1))},
        {"diffusivity": lambda x: (2.0, 1.0), "drift": lambda x: 0 * x + [1.0, -1.0]},
        {"sigma": np.sqrt([4.0, 2.0]), "drift": (1.0, -1.0)},
    ):
        np.testing.assert_allclose(rates(**settings), one, atol=1e-12)
    linear = Problem(ROD, diffusivity=lambda x: 1 + x).rates.between
    array = Problem(ROD, diffusivity=1 + ROD.mesh().x).rates.between
    np.testing.assert_allclose(linear.toarray(), array.toarray())


def test_functions_are_not_asked_about_no_places():
    rates = Problem(ROD, diffusivity=lambda x: 1 + x / x.max(), boundary="absorb").rates
    assert rates.between.toarray()[5, 6] == pytest.approx(100 * (1 + 0.55 / 0.95))


def test_a_value_per_place_is_not_one_per_axis():
    places = np.array([[0.0, 0.0], [1.0, 0.0]])
    values = evaluate("diffusivity", lambda x: 1 + x[:, 0], places, 2)
    np.testing.assert_array_equal(values, [[1, 1], [2, 2]])
    drift = evaluate("drift", lambda x: (3.0, 4.0), places, 2, vector=True)
    np.testing.assert_array_equal(drift, [[3, 4], [3, 4]])


def test_callables_get_positions_in_the_shape_of_x():
    seen = []

    def watch(x):
        seen.append(x.shape)
        return 1.0

    Problem(ROD, diffusivity=watch)
    Problem(SHEET, sigma=watch, drift=lambda x: 0 * x)
    assert all(len(shape) == 1 for shape in seen[:1])
    assert (25, 2) in seen


def test_masses_and_places():
    mesh = Interval(0, 2, 4).mesh("reflect")
    np.testing.assert_allclose(mesh.x, [0, 0.5, 1, 1.5, 2])
    np.testing.assert_allclose(mesh.mass, [0.25, 0.5, 0.5, 0.5, 0.25])
    ring = Interval(0, 2, 4).mesh("periodic")
    np.testing.assert_allclose(ring.x, [0, 0.5, 1, 1.5])
    np.testing.assert_allclose(ring.mass, 0.5)
    box = Box((0, 0), (1, 1), (2, 1)).mesh("reflect")
    np.testing.assert_allclose(box.grid(box.mass), [[0.125, 0.125], [0.25, 0.25], [0.125, 0.125]])
    np.testing.assert_allclose(box.grid(box.x[:, 0])[:, 0], [0, 0.5, 1])


DOMAINS = [
    (lambda: Interval(1, 0, 5), "upper must be greater than lower = 1, got 0"),
    (lambda: Interval(0, 1, 0), "n must be a whole number of at least 1, got 0"),
    (lambda: Interval(0, 1, 2.5), "n must be a whole number of at least 1, got 2.5"),
    (lambda: Interval(0, np.inf, 5), "upper must be a finite number, got inf"),
    (lambda: Box((0,) * 4, (1,) * 4, 3), "lower must hold one to three numbers, got shape (4,)"),
    (lambda: Box((0, 0), (1,), 3), "upper must hold as many numbers as lower (2), got shape (1,)"),
    (lambda: Box((0, 0), (1, 0), 3), "upper[1] must be greater than lower = 0, got 0"),
    (
        lambda: Box((0, 0), (1, 1), (3, 3, 3)),
        "n must be one number or one per axis (2), got (3, 3, 3)",
    ),
    (lambda: Graph([[0, 1]]), "graph must be a networkx graph, got [[0, 1]]"),
    (lambda: Graph(nx.Graph()), "graph must have at least one node"),
    (
        lambda: Graph(nx.path_graph(2), laplacian="signless"),
        "laplacian must be one of 'combinatorial', 'random-walk', got 'signless'",
    ),
    (
        lambda: Graph(nx.Graph([(0, 1, {"weight": -2.0})])),
        "weight of edge 0 -> 1 must be a finite number of at least 0, got -2.0",
    ),
    (
        lambda: Graph(nx.Graph([(0, 1, {"weight": "far"})])),
        "weight of edge 0 -> 1 must be a finite number of at least 0, got 'far'",
    ),
    (lambda: CLUB.mesh().grid(np.ones(34)), "a Graph is no lattice: its values have one axis"),
    (lambda: ROD.mesh().grid(np.ones(4)), "values must have shape (..., 11), got (4,)"),
    (
        lambda: ROD.mesh().restrict(Interval(0, 1, 15).mesh(), np.ones(16)),
        "fine must be the mesh of this domain after refine()",
    ),
]


@pytest.mark.parametrize(("make", "message"), DOMAINS)
def test_bad_domains(make, message):
    with pytest.raises((InputError, InputTypeError), match=re.escape(message)):
        make()


def test_a_lattice_that_cannot_fit_is_refused_before_it_is_made():
    with pytest.raises(TooLargeError, match="a lattice of 100001 x 100001 x 100001 vertices would"):
        Problem(Box((0, 0, 0), (1, 1, 1), 100_000), diffusivity=1.0)


def test_refining_needs_functions():
    fine = Problem(ROD, diffusivity=lambda x: 1 + x, initial=0.2, dt=1e-3).refine(3)
    assert len(fine.x) == 31
    assert fine.dt == "auto"
    arrays = Problem(ROD, diffusivity=np.ones(11))
    with pytest.raises(
        InputError, match="diffusivity is an array per vertex, which does not exist"
    ):
        arrays.refine()


def test_stationary_needs_one_closed_part():
    leaky = Problem(ROD, diffusivity=1.0, boundary={"x+": "absorb"})
    with pytest.raises(
        InputError, match=r"loses no walkers, but they leave by x\+: take reflecting"
    ):
        stationary(leaky)
    two = Problem(Graph(nx.disjoint_union(nx.path_graph(2), nx.path_graph(3))))
    with pytest.raises(
        InputError, match="the vertices fall into 2 parts that walkers cannot leave"
    ):
        stationary(two)
    trap = Problem(Graph(nx.DiGraph([(0, 1), (1, 2), (2, 1)])))
    np.testing.assert_allclose(stationary(trap), [0, 0.5, 0.5])


def test_library_problems_carry_what_they_need():
    for problem in (heat_rod(), heat_rod("reflect"), ornstein_uhlenbeck(), gamblers_ruin()):
        assert problem.mode == "forward"
        assert problem.t_span[1] > 0
        exact = problem.exact(problem.t_span[1], problem.x)
        assert exact.shape == problem.x.shape
    for make in (lambda: heat_rod("reflect"), ornstein_uhlenbeck):
        with pytest.raises(InputError, match="t must be above 0"):
            make().exact(0, ROD.mesh().x)


def test_problems_show_themselves():
    text = repr(Problem(ROD, diffusivity=1.0, boundary="absorb", initial=0.5))
    assert (
        text == "Problem(Interval(lower=0.0, upper=1.0, n=10), diffusivity=1.0, boundary='absorb')"
    )


def test_functions_are_named_without_their_place_in_memory():
    walls = {"x-": {"value": 2.5}, "trap": {"where": lambda x: x > 0.7, "value": abs}}
    problem = Problem(Interval(0, 1, 8), diffusivity=lambda x: 1 + x, boundary=walls, initial=0.5)
    assert repr(problem).endswith(
        "diffusivity=<function>, boundary={'x-': {'value': 2.5}, "
        "'trap': {'where': <function>, 'value': <function>}})"
    )
