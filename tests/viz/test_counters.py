from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import networkx as nx
import numpy as np
import pytest

from spikealg import diffusion
from spikealg.diffusion import Graph, Interval, Problem, load, solve
from spikealg.errors import InputError
from spikealg.viz.counters import plot_counters

mpl.use("Agg")
import matplotlib.pyplot as plt

ROD = Problem(Interval(0, 1, 6), diffusivity=1.0, boundary={"x+": "absorb"}, initial=0.5)


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def counts_of(solution, lane, steps):
    """Return how many walkers the readouts of a lane count before each step, (steps, V)."""
    run = solution.replay(steps, lane)
    readout = run.network.outputs["readout"].neurons
    begins = run.spikes.t[run.spikes.i == run.network.outputs["walk"].neurons[0]]
    assert len(begins) == steps + 1
    found = np.zeros((steps, len(readout)), dtype=int)
    for step, (first, last) in enumerate(pairwise(begins)):
        now = (run.spikes.t >= first) & (run.spikes.t < last)
        found[step] = [np.count_nonzero(now & (run.spikes.i == neuron)) for neuron in readout]
    live = solution.rates.live
    walkers = np.zeros((steps, len(live)), dtype=int)
    walkers[:, live] = found.reshape(steps, -1, live.sum()).sum(axis=1)
    return walkers


@pytest.mark.parametrize(
    ("circuit", "lanes"), [("published", 3), ("drain", 3), ("swap-tree", 2), ("paced", 2)]
)
def test_a_replay_has_the_spikes_of_the_solution(circuit, lanes):
    """All lanes together count what the solution counted, step by step."""
    dt = 1 / 6 / 36
    solution = solve(
        ROD, 4 * dt, t_eval=dt * np.arange(5), dt=dt, walkers=50, lanes=lanes, circuit=circuit,
        seed=3,
    )  # fmt: skip
    found = sum(counts_of(solution, lane, 4) for lane in range(lanes))
    np.testing.assert_array_equal(found, solution.counts[:4])


def test_walkers_that_were_added_until_a_tolerance_was_met_are_replayed_too():
    dt = 1 / 6 / 36
    solution = solve(ROD, dt, t_eval=[0, dt], dt=dt, rtol=0.008)
    assert len(solution.stages) > 1
    assert sum(stage.walkers for stage in solution.stages) == solution.walkers
    found = sum(counts_of(solution, lane, 1) for lane in range(solution.lanes))
    np.testing.assert_array_equal(found[0], solution.counts[0])


def test_a_replay_that_cannot_be_is_refused(tmp_path):
    solution = solve(ROD, 0.05, walkers=20, lanes=1)
    solution.save(tmp_path / "rod.npz")
    with pytest.raises(InputError, match="holds no run to replay: it was read from a file"):
        load(tmp_path / "rod.npz").replay()
    with pytest.raises(InputError, match="lane must be"):
        solution.replay(lane=1)
    with pytest.raises(InputError, match="steps must be"):
        solution.replay(steps=10**6)
    short = solve(diffusion.two_state_transport(), walkers=50)
    assert short.segments[0].steps == 1
    assert short.replay().ticks == short.replay(steps=1).ticks
    with pytest.raises(InputError, match="method='chain' has no counters to replay"):
        solve(ROD, 0.05, method="chain").replay()
    with pytest.raises(InputError, match="what can be replayed is a forward walk of one kind"):
        solve(diffusion.absorbing_rod(4), walkers=64).replay()
    # Who starts on a side that absorbs never walks, and the last lane is dealt nobody.
    ashore = replace(ROD, initial=lambda x: np.isclose(x, 0.5) + 1.0 * np.isclose(x, 1.0))
    with pytest.raises(InputError, match="lane 19 holds no walker"):
        solve(ashore, 0.05, walkers=20, lanes=20).replay(lane=19)


def test_a_mark_is_a_walker_and_a_line_begins_a_step():
    solution = solve(ROD, 0.05, walkers=20, lanes=1, circuit="direct", seed=1)
    (ax,) = plot_counters(solution).axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("tick", "x")
    assert ax.get_title(loc="left") == "circuit 'direct', lane 0 of 1: 20 walkers"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["counter A", "counter B"]
    marks = [collection.get_segments() for collection in ax.collections]
    counts = counts_of(solution, 0, 3)
    # Even steps are sent by one half of the circuit, odd steps by the other.
    assert [len(half) for half in marks] == [counts[::2].sum(), counts[1::2].sum()]
    begins = [line.get_xdata()[0] for line in ax.lines]
    run = solution.replay(3)
    assert begins == run.trace("walk").fired["walk"].nonzero()[0].tolist()
    middle = [segment[:, 1].mean() for segment in marks[0] if segment[0, 0] < begins[1]]
    np.testing.assert_allclose(middle, 0.5)


def test_nodes_have_their_names():
    problem = Problem(Graph(nx.path_graph(["a", "b", "c"])), initial="b")
    solution = solve(problem, 1.0, walkers=12, lanes=1, circuit="published")
    (ax,) = plot_counters(solution, steps=1).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.get_ylabel() == "node"
