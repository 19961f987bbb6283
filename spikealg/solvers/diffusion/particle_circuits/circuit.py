"""The particle circuit: one walker, its position kept as residues in rings of neurons.

Construction: Severa, Lehoucq, Parekh, Aimone, "Spiking neural algorithms for Markov process random
walk", IJCNN 2018. It is covered by US patents on neuromorphic hardware.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_choice, as_float_array, as_int, as_int_array
from spikealg.circuits import Circuit, In, Out
from spikealg.circuits.signal import Neurons, Signal
from spikealg.errors import InputError, InputTypeError
from spikealg.memory import require_memory
from spikealg.network import MEMORYLESS
from spikealg.solvers.diffusion.particle_circuits.choice import Literals, chain, tree
from spikealg.solvers.diffusion.particle_circuits.modular import ModularCode

if TYPE_CHECKING:
    from spikealg.engine import Run

__all__ = ["PARTICLE_CIRCUITS", "READOUTS", "ParticleCircuit", "choose_particle_circuit"]

IntArray = npt.NDArray[np.int64]
READOUTS = ("residues", "counters")
PARTICLE_CIRCUITS: dict[str, tuple[int, str]] = {
    f"{ticks}-tick" + ("" if readout == "auto" else f"-{readout}"): (ticks, readout)
    for ticks in (2, 1, 4)
    for readout in ("auto", *READOUTS)
}
"""Names that `solve` knows: ticks per step, and how the position is read."""
_AXES = "xyz"
_WORDS = {1: "right", -1: "left"}
_MOST_STEPS = 2**31 - 1
"""More than any run has ticks."""
_ROUNDING = 1e-12
"""A probability to stay that differs from 0 by no more than this is 0."""


def choose_particle_circuit(circuit: str) -> str:
    """Return the name of a circuit: "auto" is the one that is simulated fastest, "2-tick".

    Raises
    ------
    InputError
        If there is no such circuit.
    """
    as_choice("circuit", circuit, ("auto", *PARTICLE_CIRCUITS))
    return "2-tick" if circuit == "auto" else circuit


class ParticleCircuit(Circuit):
    """One walker on a lattice of one to three axes that is the same everywhere.

    The position along each axis is kept by one ring of neurons per modulus: of each ring the neuron
    of the residue spikes. In a step the walker moves by one along one axis, or stays. All rings of
    an axis hear the same choice, and move alike; how large the lattice is shows in the product of
    the moduli only, so 4 rings of 26 positions in all keep 1155 positions apart.

    Parameters
    ----------
    moduli : sequence of int, or a sequence of these for each axis
        Pairwise coprime along an axis; `coprime_moduli` and `factor_moduli` choose them.
    p_left, p_right : float, or sequence of float, one per axis
        Probabilities of a step down and up each axis; with what is left the walker stays.
    ticks_per_step : {2, 4, 1}
        4: the plain construction, one layer after another: clock, choice, move, and gates that join
        move and position; 3Σm + 5 neurons in one dimension. 2: the next move is chosen while
        this one is made; as many neurons, and simulated fastest. 1: a neuron for each residue and
        what the walker does next there; fewest ticks and spikes.
    readout : {"residues", "counters"} or None
        What can be read: the residues, by a gate per ring neuron, or as well a gate per vertex
        that fires when all rings show its residues. None: nothing, the bare circuit.
    positions : sequence of range, optional
        The positions that can occur along each axis: as many as the moduli keep apart, or fewer.
        Residues are read as one of them, and each has a counter. By default from 0 up, all.
    probability_bits : int
        Gates fire with probabilities rounded to so many bits (7 is what Loihi has), 1 to 32.

    Attributes
    ----------
    codes : tuple of ModularCode
        One per axis.
    first_tick : int
        The position after k steps spikes at tick ``first_tick + k * ticks_per_step``.

    Notes
    -----
    Ports: "position" (current, a line per residue: axis by axis, ring by ring) takes 1 for each
    residue of the start at tick 0; "start" (current; not for one tick per step) takes 1 at tick 0;
    "read" asks for the position of the tick in which it spikes. "residues" answers one tick later,
    "counters" (last axis fastest) two ticks later, together with "counted".

    Raises
    ------
    InputError, InputTypeError
        If the moduli share a factor, or the probabilities are none.
    """

    def __init__(
        self,
        moduli: Iterable[Any],
        p_left: npt.ArrayLike,
        p_right: npt.ArrayLike,
        *,
        ticks_per_step: int = 2,
        readout: str | None = "residues",
        positions: Sequence[range] | None = None,
        probability_bits: int = 32,
    ) -> None:
        given = list(moduli) if isinstance(moduli, Iterable) else moduli
        rings = given if isinstance(given, list) and given and np.ndim(given[0]) else [given]
        if len(rings) > len(_AXES):
            raise InputError(f"moduli must be of one to three axes, got {len(rings)}")
        self.codes = tuple(ModularCode(one) for one in rings)
        self.probability = np.stack(
            [
                as_float_array(name, value, shape=(len(self.codes),), low=0, high=1)
                for name, value in (("p_left", p_left), ("p_right", p_right))
            ],
            axis=1,
        )
        self.stay = 1 - float(self.probability.sum())
        if self.stay < -_ROUNDING:
            raise InputError(
                f"p_left and p_right must sum to at most 1, got {self.probability.sum():.6g}"
            )
        if abs(self.stay) <= _ROUNDING:
            self.probability, self.stay = self.probability / self.probability.sum(), 0.0
        self.ticks_per_step = as_int("ticks_per_step", ticks_per_step)
        if self.ticks_per_step not in (1, 2, 4):
            raise InputError(f"ticks_per_step must be 1, 2 or 4, got {ticks_per_step}")
        self.readout = None if readout is None else as_choice("readout", readout, READOUTS)
        self.positions = _as_positions(positions, self.codes)
        self.probability_bits = as_int("probability_bits", probability_bits, low=1, high=32)
        self._choice = (chain if self.ticks_per_step == 4 else tree)(self.probability)
        # A walker that can stay holds its position by itself.
        rests = self._choice.moved.keys() == {axis for axis, _ in self._choice.moves}
        self._held_by_loops = self.ticks_per_step == 4 or (self.ticks_per_step == 2 and rests)
        # Ticks that it takes from the gates to the move.
        self._depth = 1 + any(len(literals) > 1 for literals in self._choice.moves.values())
        if self.ticks_per_step == 2:
            self._depth = 2 if rests else 1
        self.first_tick = {4: 0, 2: self._depth, 1: self._depth - 1}[self.ticks_per_step]
        self._axis_lines = np.cumsum([0, *(code.lines for code in self.codes[:-1])])
        lines = sum(code.lines for code in self.codes)
        ports: dict[str, In | Out] = {"position": In(lines, "current")}
        if self.ticks_per_step > 1:
            ports["start"] = In(1, "current")
        if self.readout is not None:
            ports |= {"read": In(), "residues": Out(lines, "current")}
        if self.readout == "counters":
            counters = math.prod(map(len, self.positions))
            ports |= {"counters": Out(counters, "current"), "counted": Out(1, "current")}
        super().__init__("particle", **ports)

    # ------------------------------------------------------------------ use

    def inputs(self, position: npt.ArrayLike) -> dict[str, Any]:
        """Return the inputs that start walkers at `position`.

        Parameters
        ----------
        position : int array (axes,) or (lanes, axes); in one dimension also a number or (lanes,)
            Where each walker starts, modulo what the moduli keep apart.
        """
        start = np.asarray(position)
        if len(self.codes) == 1 and start.ndim < 2 and start.shape != (1,):
            start = start[..., np.newaxis]
        if start.ndim not in (1, 2) or start.shape[-1] != len(self.codes):
            raise InputError(
                f"position must have shape ({len(self.codes)},) or (lanes, {len(self.codes)}), "
                f"got {np.shape(position)}"
            )
        lines = [code.one_hot(start[..., axis]) for axis, code in enumerate(self.codes)]
        one_hot = np.concatenate(lines, axis=-1)
        found: dict[str, Any] = {"position": one_hot.reshape(1, -1, one_hot.shape[-1])}
        return found if self.ticks_per_step == 1 else {**found, "start": 1}

    def reading(self, steps: Iterable[int]) -> npt.NDArray[np.int8]:
        """Return what to give to "read" for the positions after `steps`, (ticks, 1, 1).

        It is as many ticks long as a run takes in which all answers are seen.

        Raises
        ------
        InputError, InputTypeError
            If `steps` holds something else than whole numbers from 0, or nothing.
        TooLargeError
            If so many ticks cannot fit into memory.
        """
        ticks = self.read_ticks(steps)
        if not len(ticks):
            raise InputError("steps must hold at least one step, got none")
        length = int(ticks.max()) + 3
        require_memory(length, f"a reading after {length} ticks", "read after fewer steps")
        asked = np.zeros((length, 1, 1), dtype=np.int8)
        asked[ticks] = 1
        return asked

    def read_ticks(self, steps: Iterable[int]) -> IntArray:
        """Return the ticks in which the positions after `steps` spike, int64.

        Raises
        ------
        InputError, InputTypeError
            If `steps` holds something else than whole numbers from 0.
        """
        if not isinstance(steps, Iterable):
            raise InputTypeError(f"steps must be a sequence of whole numbers, got {steps!r}")
        numbers = as_int_array("steps", list(steps), low=0, high=_MOST_STEPS)
        return np.asarray(self.first_tick + self.ticks_per_step * numbers)

    def decode(self, run: Run, step: int) -> IntArray:
        """Return the positions after `step` steps of a run in which they were read.

        Parameters
        ----------
        run : Run
            Has recorded the port "residues".
        step : int

        Returns
        -------
        (lanes, axes) int64

        Raises
        ------
        InputError, InputTypeError
            If a lane does not show one residue of every ring then.
        """
        tick = int(self.read_ticks([as_int("step", step, low=0)])[0]) + 1
        lines = run.spiked(run.network.outputs["residues"].neurons, tick)
        places = np.empty((run.lanes, len(self.codes)), dtype=np.int64)
        for axis, code in enumerate(self.codes):
            residues = np.empty((run.lanes, len(code.moduli)), dtype=np.int64)
            for ring, (first, modulus) in enumerate(zip(code.first_line, code.moduli, strict=True)):
                shown = lines[self._axis_lines[axis] + first :][:modulus]
                number = _weighted(shown, np.ones(modulus, dtype=np.int64))
                if (number != 1).any():
                    lane = int((number != 1).argmax())
                    raise InputError(
                        f"lane {lane} shows {number[lane]} residues modulo {modulus} at tick "
                        f"{tick} in place of one: was it started by inputs(), and is step {step} "
                        "in reading()?"
                    )
                residues[:, ring] = _weighted(shown, np.arange(modulus))
            low = self.positions[axis].start
            places[:, axis] = low + (code.decode(residues) - low) % code.positions
        return places

    # ------------------------------------------------------------------ wiring

    def build(
        self, position: Signal, start: Signal | None = None, read: Signal | None = None
    ) -> None:
        """Wire clock, choice, rings and readout."""
        clock = None
        if start is not None:
            clock = self._gates("clock")
            self.connect(clock, clock, delay=self.ticks_per_step)
            self.inject(start, clock)
        rings = self._held(clock) if self._held_by_loops else self._passed_on(clock)
        first = np.cumsum([0, *(len(entry) for entry, _ in rings)])
        for (entry, _), line in zip(rings, first.tolist(), strict=False):
            self.inject(position[line : line + len(entry)], entry)
        if read is not None:
            self._read(read, [shown for _, shown in rings], first)

    def _read(self, read: Signal, rings: list[Neurons], first: IntArray) -> None:
        """Wire gates that show the position in the tick after "read"."""
        kinds = np.repeat([len(shown) for shown in rings], np.diff(first))
        residue = self._gates("residue", int(first[-1]), threshold=kinds + 1)
        # Heavier than all that show a residue: without it nothing can fire.
        self.connect(read, residue, kinds)
        for shown, (low, high) in zip(rings, pairwise(first.tolist()), strict=True):
            self.connect(shown, residue[low:high])
        self.output("residues", residue)
        if self.readout == "counters":
            grids = np.meshgrid(*self.positions, indexing="ij")
            lines = [
                code.residues(grid.ravel()) + code.first_line + start
                for code, grid, start in zip(self.codes, grids, self._axis_lines, strict=True)
            ]
            every = np.concatenate(lines, axis=1)
            counter = self._gates("counter", len(every), threshold=every.shape[1])
            self.connect(residue[every], counter[:, np.newaxis])
            counted = self._gates("counted")
            self.connect(read, counted, delay=2)
            self.output("counters", counter)
            self.output("counted", counted)

    def _gates(self, name: str, shape: Any = (), threshold: Any = 1, **parameters: Any) -> Neurons:
        return self.neurons(shape, name=name, threshold=threshold, leak=MEMORYLESS, **parameters)

    def _draw(self, **parameters: Any) -> Neurons:
        """Add the stochastic gates of the choice."""
        scale = 2.0**self.probability_bits
        rounded = np.rint(np.array(self._choice.probability) * scale) / scale
        return self._gates("choice", len(rounded), probability=rounded, **parameters)

    def _rings(self) -> list[tuple[int, int, str]]:
        """Return axis, modulus and name of each ring."""
        return [
            (axis, modulus, f"{_AXES[axis]}{modulus}")
            for axis, code in enumerate(self.codes)
            for modulus in code.moduli
        ]

    def _held(self, clock: Neurons | None) -> list[tuple[Neurons, Neurons]]:
        """Wire rings whose position repeats itself until a move takes it elsewhere.

        Returns
        -------
        list of (entry, shown)
            Of each ring, (m,) neurons that take the start, and (kinds, m) neurons of which one of
            a column spikes where the walker is at that residue.
        """
        assert clock is not None
        period, moves = self.ticks_per_step, self._choice.moves
        drawn = self._draw()
        self.connect(clock, drawn)
        told = {move: self._all_of(literals, drawn) for move, literals in moves.items()}
        rings = []
        for axis, modulus, name in self._rings():
            place = self._gates(f"{name}_place", modulus)
            self.connect(place, place, delay=period)
            for (along, sign), (move, delay) in told.items():
                if along == axis:
                    leave = self._gates(f"{name}_{_WORDS[sign]}", modulus, threshold=2)
                    self.connect(place, leave, delay=period - 1)
                    self.connect(move, leave, delay=delay)
                    self.connect(leave[_origin(modulus, sign)], place)
                    self.connect(leave, place, -1)
            rings.append((place, place.reshape(1, modulus)))
        return rings

    def _passed_on(self, clock: Neurons | None) -> list[tuple[Neurons, Neurons]]:
        """Wire rings in which the walker does something in every step; see `_held`.

        A ring has a neuron for each residue and each thing a walker may do there: step up, step
        down, stay. All but the last of these spike if they are told to; the last one does unless
        another is told, and so it is also how a walker waits for its first move.
        """
        drawn = self._draw(bias=1) if clock is None else self._draw()
        if clock is not None:
            self.connect(clock, drawn)
        doings = [self._doings(axis) for axis in range(len(self.codes))]
        needed = dict.fromkeys(literals for _, told in doings for literals in told)
        signals = {literals: self._all_of(literals, drawn) for literals in needed}
        rings = []
        for axis, modulus, name in self._rings():
            shifts, told = doings[axis]
            shift, last = np.array(shifts)[:, np.newaxis], len(shifts) - 1
            doing = self._gates(
                f"{name}_doing", (last + 1, modulus), threshold=[[2]] * last + [[1]]
            )
            for kind, literals in enumerate(told):
                move, delay = signals[literals]
                self.connect(move, doing[kind], 1 if kind < last else -1, delay)
            arriving = doing[np.arange(last + 1)[:, np.newaxis], _origin(modulus, shift)]
            shown = arriving
            if clock is not None:
                shown = self._gates(f"{name}_place", (1, modulus))
                self.connect(arriving, shown)
            self.connect(shown[:, np.newaxis], doing)
            rings.append((arriving[last], shown))
        return rings

    def _doings(self, axis: int) -> tuple[list[int], list[Literals]]:
        """Return what a walker may do along an axis, as shifts, and what tells it to.

        The last shift has literals that tell it not to, or none if it is the only one.
        """
        moves, moved = self._choice.moves, self._choice.moved
        signs = [sign for sign in (1, -1) if (axis, sign) in moves]
        told = [moves[axis, sign] for sign in signs]
        if axis in moved:
            return [*signs, 0], [*told, moved[axis]]
        if len(signs) < 2:
            return signs or [0], []
        return signs, [told[0], told[0]]

    def _all_of(self, literals: Literals, drawn: Neurons) -> tuple[Neurons, int]:
        """Return a neuron that spikes where all literals hold, and its delay to the rings."""
        if len(literals) == 1 and self.ticks_per_step < 4:
            return drawn[literals[0][0]], self._depth
        move = self._gates("move", threshold=sum(fires for _, fires in literals))
        for gate, fires in literals:
            self.connect(drawn[gate], move, 1 if fires else -1)
        return move, 1


def _origin(modulus: int, shift: Any) -> IntArray:
    """Return the residue from which a step of `shift` leads to each residue, (..., m)."""
    return np.asarray((np.arange(modulus) - shift) % modulus)


def _weighted(lines: npt.NDArray[np.bool_], weights: IntArray) -> npt.NDArray[Any]:
    """Return Σ weight·line, (lanes,); in as few bytes as it fits, which is much quicker."""
    kind = np.min_scalar_type(int(weights.sum()))
    total = np.zeros(lines.shape[1], dtype=kind)
    for line, weight in zip(lines, weights.astype(kind), strict=True):
        total += line * weight
    return total


def _as_positions(
    given: Sequence[range] | None, codes: tuple[ModularCode, ...]
) -> tuple[range, ...]:
    if given is None:
        return tuple(range(code.positions) for code in codes)
    if len(given) != len(codes):
        raise InputError(f"positions must hold a range per axis ({len(codes)}), got {len(given)}")
    for axis, (one, code) in enumerate(zip(given, codes, strict=True)):
        if not isinstance(one, range) or one.step != 1:
            raise InputTypeError(f"positions[{axis}] must be a range of step 1, got {one!r}")
        if not 1 <= len(one) <= code.positions:
            raise InputError(
                f"positions[{axis}] must hold 1 to {code.positions} positions, which the moduli "
                f"{code.moduli} keep apart, got {len(one)}"
            )
    return tuple(given)
