"""The particle circuit: its laws, and its walk against plain arithmetic with the same draws."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spikealg.engine import reference, simulate
from spikealg.errors import InputError, InputTypeError, SpikealgError, TooLargeError
from spikealg.solvers.diffusion.particle_circuits.circuit import ParticleCircuit
from tests.helpers import ALL_KERNELS

PLANS = (1, 2, 4)
SETS = [(3, 5, 7), (2, 3), (5,), (3, 5, 7, 11)]


def walk(circuit, start, steps, *, lanes=1, seed=1, **settings):
    """Read the position after each of `steps`: the run and (T, lanes, axes)."""
    asked = circuit.reading(steps)
    run = simulate(
        circuit.compile(),
        {**circuit.inputs(start), "read": asked},
        ticks=len(asked), lanes=lanes, seed=seed, **{"record": "all", **settings},
    )  # fmt: skip
    return run, np.stack([circuit.decode(run, step) for step in steps])


# ------------------------------------------------------------------ laws


@pytest.mark.parametrize("moduli", SETS)
def test_number_of_neurons(moduli):
    def neurons(plan, p_left, p_right):
        circuit = ParticleCircuit(moduli, p_left, p_right, ticks_per_step=plan, readout=None)
        return circuit.compile().n_neurons

    total = sum(moduli)
    for p_left in (0.25, 0.5):
        assert neurons(4, p_left, 0.5) == 3 * total + 5
    assert neurons(2, 0.25, 0.5) == 3 * total + 5
    assert neurons(2, 0.5, 0.5) == 3 * total + 2
    assert neurons(1, 0.25, 0.5) == 3 * total + 4
    assert neurons(1, 0.5, 0.5) == 2 * total + 1
    if moduli == (3, 5, 7):
        assert neurons(4, 0.25, 0.5) == 50


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("p_left", "p_right"), [(0.5, 0.5), (0.25, 0.5)])
def test_a_step_takes_the_same_ticks_for_any_number_of_walkers(plan, p_left, p_right):
    circuit = ParticleCircuit((3, 5, 7), p_left, p_right, ticks_per_step=plan)
    for lanes in (1, 70):
        run, _ = walk(circuit, 52, [0], lanes=lanes)
        longer, places = walk(circuit, 52, range(31), lanes=lanes)
        assert longer.ticks - run.ticks == 30 * plan
        assert np.abs(np.diff(places, axis=0)).max() == 1
        # In a tick of the position one neuron of each ring spikes, whatever the residue.
        fired = {(t, lane) for i, t, lane in longer.spikes if "place" in longer.network.name(i)}
        if plan > 1:
            assert fired >= {
                (t, lane) for t in circuit.read_ticks(range(31)) for lane in range(lanes)
            }
            assert len({t % plan for t, _ in fired}) == 1


def test_spikes_of_a_step():
    """Per step of {3,5,7}, p = ½: clock 1, choice ½, per ring 2; one tick per step: ½ and 1."""
    steps, lanes = 200, 64
    for plan, expected in ((2, 1 + 0.5 + 3 * 2), (1, 0.5 + 3)):
        circuit = ParticleCircuit((3, 5, 7), 0.5, 0.5, ticks_per_step=plan, readout=None)
        ticks = plan * steps
        run = simulate(circuit.compile(), circuit.inputs(0), ticks=ticks, lanes=lanes, seed=4)
        # ±4σ of the draws (false alarm 6e-5, fixed seed), and a step's worth at either end.
        slack = 4 * np.sqrt(steps * lanes / 4) + 2 * expected * lanes
        assert abs(run.counts.sum() - expected * steps * lanes) < slack


def test_no_draw_where_there_is_nothing_to_choose():
    def draws(*chances, plan):
        network = ParticleCircuit((3, 5), *chances, ticks_per_step=plan, readout=None).compile()
        return int(((network.draw_limit > 0) & (network.draw_limit < 2**32)).sum())

    for plan in PLANS:
        assert draws(0.25, 0.5, plan=plan) == 2
        assert draws(0.5, 0.5, plan=plan) == 1
        assert draws(0, 0.5, plan=plan) == 1
        assert draws(0, 1, plan=plan) == 0
        assert draws(0, 0, plan=plan) == 0


# ------------------------------------------------------------------ the walk


def first_of(answers):
    """The chain of choices: the first gate that fires, else none."""
    return next((k for k, answer in enumerate(answers) if answer), None)


def questions_2d(answers):
    """Whether to go; along x or y; up or down."""
    go, along_x, up_x, up_y = answers
    if not go:
        return (0, 0)
    return (1 if up_x else -1, 0) if along_x else (0, 1 if up_y else -1)


def questions_3d(answers):
    go, along_x, up_x, along_y, up_y, up_z = answers
    if not go:
        return (0, 0, 0)
    if along_x:
        return (1 if up_x else -1, 0, 0)
    return (0, 1 if up_y else -1, 0) if along_y else (0, 0, 1 if up_z else -1)


MOVES_2D = [(1, 0), (-1, 0), (0, 1), (0, -1)]
CASES = {
    "lazy": ((3, 5, 7), 0.25, 0.3, (2, 1), lambda a: (0 if not a[0] else 1 if a[1] else -1,)),
    "always": ((4, 9), 0.4, 0.6, (2, 1), lambda up: (1 if up[0] else -1,)),
    "one way": ((3, 4), 0.0, 0.7, (2, 1), lambda go: (go[0],)),
    "lazy chain": ((3, 5, 7), 0.25, 0.3, (4,), lambda a: ({0: 1, 1: -1}.get(first_of(a), 0),)),
    "always chain": ((4, 9), 0.4, 0.6, (4,), lambda a: (1 if a[0] else -1,)),
    "plane": ([(3, 5), (2, 7)], (0.1, 0.3), (0.2, 0.15), (2, 1), questions_2d),
    "full plane": ([(3, 5), (2, 7)], (0.25, 0.25), (0.4, 0.1), (2, 1), questions_2d),
    "plane chain": (
        [(3, 5), (2, 7)], (0.1, 0.3), (0.2, 0.15), (4,),
        lambda a: (0, 0) if first_of(a) is None else MOVES_2D[first_of(a)],
    ),
    "space": ([(3, 4), (5,), (2, 3)], (0.1, 0.1, 0.2), (0.2, 0.15, 0.1), (2, 1), questions_3d),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_walk_is_that_of_plain_arithmetic_with_the_same_draws(name):
    """A gate's draw in the tick in which it draws decides; the rest is adding and taking modulo."""
    moduli, p_left, p_right, plans, move_of = CASES[name]
    for plan in plans:
        circuit = ParticleCircuit(moduli, p_left, p_right, ticks_per_step=plan)
        size = np.array([code.positions for code in circuit.codes])
        lanes, steps, first = 3, 25, 62
        start = np.arange(lanes)[:, np.newaxis] + np.arange(len(size))
        run, places = walk(circuit, start, range(steps + 1), lanes=lanes, seed=9, first_lane=first)
        network = run.network
        gates = network.find("choice")
        begins = {4: 1, 2: 1, 1: 0}[plan]
        assert [int(network.draw_limit[g]) for g in gates if network.draw_limit[g] < 2**32]
        for lane in range(lanes):
            place = start[lane].copy()
            for step in range(steps + 1):
                assert places[step, lane].tolist() == (place % size).tolist()
                answers = [
                    reference.draws(9, int(network.stream[g]), begins + plan * step, first + lane)
                    < int(network.draw_limit[g])
                    for g in gates
                ]
                place += move_of(answers)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("kernel", ALL_KERNELS)
