"""What a platform charges and what it can hold: constants with their sources, limits, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from spikealg.errors import InputError

__all__ = [
    "CHARGED_PER",
    "CONFIDENCES",
    "ENERGY_TERMS",
    "KINDS",
    "LEAKS",
    "RESETS",
    "Constant",
    "Features",
    "Limits",
    "Platform",
]

Confidence = Literal["H", "M", "L"]
State = Literal["value", "in", "none", "unpublished"]

CONFIDENCES = {
    "H": "a primary table or abstract",
    "M": "a secondary source",
    "L": "not confirmed",
}
CHARGED_PER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "synaptic": ("synaptic event",),
        "neuron_active": ("update",),
        "neuron_idle": ("update",),
        "spike": ("spike", "message"),
        "hop": ("hop", "message"),
        "sync": ("tick",),
    }
)
"""What each term may be charged per. A message is a spike on its way to one core, a hop a message
that crosses one link of the mesh: neither is charged per synapse."""
ENERGY_TERMS = tuple(CHARGED_PER)
KINDS = ("chip", "processor", "arithmetic")
LEAKS = ("none", "full", "proportional", "additive")
RESETS = ("value", "subtract", "none")


@dataclass(frozen=True)
class Constant:
    """One price, with where it comes from.

    Attributes
    ----------
    value : float or None
        In `unit`; None unless `state` is "value".
    unit : str
        "J/synaptic event", "s/tick", "W/chip", ...
    source : str
        Paper and table.
    confidence : {"H", "M", "L"}
        High (a primary table or abstract), medium (a secondary source), low (not confirmed).
    low, high : float or None
        The range where sources, directions or sizes of the chip disagree.
    state : {"value", "in", "none", "unpublished"}
        A term without a value is part of another term, costs nothing, or is not known. What is not
        known is never taken for nothing: it forbids a total.
    within : str
        The other term, if `state` is "in".
    note : str
        What the number includes, and how it was read.
    """

    value: float | None
    unit: str
    source: str
    confidence: Confidence
    low: float | None = None
    high: float | None = None
    state: State = "value"
    within: str = ""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether a total can be given as far as this term is concerned."""
        return self.state != "unpublished"

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value, (0, 0) without one."""
        if self.value is None:
            return 0.0, 0.0
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )

    def __str__(self) -> str:
        if self.value is None:
            return f"in {self.within}" if self.state == "in" else self.state
        spread = (
            "" if self.low is None and self.high is None else " ({:g}–{:g})".format(*self.range)
        )
        return f"{self.value:g}{spread} {self.unit}"


@dataclass(frozen=True)
class Limits:
    """Sizes and widths; None where no limit is known.

    Attributes
    ----------
    neurons_per_core, cores_per_chip : int or None
    mesh : (int, int) or None
        Routers of a chip in x and y; each serves ``cores_per_chip / (x·y)`` cores.
    fan_in : int or None
        Synapses into one neuron.
    fan_in_axons : int or None
        Distinct presynaptic neurons that reach one core.
    fan_out_axons : int or None
        Pairs of neuron and target core that leave one core.
    fan_out : int or None
        Target cores that one neuron reaches.
    synapse_bits_per_core : int or None
        Memory for synapses [bit].
    weight_bits : int or None
        Width of a signed weight.
    weight_exponent_max : int or None
        Where a weight is a mantissa of `weight_bits` times a power of two: the largest exponent.
    axon_types : int or None
        Distinct weights that one neuron can have, where a type of axon selects the weight.
    delay_min, delay_max : int or None
        Delays of a synapse [tick].
    threshold_max : int or None
        Largest threshold [weight unit].
    potential_bits : int or None
        Width of the signed potential.
    probability_bits : int or None
        Resolution of a spike probability.
    """

    neurons_per_core: int | None = None
    cores_per_chip: int | None = None
    mesh: tuple[int, int] | None = None
    fan_in: int | None = None
    fan_in_axons: int | None = None
    fan_out_axons: int | None = None
    fan_out: int | None = None
    synapse_bits_per_core: int | None = None
    weight_bits: int | None = None
    weight_exponent_max: int | None = None
    axon_types: int | None = None
    delay_min: int | None = None
    delay_max: int | None = None
    threshold_max: int | None = None
    potential_bits: int | None = None
    probability_bits: int | None = None


@dataclass(frozen=True)
class Features:
    """What a neuron of the platform can do.

    Attributes
    ----------
    leaks : frozenset of {"none", "full", "proportional", "additive"}
        "full" is a memoryless gate; "proportional" keeps a fraction, "additive" takes a constant.
    resets : frozenset of {"value", "subtract", "none"}
    floor, bias, stochastic, refractory, synaptic_current : bool
    """

    leaks: frozenset[str] = frozenset(LEAKS)
    resets: frozenset[str] = frozenset(RESETS)
    floor: bool = True
    bias: bool = True
    stochastic: bool = True
    refractory: bool = True
    synaptic_current: bool = True


@dataclass(frozen=True, eq=False)
class Platform:
    """A chip, a processor, or a table of arithmetic, as its sources describe it.

    Attributes
    ----------
    name, title : str
        The word to call it by, and its full name.
    kind : {"chip", "processor", "arithmetic"}
        "arithmetic" has prices of operations only and serves as a baseline.
    energy : mapping of str to Constant
        Joules per what `CHARGED_PER` lists; of "arithmetic" any terms.
    time : mapping of str to Constant
        Seconds per the same, spent one after another within a core.
    static : Constant
        Power of a chip that does nothing [W per chip]; never mixed with the terms above.
    tick : Constant
        Shortest duration of a tick [s], whatever happens in it.
    limits : Limits
    features : Features
    notes : tuple of str
        What a reader of a bill should know.
    """

    name: str
    title: str
    kind: Literal["chip", "processor", "arithmetic"]
    energy: Mapping[str, Constant]
    time: Mapping[str, Constant]
    static: Constant
    tick: Constant
    limits: Limits = field(default_factory=Limits)
    features: Features = field(default_factory=Features)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "energy", MappingProxyType(dict(self.energy)))
        object.__setattr__(self, "time", MappingProxyType(dict(self.time)))
        self._require_terms()

    def _require_terms(self) -> None:
        if self.kind not in KINDS:
            listed = ", ".join(map(repr, KINDS))
            raise InputError(f"kind must be one of {listed}, got {self.kind!r}")
        if self.kind == "arithmetic":
            return
        for table, symbol, terms in (("energy", "J", self.energy), ("time", "s", self.time)):
            if set(terms) != set(ENERGY_TERMS):
                raise InputError(
                    f"{table} of platform {self.name!r} must have the terms "
                    f"{', '.join(ENERGY_TERMS)}, got {', '.join(terms) or 'none'}; a term without "
                    'a price is "none", "unpublished" or "in <another term>"'
                )
            for term, constant in terms.items():
                units = [f"{symbol}/{counted}" for counted in CHARGED_PER[term]]
                if constant.state == "value" and constant.unit not in units:
                    raise InputError(
                        f"{table}.{term} of platform {self.name!r} must have the unit "
                        f"{' or '.join(map(repr, units))}, got {constant.unit!r}"
                    )

    @property
    def unpublished(self) -> tuple[str, ...]:
        """Energy terms, "static" included, that nobody has published: they forbid a total."""
        terms = {**self.energy, "static": self.static}
        return tuple(name for name, constant in terms.items() if not constant.known)

    def constants(self) -> dict[str, Constant]:
        """Return every constant by its path, "energy.synaptic" and so on."""
        return {
            **{f"energy.{name}": constant for name, constant in self.energy.items()},
            **{f"time.{name}": constant for name, constant in self.time.items()},
            "static": self.static,
            "tick": self.tick,
        }

    def __str__(self) -> str:
        rows = [
            (name, str(constant), constant.confidence, constant.source)
            for name, constant in self.constants().items()
        ]
        wide = max(len(row[1]) for row in rows)
        lines = [f"{self.title} ({self.name}, {self.kind})"]
        lines += [f"  {a:20} {b:{wide}}  {c}  {d}".rstrip() for a, b, c, d in rows]
        return "\n".join(lines)
