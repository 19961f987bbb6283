"""Neurons to cores, cores to chips and routers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import reverse_cuthill_mckee

from spikealg.arguments import as_choice, as_int_array
from spikealg.errors import InputError, InputTypeError
from spikealg.hardware.assign import assign, distinct_routes, synapse_bits
from spikealg.hardware.catalogue import as_platform
from spikealg.hardware.mesh import exchange_cores, positions, route_hops
from spikealg.hardware.platform import Platform
from spikealg.network import Network

__all__ = ["METHODS", "Placement", "Usage", "place"]

METHODS = ("greedy", "partition")
Array = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Usage:
    """What each core holds; int64 arrays (cores,).

    Attributes
    ----------
    neurons : array
    axons_in : array
        Distinct presynaptic neurons that reach the core.
    axons_out : array
        Pairs of neuron and target core that leave it; the core itself may be a target.
    synapses, synapse_bits : array
        Synapses into its neurons, and their memory [bit].
    """

    neurons: Array
    axons_in: Array
    axons_out: Array
    synapses: Array
    synapse_bits: Array


@dataclass(frozen=True, eq=False)
class Placement:
    """A network on the cores of a platform; prints as a few lines.

    A message is a spike on its way to one core: however many synapses it has there, it is sent
    once. Its own core counts as a target where a neuron has synapses to it.

    Attributes
    ----------
    network : Network
    platform : Platform
    method : str
        "greedy" or "partition".
    core : int32 array (n,)
        Core of each neuron.
    chip : int64 array (cores,)
        Chip of each core.
    router : int64 array (cores, 2)
        Router of each core on the mesh, (x, y); all zeros where the platform has no mesh.
    """

    network: Network
    platform: Platform
    method: str
    core: npt.NDArray[np.int32]
    chip: Array
    router: Array

    @property
    def cores(self) -> int:
        """Cores in use."""
        return len(self.chip)

    @property
    def chips(self) -> int:
        """Chips in use."""
        return int(self.chip.max()) + 1

    @cached_property
    def routes(self) -> tuple[Array, Array]:
        """Neuron and target core of each distinct pair, sorted: two int64 arrays."""
        return distinct_routes(self.network, self.core)

    @property
    def reach(self) -> Array:
        """Cores that a spike of each neuron is sent to, int64 array (n,)."""
        return np.bincount(self.routes[0], minlength=self.network.n_neurons).astype(np.int64)

    def hops(self, pre: npt.ArrayLike | None = None) -> Array:
        """Return the links of the mesh that one spike crosses, summed over its target cores.

        Parameters
        ----------
        pre : array of int, optional
            Neurons; all by default.

        Returns
        -------
        int64 array
            One entry per neuron asked for.
        """
        neuron, target = self.routes
        links = route_hops(self.router, self.core[neuron], target)
        total = np.zeros(self.network.n_neurons, dtype=np.int64)
        np.add.at(total, neuron, links)
        if pre is None:
            return total
        high = self.network.n_neurons - 1
        return total[as_int_array("pre", pre, low=0, high=high)]

    def messages(self, spikes: npt.ArrayLike) -> int:
        """Return the messages sent: distinct pairs of spike and target core.

        Parameters
        ----------
        spikes : array (n,) of int
            Spikes of each neuron, such as ``run.counts``.
        """
        return int(self._counted(spikes) @ self.reach)

    def crossings(self, spikes: npt.ArrayLike) -> int:
        """Return the links of the mesh that all messages cross together."""
        return int(self._counted(spikes) @ self.hops())

    def _counted(self, spikes: npt.ArrayLike) -> Array:
        counts = as_int_array("spikes", spikes, low=0)
        n = self.network.n_neurons
        if counts.shape != (n,):
            raise InputTypeError(f"spikes must have shape ({n},), got shape {counts.shape}")
        return counts

    @cached_property
    def usage(self) -> Usage:
        """What each core holds."""
        neuron, target = self.routes
        post_core = self.core[self.network.post]
        synapses = np.bincount(post_core, minlength=self.cores)
        return Usage(
            neurons=np.bincount(self.core, minlength=self.cores),
            axons_in=np.bincount(target, minlength=self.cores),
            axons_out=np.bincount(self.core[neuron], minlength=self.cores),
            synapses=synapses,
            synapse_bits=synapses * synapse_bits(self.network, self.platform.limits),
        )

    def __str__(self) -> str:
        reach, hops = self.reach, self.hops()
        sending = max(int((reach > 0).sum()), 1)
        return "\n".join(
            [
                f"{self.network.n_neurons:,} neurons on {self.platform.title}, {self.method}",
                f"cores                    {self.cores:>10,}",
                f"chips                    {self.chips:>10,}",
                f"neurons per core         {self.network.n_neurons / self.cores:>10.1f}",
                f"messages per spike       {reach.sum() / sending:>10.2f}",
                f"hops per spike           {hops.sum() / sending:>10.2f}",
            ]
        )


def place(network: Network, platform: str | Platform, method: str = "greedy") -> Placement:
    """Assign neurons to cores within the limits of a platform, and cores to its mesh.

    Neurons per core, presynaptic neurons per core, synapse memory, and axons that leave a core
    are kept wherever a core with fewer neurons can keep them; :func:`~spikealg.hardware.fits`
    tells what is broken all the same.

    Parameters
    ----------
    network : Network
    platform : str or Platform
    method : {"greedy", "partition"}
        "greedy" fills core after core with neurons that are close in the graph (in reverse
        Cuthill-McKee order), in a moment; "partition" cuts the graph where few synapses are
        (multilevel k-way), which takes longer, some more cores, and fewer messages and hops.

    Returns
    -------
    Placement

    Raises
    ------
    InputError, InputTypeError
        If the platform or the method is unknown, or the platform is a table of arithmetic.

    Examples
    --------
    >>> from spikealg.network import Network
    >>> ring = Network.from_arrays(threshold=[1] * 3000, pre=range(3000),
    ...                            post=[*range(1, 3000), 0])
    >>> placed = place(ring, "loihi")
    >>> placed.cores, placed.chips
    (3, 1)
    """
    if not isinstance(network, Network):
        raise InputTypeError(
            f"network must be a Network, got {type(network).__name__}: compile() a Circuit first"
        )
    chosen = as_platform(platform)
    as_choice("method", method, METHODS)
    if chosen.kind == "arithmetic":
        raise InputError(f"{chosen.title} is a table of prices and has no cores to place on")
    limits = chosen.limits
    core = assign(network, limits, method)
    traffic = _traffic(network, core)
    chip, router = positions(traffic.shape[0], limits)
    if method == "partition":
        # Cores that talk are neighbours in number first, neighbours on the mesh after that.
        line = reverse_cuthill_mckee(sp.csr_array(traffic + traffic.T), symmetric_mode=True)
        core = np.argsort(line)[core]
        core = exchange_cores(_traffic(network, core), router)[core]
    return Placement(network, chosen, method, core.astype(np.int32), chip, router)


def _traffic(network: Network, core: Array) -> sp.csr_array:
    """Return the neurons of one core that send to another, int64 (cores, cores)."""
    neuron, target = distinct_routes(network, core)
    cores = int(core.max()) + 1
    one = np.ones(len(neuron), dtype=np.int64)
    return sp.csr_array(sp.coo_array((one, (core[neuron], target)), shape=(cores, cores)))
