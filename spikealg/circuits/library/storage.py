"""Circuits that store many numbers: by address, and in order."""

from __future__ import annotations

import numpy as np

from spikealg.arguments import as_int
from spikealg.circuits.circuit import Circuit
from spikealg.circuits.library.routing import address_match, index_width
from spikealg.circuits.neuron import MEMORYLESS
from spikealg.circuits.ports import In, Out
from spikealg.circuits.signal import Neurons, Signal, concat

__all__ = ["Fifo", "Memory"]


class Memory(Circuit):
    """Numbers by address: address, data (width lines), write, read → out (width lines).

    `write` replaces the number at the address; `read` makes `out` show it as it was before this
    tick, and `out` is 0 in ticks without a read. An address of no number is written nowhere and
    reads as 0. words·(3·width + 1) + width neurons, three ticks. Starts at 0.
    """

    def __init__(self, words: int, width: int) -> None:
        self.words = as_int("words", words, low=1)
        self.width = as_int("width", width, low=1)
        super().__init__(
            address=In(index_width(self.words)),
            data=In(self.width),
            write=In(),
            read=In(),
            out=Out(self.width),
        )

    def build(self, address: Signal, data: Signal, write: Signal, read: Signal) -> None:
        """Wire a self-exciting neuron per bit, with gates before and after it."""
        weights, ones = address_match(self.words)
        erased = self.gates(address, write, weights=(weights, 1), threshold=ones + 1, name="erased")
        shown = []
        for word in range(self.words):
            here = np.repeat(weights[:, [word]], self.width, axis=1)
            written = self.gates(
                address, write, data, weights=(here, 1, 1), threshold=ones[word] + 2, name="written"
            )
            bits = self.neurons(self.width, threshold=1, leak=MEMORYLESS, name=f"word{word}")
            self.connect(bits, bits)
            self.connect(written, bits, weight=2)
            self.connect(erased[word], bits, weight=-1)
            # A write at tick 0 shows in the bits at tick 2, so at tick 1 they are what was before.
            before = bits.signal(ready=1)
            shown.append(
                self.gates(
                    address,
                    read,
                    before,
                    weights=(here, 1, 1),
                    threshold=ones[word] + 2,
                    name="shown",
                )
            )
        self.output("out", self.gates(*shown))
        self.accepts_every(1)


class Fifo(Circuit):
    """A queue: data (width lines), push, pop → out (width lines), valid, full.

    `pop` takes the oldest number, which `out` shows; `valid` says that there was one. `full` says
    that, after this tick, the queue holds `depth` numbers. A push into a full queue is lost unless
    there is a pop in the same tick; a number pushed in a tick can be popped from the next tick on.
    depth·(3·width + 6) + width + 3 neurons, four ticks. Starts empty.
    """

    def __init__(self, depth: int, width: int) -> None:
        self.depth = as_int("depth", depth, low=1)
        self.width = as_int("width", width, low=1)
        super().__init__(
            data=In(self.width), push=In(), pop=In(), out=Out(self.width), valid=Out(), full=Out()
        )

    def build(self, data: Signal, push: Signal, pop: Signal) -> None:
        """Wire the count, two pointers that go around, and the cells.

        The state before a tick's inputs is in the neurons one tick later, where they meet.
        """
        count = self._count(push, pop)
        full, any_left = count[-1:].signal(ready=1), count[:1].signal(ready=1)
        pushing = [(push, 2), (pop, 1), (full, -1)]
        popping = [(pop, 2), (any_left, 2)]
        tail = self._pointer(pushing, needed=2, name="tail")
        head = self._pointer(popping, needed=4, name="head")
        shown = []
        for cell in range(self.depth):
            # The tail, a push and the data count 2 each; a push without room lacks 1.
            reading = [*tail[cell], *(signal for signal, _ in pushing)]
            weights = [2, 2, *(weight for _, weight in pushing)]
            written = self.gates(*reading, data, weights=[*weights, 2], threshold=6, name="written")
            erased = self.gate(*reading, weights=weights, threshold=4, name="erased")
            bits = self.neurons(self.width, threshold=1, leak=MEMORYLESS, name=f"cell{cell}")
            self.connect(bits, bits)
            self.connect(written, bits, weight=2)
            self.connect(erased, bits, weight=-1)
            # What tick 0 writes shows at tick 3; at tick 2 the bits are what was before.
            before = bits.signal(ready=2)
            shown.append(self.gates(*head[cell], pop, any_left, before, threshold=4, name="shown"))
        self.output("out", self.gates(*shown))
        self.output("valid", self.gate(pop, any_left, threshold=2, name="valid"))
        self.output("full", count[-1:].signal(ready=2))
        self.accepts_every(1)

    def _count(self, push: Signal, pop: Signal) -> Neurons:
        """Return neurons of which neuron k fires while the queue holds more than k numbers."""
        count = self.neurons(
            self.depth, threshold=np.arange(1, self.depth + 1), leak=MEMORYLESS, name="count"
        )
        self.connect(count[:, None], count)
        # A pop of an empty queue takes nothing, so a push then outweighs it.
        gain = np.where(np.arange(self.depth) == 0, 2, 1)
        self.connect(push, count, weight=gain, delay=2)
        self.connect(pop, count, weight=-1, delay=2)
        return count

    def _pointer(
        self, moves: list[tuple[Signal, int]], *, needed: int, name: str
    ) -> list[tuple[Signal, Signal]]:
        """Return pairs of lines, one of which fires where the pointer is; it starts at cell 0.

        It moves on in ticks in which Σ weight·line of `moves` reaches `needed`. A pointer is in
        one of two neurons per cell, one for staying and one for having moved.
        """
        most = sum(weight for _, weight in moves if weight > 0)
        least = sum(weight for _, weight in moves if weight < 0)
        at = most - least + 1
        stayed = self.neurons(
            self.depth, threshold=at - needed + 1, leak=MEMORYLESS, name=f"{name}_stayed"
        )
        moved = self.neurons(
            self.depth, threshold=at + needed, leak=MEMORYLESS, name=f"{name}_moved"
        )
        onward = np.roll(np.arange(self.depth), -1)
        for cells in (stayed, moved):
            self.connect(cells, stayed, weight=at)
            self.connect(cells, moved[onward], weight=at)
        for signal, weight in moves:
            delay = 2 - signal.tick
            self.connect(signal, stayed, weight=-weight, delay=delay)
            self.connect(signal, moved, weight=weight, delay=delay)
        begin = self.neuron(threshold=1, v_init=1, name=f"{name}_begin")
        self.connect(begin, stayed[0], weight=at)
        pairs = concat(stayed.signal(ready=1), moved.signal(ready=1))
        return [(pairs[cell], pairs[self.depth + cell]) for cell in range(self.depth)]