def test_kernels_agree(plan, kernel):
    circuit = ParticleCircuit((3, 5), 0.25, 0.3, ticks_per_step=plan, readout="counters")
    expected, places = walk(circuit, 7, [0, 3, 9], lanes=65, kernel="reference")
    run, found = walk(circuit, 7, [0, 3, 9], lanes=65, kernel=kernel)
    assert run.spikes.identical(expected.spikes)
    assert np.array_equal(found, places)


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("chances", [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_certain_walks(plan, chances):
    circuit = ParticleCircuit((4, 5), *chances, ticks_per_step=plan)
    _, places = walk(circuit, 19, range(25), lanes=2)
    drift = round(chances[1] - chances[0])
    assert places[:, 0, 0].tolist() == [(19 + drift * step) % 20 for step in range(25)]
    assert np.array_equal(places[:, 0], places[:, 1])


@pytest.mark.parametrize("plan", PLANS)
def test_probabilities_of_a_step(plan):
    """Moves of 64 lanes × 150 steps; false alarm 6e-5 for each of eight (±4σ)."""
    p_left, p_right = np.array([0.05, 0.2]), np.array([0.3, 0.1])
    circuit = ParticleCircuit([(3, 5), (4, 7)], p_left, p_right, ticks_per_step=plan)
    _, places = walk(circuit, (0, 0), range(151), lanes=64, seed=2, record=["residues"])
    shift = np.diff(places, axis=0)
    moves = shift.shape[0] * shift.shape[1]
    for axis, size in enumerate((15, 28)):
        for sign, p in ((-1, p_left[axis]), (1, p_right[axis])):
            hits = np.count_nonzero((shift[..., axis] - sign) % size == 0)
            assert abs(hits - moves * p) <= 4 * np.sqrt(moves * p * (1 - p))


def test_the_walk_stays_between_the_readings():
    """Who asks, and when, changes nothing."""
    circuit = ParticleCircuit((3, 5, 7), 0.25, 0.3, readout="counters")
    _, every = walk(circuit, 0, range(31), lanes=9)
    _, some = walk(circuit, 0, [0, 7, 8, 30], lanes=9)
    assert np.array_equal(every[[0, 7, 8, 30]], some)


@pytest.mark.parametrize("plan", PLANS)
def test_counters_count_what_the_residues_show(plan):
    circuit = ParticleCircuit(
        [(3, 5), (4,)], (0.1, 0.2), (0.3, 0.1), ticks_per_step=plan, readout="counters",
        positions=[range(-7, 8), range(4)],
    )  # fmt: skip
    steps = [0, 1, 2, 3, 11, 12, 40]
    run, places = walk(
        circuit, (-2, 1), steps, lanes=50, epochs=("counted", list(range(1, 8)), "counters")
    )
    assert places[..., 0].min() < 0
    grid = run.epochs.reshape(len(steps), 15, 4)
    for row in range(len(steps)):
        expected = np.zeros((15, 4), dtype=int)
        np.add.at(expected, (places[row, :, 0] + 7, places[row, :, 1]), 1)
        assert np.array_equal(grid[row], expected)


def test_rounded_probabilities():
    """With two bits 0.3 becomes ¼."""
    circuit = ParticleCircuit((3,), 0.7, 0.3, probability_bits=2, readout=None)
    network = circuit.compile()
    assert network.draw_limit[network.find("choice")].tolist() == [2**30]


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (((4, 6), 0.5, 0.5), {}, "moduli must be pairwise coprime, got 4 and 6, which share"),
        (((3, 5), 0.6, 0.5), {}, "p_left and p_right must sum to at most 1, got 1.1"),
        (((3, 5), -0.1, 0.5), {}, "p_left must be a finite number from 0 to 1, got -0.1"),
        (((3, 5), (0.1, 0.2), 0.5), {}, r"p_left must be one value or have shape \(1,\), got"),
        (([(3,)] * 4, 0.1, 0.1), {}, "moduli must be of one to three axes, got 4"),
        (((3, 5), 0.5, 0.5), {"ticks_per_step": 3}, "ticks_per_step must be 1, 2 or 4, got 3"),
        (((3, 5), 0.5, 0.5), {"readout": "eyes"}, "readout must be one of 'residues', 'counters'"),
        (((3, 5), 0.5, 0.5), {"probability_bits": 0}, "probability_bits must be a whole number"),
        (((3, 5), 0.5, 0.5), {"positions": []}, r"positions must hold a range per axis \(1\)"),
        (
            ((3, 5), 0.5, 0.5), {"positions": [range(16)]},
            r"positions\[0\] must hold 1 to 15 positions, which the moduli \(3, 5\) keep apart",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_a_circuit(arguments, options, message):
    with pytest.raises(InputError, match=f"^{message}"):
        ParticleCircuit(*arguments, **options)


def test_what_cannot_be_a_start_or_a_reading():
    circuit = ParticleCircuit([(3, 5), (4,)], 0.1, 0.1)
    with pytest.raises(InputError, match=r"position must have shape \(2,\) or \(lanes, 2\), got"):
        circuit.inputs([1, 2, 3])
    with pytest.raises(InputTypeError, match="must hold whole numbers"):
        circuit.inputs([0.5, 1.0])
    for steps, message in (
        ([1.5], "steps must hold whole numbers"),
        (5, "steps must be a sequence of whole numbers, got 5"),
        ([3, -1], r"steps\[1\] must be a whole number from 0 to 2147483647, got -1"),
        ([], "steps must hold at least one step, got none"),
    ):
        with pytest.raises(SpikealgError, match=f"^{message}"):
            circuit.reading(steps)
    run, _ = walk(circuit, (0, 0), [0, 5])
    with pytest.raises(InputError, match="step must be a whole number of at least 0, got -1"):
        circuit.decode(run, -1)
    message = (
        "lane 0 shows 0 residues modulo 3 at tick 7 in place of one: was it started by inputs(), "
        "and is step 2 in reading()?"
    )
    with pytest.raises(InputError, match=re.escape(message)):
        circuit.decode(run, 2)
    with pytest.raises(InputTypeError, match=r"positions\[0\] must be a range of step 1, got 15"):
        ParticleCircuit((3, 5), 0.5, 0.5, positions=[15])
    for moduli in (35, [(3, 5), 7]):
        with pytest.raises(InputTypeError, match="moduli must be a sequence of whole numbers, got"):
            ParticleCircuit(moduli, 0.1, 0.1)


def test_a_reading_that_cannot_fit_is_refused(monkeypatch):
    circuit = ParticleCircuit((3, 5), 0.1, 0.1)
    monkeypatch.setattr("spikealg.memory.available_bytes", lambda: 10**6)
    with pytest.raises(TooLargeError, match="a reading after 2000005 ticks would need"):
        circuit.reading([10**6])
