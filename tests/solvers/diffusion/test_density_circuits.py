"""Every density circuit: its laws in every step, and its agreement with the chain it walks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from spikealg.engine import simulate
from spikealg.errors import InputError
from spikealg.solvers.diffusion.accuracy.goodness import goodness
from spikealg.solvers.diffusion.density_circuits import CIRCUITS, make_circuit
from spikealg.solvers.diffusion.walks import chain, density
from spikealg.solvers.diffusion.walks.lanes import crowd
from tests.helpers import FAST_KERNELS
from tests.transitions import cheapest_tree, random_transition, transition_of

SEEDS = range(4)
RING_OF_9 = transition_of([{(v + 1) % 9: 0.5, v - 1 if v else 8: 0.5} for v in range(9)])
NAMES = tuple(CIRCUITS)


class Laws:
    """What the construction of a circuit promises, worked out vertex by vertex."""

    def __init__(self, name, transition):
        self.name, exits = name, transition.exits
        self.plan = {"tree": "published", "swap-tree": "swap"}.get(name, name)
        by_tree = name not in ("published", "swap")
        self.targets = np.split(exits.target, exits.indptr[1:-1])
        self.chances = np.split(exits.probability, exits.indptr[1:-1])
        # Gates that send a walker on, and ticks, on the way to each exit.
        find = ways_by_tree if by_tree else ways_by_chain
        sent_on, ways = zip(*(find(chances.tolist()) for chances in self.chances), strict=True)
        self.ticks = np.array([max(way) for way in ways])
        self.pause = np.array(
            [
                max([max(way) - 1, 1] + [w for w, t in zip(way, ts, strict=True) if t < 0])
                for way, ts in zip(ways, self.targets, strict=True)
            ]
        )
        # Spikes of a walker that takes an exit: counted out, read, sent on, moved back.
        own = {"published": 4, "swap": 3}.get(self.plan, 1)
        leaves = {"published": -1, "swap": 0}.get(self.plan, 1)
        self.spikes = [
            own + np.array(s) + leaves * (t < 0) for s, t in zip(sent_on, self.targets, strict=True)
        ]

    @property
    def neurons(self):
        v, m = len(self.targets), sum(map(len, self.targets))
        out = sum(int((t < 0).sum()) for t in self.targets)
        return {
            "published": 4 * v + 2 * m + 4,
            "swap": 3 * v + 4 * m + 4,
            "direct": 2 * (m + out + v) + 4,
            "paced": 2 * (m + out + v) + 7,
            "drain": 2 * (m + out) + 3,
        }[self.plan]

    def step(self, before, after, period):
        """Return the ticks of a walk step."""
        if self.plan == "published":
            return int((before + self.ticks).max() + after.max() + 7)
        if self.plan == "swap":
            return int((before + np.maximum(self.ticks, 2)).max())
        if self.plan in ("direct", "paced"):
            done = int((before + 1 + self.pause).max())
            return done if self.plan == "direct" else (done // period + 1) * period
        return int(np.where(before > 0, before + self.pause, self.pause.min()).max())

    def spikes_of_step(self, walkers):
        """Return mean and variance of the spikes of a step, all neurons together."""
        v = len(walkers)
        mean = {
            "published": 4 * v + 4,
            "swap": 2 * v + 2,
            "direct": v + 2,
            "paced": v + 4,
            "drain": 2,
        }[self.plan]
        variance = 0.0
        for n, spikes, chances in zip(walkers, self.spikes, self.chances, strict=True):
            mean += n * spikes @ chances
            variance += n * (spikes**2 @ chances - (spikes @ chances) ** 2)
        return mean, variance


def ways_by_chain(chances):
    last = len(chances) - 1
    return [1] * last + [0], [min(i + 2, last + 1) for i in range(last + 1)]


def ways_by_tree(chances):
    sent_on, passed = zip(*cheapest_tree(chances), strict=True)
    return sent_on, [gates + 1 for gates in passed]


def circuit_for(name, transition, loads, steps):
    """Return a circuit for `loads` (L, V); half of the fullest vertex is a crowd."""
    most, crowd = int(loads.sum(axis=1).max()), int(loads.max()) // 2
    return make_circuit(name, transition, steps=steps, most=most, crowd=crowd)


def walk_through(circuit, loads, seed, kernel="auto"):
    """Walk with a lane per row of `loads` (L, V).

    Returns the ticks of "walk" (L, steps + 1), walkers (L, steps + 1, V) and those that left in
    each step by each side (L, steps, sides).
    """
    network, steps, transition = circuit.compile(), circuit.steps, circuit.transition
    ports = ["walk", "readout", *(["exit"] if "exit" in network.outputs else [])]
    run = simulate(
        network, circuit.inputs(loads), ticks=(steps + 2) * circuit.longest_step + 2, seed=seed,
        kernel=kernel, record=ports, until=("stop", 1),
    )  # fmt: skip
    assert (run.stopped >= 0).all()
    v, lanes = circuit.vertices, len(loads)
    begun = np.empty((lanes, steps + 1), dtype=np.int64)
    walkers = np.zeros((lanes, steps + 1, v), dtype=np.int64)
    left = np.zeros((lanes, steps, len(transition.sides)), dtype=np.int64)
    column = {int(j): k % v for k, j in enumerate(network.outputs["readout"].neurons)}
    side = {}
    if "exit" in network.outputs:
        side = dict(zip(network.outputs["exit"].neurons.tolist(), circuit.exit_side, strict=True))
    marker = int(network.outputs["walk"].neurons[0])
    for lane in range(lanes):
        of_lane = run.spikes.lane == lane
        i, t = run.spikes.i[of_lane], run.spikes.t[of_lane]
        # One circuit begins a step in the tick in which it stops.
        walks = t[i == marker]
        begun[lane] = walks[: steps + 1]
        for neuron, step in zip(i, np.searchsorted(walks, t, side="right") - 1, strict=True):
            if neuron in column and step <= steps:
                walkers[lane, step, column[neuron]] += 1
            elif neuron in side and step < steps:
                left[lane, step, side[neuron]] += 1
    return begun, walkers, left


def check_steps(name, circuit, loads, begun, walkers, left):
    """Hold every step of every lane against the laws."""
    laws, period = Laws(name, circuit.transition), getattr(circuit, "period", None)
    np.testing.assert_array_equal(walkers[:, 0], loads)
    np.testing.assert_array_equal(
        walkers[:, 1:].sum(axis=2) + left.sum(axis=2), walkers[:, :-1].sum(axis=2)
    )
    for lane in range(len(loads)):
        pairs = zip(walkers[lane], walkers[lane, 1:], strict=False)
        law = [laws.step(*pair, period) for pair in pairs]
        assert np.diff(begun[lane]).tolist() == law


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_neurons(name, seed):
    transition = random_transition(np.random.default_rng(seed))
    laws = Laws(name, transition)
    assert make_circuit(name, transition).compile().n_neurons == laws.neurons
    assert make_circuit(name, transition, steps=3).compile().n_neurons == laws.neurons + 1


@pytest.mark.parametrize(
    ("d", "neurons"), [(2, (8, 11, 6, 6, 4)), (4, (12, 19, 10, 10, 8)), (6, (16, 27, 14, 14, 12))]
)
def test_neurons_per_vertex_of_a_regular_mesh(d, neurons):
    ring = transition_of([{(v + k) % 9: 1.0 for k in range(d)} for v in range(9)])
    names = ("published", "swap", "direct", "paced", "drain")
    for name, per_vertex in zip(names, neurons, strict=True):
        control = {"paced": 7, "drain": 3}.get(name, 4)
        assert make_circuit(name, ring).compile().n_neurons == 9 * per_vertex + control


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_ticks_and_walkers_of_every_step(name, seed):
    rng = np.random.default_rng(seed)
    transition = random_transition(rng)
    loads = rng.integers(0, 30, (3, 12)) * rng.integers(0, 2, (3, 12))
    circuit = circuit_for(name, transition, loads, 25)
    begun, walkers, left = walk_through(circuit, loads, seed)
    check_steps(name, circuit, loads, begun, walkers, left)
    if name == "paced":
        assert len(np.unique(np.diff(begun))) > 1
    assert left.sum() > 0
    assert len({*map(tuple, walkers[0])}) > 8


SMALL = [
    dict.fromkeys(targets, 1.0)
    for size in (1, 2, 3)
    for targets in [(0,), (1,), (-1,), (0, 1), (0, -1), (1, -1), (0, 1, -1)]
    if len(targets) == size
]
"""All exits that a vertex may have in a mesh of two vertices and one side."""


@pytest.mark.parametrize("name", NAMES)
def test_all_meshes_of_two_vertices(name):
    """All exits, all loads up to two walkers per vertex: each is a lane."""
    loads = np.array(list(product(range(3), repeat=2)))
    for number, exits in enumerate(product(SMALL, repeat=2)):
        transition = transition_of(list(exits), sides=1)
        circuit = circuit_for(name, transition, loads, 4)
        begun, walkers, left = walk_through(circuit, loads, number, "event")
        check_steps(name, circuit, loads, begun, walkers, left)
        leads = np.array([[target in chances for target in (0, 1, -1)] for chances in exits])
        after = np.concatenate([walkers[:, 1:], left], axis=2)
        assert (after <= walkers[:, :-1] @ leads).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_spikes(name, seed):
    """Mean over 30 steps; false alarm 6e-5 each (±4σ), and exact where all exits cost the same."""
    transition = random_transition(np.random.default_rng(seed), sides=1)
    circuit = make_circuit(name, transition, most=6000)
    network = circuit.compile()
    ks = list(range(1, 31))
    run = simulate(
        network, circuit.inputs(np.full((1, 12), 500)), ticks=10**6, seed=seed, record="counts",
        until=("walk", 31), epochs=("walk", ks, np.arange(network.n_neurons)),
    )  # fmt: skip
    readout = run.epochs[:, network.outputs["readout"].neurons]
    laws = Laws(name, transition)
    moments = [laws.spikes_of_step(n) for n in readout.reshape(30, -1, 12).sum(axis=1)]
    mean, variance = np.sum(moments, axis=0)
    assert variance > 0
    assert abs(run.epochs.sum() - mean) <= 4 * np.sqrt(variance)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_walkers_follow_their_chain(name, seed, steps):
    """χ² over vertices and sides; 84 cases at p < 1e-4: false alarm 9e-3 in all, fixed seeds."""
    rng = np.random.default_rng(100 + seed)
    transition = random_transition(rng)
    # Walkers of one vertex are independent draws from one row; others are of that vertex too.
    start = np.zeros(12, dtype=np.int64)
    start[int(rng.integers(2, 12))] = 20_000
    walk = density.walk(transition, start, np.array([steps]), seed=seed, lanes=5, circuit=name)
    expected = chain.walk(transition, start / start.sum(), np.array([steps]))
    fit = goodness(
        np.concatenate([walk.counts[0], walk.exited[0]]),
        np.concatenate([expected.counts[0], expected.exited[0]]) * start.sum(),
    )
    assert fit.p_value > 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_kernels_and_threads_change_nothing(name):
    transition = random_transition(np.random.default_rng(8))
    start = np.arange(12) * 3
    walks = [
        density.walk(
            transition, start, np.array([0, 1, 6]), seed=2, lanes=3, circuit=name, kernel=kernel,
            threads=threads,
        )
        for kernel in ("reference", *FAST_KERNELS)
        for threads in (1, 2)
    ]  # fmt: skip
    for walk in walks:
        np.testing.assert_array_equal(walk.counts, walks[0].counts)
        np.testing.assert_array_equal(walk.exited, walks[0].exited)


@pytest.mark.parametrize("name", NAMES)
def test_steps_go_on_when_all_have_left(name):
    transition = transition_of([{1: 0.5, -1: 0.5}, {-2: 1.0}], sides=2)
    walk = density.walk(
        transition, np.array([40, 9]), np.array([0, 1, 2, 30]), seed=1, circuit=name
    )
    assert walk.counts[0].tolist() == [40, 9]
    assert walk.counts[1, 0] == walk.counts[2].sum() == walk.counts[3].sum() == 0
    assert walk.exited[1, 0] == walk.exited[3, 0] == 40 - walk.counts[1, 1]
    assert walk.exited[:, 1].tolist() == [0, 9, 9 + walk.counts[1, 1], 9 + walk.counts[1, 1]]


@pytest.mark.parametrize("name", NAMES)
def test_rounded_probabilities(name):
    """With one bit 0.2 is never and 0.8 is always."""
    transition = transition_of([{1: 0.2, 0: 0.8}, {0: 0.8, 1: 0.2}])
    walk = density.walk(
        transition, np.array([7, 5]), np.array([1]), seed=0, circuit=name, probability_bits=1
    )
    assert walk.counts.tolist() == [[12, 0]]


def test_more_walkers_than_a_circuit_is_built_for_are_refused():
    circuit = make_circuit("drain", transition_of([{0: 1.0}, {1: 1.0}]), most=10)
    assert circuit.inputs(np.array([[4, 6]]))["total"].tolist() == [-10]
    with pytest.raises(InputError, match="a lane holds 11 walkers, and the circuit is built for"):
        circuit.inputs(np.array([[1, 2], [5, 6]]))


def test_a_clock_keeps_lanes_in_step():
    """All lanes end in one tick if no vertex is fuller than foreseen, else lanes drift apart."""
    loads = np.full((64, 9), 10)
    ends = []
    for foreseen in (90, 12):
        circuit = make_circuit("paced", RING_OF_9, steps=20, most=90, crowd=foreseen)
        assert circuit.period == foreseen + 3
        run = simulate(
            circuit.compile(), circuit.inputs(loads), ticks=10**5, seed=3, record="counts",
            until=("stop", 1),
        )  # fmt: skip
        assert run.stopped.min() >= 20 * circuit.period
        ends.append(len(np.unique(run.stopped)))
    assert ends[0] == 1 < ends[1]


@pytest.mark.parametrize("lanes", [1, 600])
def test_few_steps_are_more_crowded_than_foreseen(lanes):
    """One in 5000 at most by the bound: more than one of 200 is a false alarm of 8e-4."""
    foreseen = crowd(RING_OF_9, np.full(9, 4 * lanes), 50, lanes)
    assert 4 < foreseen < 36
    rng = np.random.default_rng(lanes)
    walkers = rng.multinomial(36, np.full(9, 1 / 9), size=(200, lanes))
    assert (walkers.max(axis=(1, 2)) > foreseen).sum() <= 1


def test_a_circuit_needs_a_name_that_is_known():
    with pytest.raises(InputError, match="circuit must be one of 'auto', 'published', 'tree', 's"):
        density.walk(transition_of([{0: 1.0}]), np.array([1]), np.array([1]), seed=0, circuit="x")
