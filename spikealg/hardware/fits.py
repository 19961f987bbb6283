"""Whether a network fits a platform, and if not, why, where, by how much, and what would help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spikealg.arguments import as_int
from spikealg.errors import InputError
from spikealg.hardware.catalogue import as_platform
from spikealg.hardware.paths import some_paths
from spikealg.hardware.place import Placement, place
from spikealg.hardware.platform import Platform
from spikealg.hardware.walls import Breach, walls
from spikealg.network import Network

__all__ = ["Fit", "fits"]


@dataclass(frozen=True, eq=False)
class Fit:
    """Whether a network fits; true or false as it stands, and prints as a report.

    Attributes
    ----------
    platform : Platform
    placement : Placement
        The greedy placement, or the one given; of a network that does not fit it is the nearest
        there is.
    walls : tuple of Breach
        Features, widths and the fan-in of single neurons: in the way on any number of cores.
    budgets : tuple of Breach
        Axons and chips: how many there are, as placed.
    """

    platform: Platform
    placement: Placement
    walls: tuple[Breach, ...]
    budgets: tuple[Breach, ...]

    @property
    def fits(self) -> bool:
        """Whether nothing is broken."""
        return not self.walls and not self.budgets

    def __bool__(self) -> bool:
        return self.fits

    def __str__(self) -> str:
        size = f"cores: {self.placement.cores:,}, chips: {self.placement.chips:,}"
        if self.fits:
            return f"fits on {self.platform.title} ({size})"
        head = f"does not fit on {self.platform.title} ({size}):"
        return "\n".join([head, *(f"- {breach}" for breach in (*self.walls, *self.budgets))])


def fits(
    network: Network,
    platform: str | Platform,
    *,
    chips: int | None = None,
    placement: Placement | None = None,
) -> Fit:
    """Check a network against the features, widths and sizes of a platform.

    Parameters
    ----------
    network : Network
    platform : str or Platform
    chips : int, optional
        Chips there are; by default as many as it takes.
    placement : Placement, optional
        A placement of this network on this platform, instead of the greedy one.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        If there is no such platform, `chips` is below 1, or the placement is one of another
        network or on another platform.

    Examples
    --------
    >>> from spikealg.network import Network
    >>> leaky = Network.from_arrays(threshold=[5], leak=100)
    >>> print(fits(leaky, "truenorth").walls[0].what)
    there is no proportional leak
    """
    chosen = as_platform(platform)
    most = None if chips is None else as_int("chips", chips, low=1)
    placed = place(network, chosen) if placement is None else placement
    if placed.network is not network or placed.platform != chosen:
        raise InputError(
            f"placement must be of this network on {chosen.title}, got one of "
            f"{placed.network.n_neurons:,} neurons on {placed.platform.title}: place it anew"
        )
    return Fit(
        chosen, placed, tuple(walls(network, chosen)), tuple(_budgets(network, placed, most))
    )


def _budgets(network: Network, placed: Placement, chips: int | None) -> Iterator[Breach]:
    limits = placed.platform.limits
    if limits.fan_out is not None:
        reach = placed.reach
        over = np.flatnonzero(reach > limits.fan_out)
        if len(over):
            extra = int((reach[over] - limits.fan_out).sum())
            yield Breach(
                "fan_out", "budget", int(reach[over].max()), limits.fan_out, over,
                f"a neuron reaches {reach[over].max():,} cores, {limits.fan_out:,} at most",
                some_paths(network, over),
                f"{extra:,} copies of these neurons, one for each core more, as splitters",
            )  # fmt: skip
    if limits.fan_out_axons is not None:
        leaving = placed.usage.axons_out
        full = np.flatnonzero(leaving > limits.fan_out_axons)
        if len(full):
            over = np.flatnonzero(np.isin(placed.core, full))
            yield Breach(
                "fan_out_axons", "budget", int(leaving[full].max()), limits.fan_out_axons, over,
                f"{leaving[full].max():,} axons leave a core, {limits.fan_out_axons:,} at most",
                some_paths(network, over),
                "send through relays in several cores, each to a share of the targets",
            )  # fmt: skip
    if chips is not None and placed.chips > chips:
        beyond = np.flatnonzero(placed.chip[placed.core] >= chips)
        yield Breach(
            "cores_per_chip", "budget", placed.chips, chips, beyond,
            f"{placed.cores:,} cores on {placed.chips:,} chips, {chips:,} at most",
            some_paths(network, beyond),
            f"{placed.chips - chips:,} chips more, or fewer neurons and synapses",
        )  # fmt: skip
