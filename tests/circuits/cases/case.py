"""What one line of the shared list says about a circuit, and the operands it is tested on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from spikealg.circuits import Circuit, In, Out
from spikealg.network import Network

EXHAUSTIVE_BITS = 12
"""All combinations are tried of operands that have together no more bits than this."""

WIDEST = 62
"""Lines of numbers that fit int64; those of wider ones are Python integers."""

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class CircuitCase:
    """A circuit of the library and the plain Python that it must agree with.

    `kind(*args)` is the circuit, `oracle(*args)` a function from the operands by port name, arrays
    of one shape, to the outputs. The oracle of a `stateful` circuit remembers: it is called once
    per tick. Where the latency depends on the data, the outputs hold "ticks" too, the tick in which
    the circuit is done. `wide` are arguments of larger circuits, which are compared in their values
    alone. `fixed` are operands that are always the same.
    """

    kind: Callable[..., Circuit]
    oracle: Callable[..., Callable[..., dict[str, Any]]]
    args: tuple[Any, ...] = ()
    wide: tuple[tuple[Any, ...], ...] = ()
    stateful: bool = False
    fixed: Mapping[str, int] = field(default_factory=dict)

    def make(self) -> Circuit:
        """Return the small circuit."""
        return self.kind(*self.args)

    @property
    def name(self) -> str:
        return self.make().name

    @property
    def label(self) -> str:
        """The call that makes the circuit."""
        return f"{self.kind.__name__}({', '.join(map(repr, self.args))})"

    @property
    def has_inputs(self) -> bool:
        return any(isinstance(port, In) for port in self.make().ports.values())

    def expected(self, operands: Values) -> dict[str, Any]:
        """Return the outputs (n,) for operands (n,) that are presented one after another."""
        step = self.oracle(*self.args)
        ports = self.make().ports.values()
        if any(isinstance(port, Out) and n_values(port) > 1 << WIDEST for port in ports):
            operands = {name: values.astype(object) for name, values in operands.items()}
        if not self.stateful:
            found = step(**operands)
            count = len(next(iter(operands.values())))
            return {port: np.broadcast_to(values, count) for port, values in found.items()}
        rows = [step(**row) for row in rows_of(operands)]
        return {port: np.array([row[port] for row in rows]) for port in rows[0]}

    def instances(self) -> list[CircuitCase]:
        """Return this case and one for each of the wide circuits."""
        return [
            CircuitCase(self.kind, self.oracle, args, (), self.stateful, self.fixed)
            for args in (self.args, *self.wide)
        ]


def rows_of(operands: Values) -> list[dict[str, Any]]:
    """Return operands (ticks, ...) tick by tick."""
    count = len(next(iter(operands.values())))
    return [{name: values[tick] for name, values in operands.items()} for tick in range(count)]


@cache
def _compiled(kind: Callable[..., Circuit], args: tuple[Any, ...]) -> Network:
    return kind(*args).compile()


def network_of(case: CircuitCase) -> Network:
    """Return the network of the small circuit, which is compiled once for all tests."""
    return _compiled(case.kind, case.args)


def operands_of(case: CircuitCase, seed: int = 0, most: int = 600) -> dict[str, np.ndarray]:
    """Return operands (n,) for each input of the small circuit.

    All combinations, in random order, if they are at most `most` and the circuit forgets; else
    `most` random ones, among them the smallest and largest values.
    """
    rng = np.random.default_rng(seed)
    ports = {name: port for name, port in case.make().ports.items() if isinstance(port, In)}
    free = {name: port for name, port in ports.items() if name not in case.fixed}
    count = combinations(case)
    if free and count <= most and not case.stateful:
        grids = [np.arange(n_values(port)) + lowest(port) for port in free.values()]
        columns = np.array(list(product(*grids)))[rng.permutation(count)].T
        chosen = dict(zip(free, columns, strict=True))
    else:
        chosen = {name: random_values(rng, port, most) for name, port in free.items()}
        count = most
    fixed = {name: np.full(count, value) for name, value in case.fixed.items()}
    return {name: (chosen | fixed)[name] for name in ports}


def combinations(case: CircuitCase) -> int:
    """Return how many combinations of operands there are."""
    ports = case.make().ports.items()
    return prod(
        n_values(port) for name, port in ports if isinstance(port, In) and name not in case.fixed
    )


def n_values(port: In | Out) -> int:
    """Return how many values a port has."""
    return port.width + 1 if port.coding in ("unary", "temporal") else 1 << port.width


def lowest(port: In) -> int:
    """Return the smallest value of a port."""
    if port.coding == "temporal":
        return -1
    return -(1 << (port.width - 1)) if port.coding == "signed" else 0


def random_values(rng: np.random.Generator, port: In, count: int) -> np.ndarray:
    """Return values of a port: half uniform, the others of all magnitudes, with both ends.

    They are Python integers where int64 is too narrow.
    """
    low = lowest(port)
    high = low + n_values(port) - 1
    magnitudes = max(1, (high - low).bit_length())
    if high - low >= 1 << WIDEST:
        whole = [int.from_bytes(rng.bytes(-(-port.width // 8)), "little") for _ in range(count)]
        values = np.array([low + number % (1 << port.width) for number in whole], dtype=object)
    else:
        values = rng.integers(low, high + 1, count)
    shift = np.where(np.arange(count) % 2, rng.integers(0, magnitudes, count), 0)
    values = values >> (shift if values.dtype != object else shift.astype(object))
    ends = rng.random(count) < 1 / 16
    values[ends] = np.array([low, high], dtype=values.dtype)[rng.integers(0, 2, int(ends.sum()))]
    return values
