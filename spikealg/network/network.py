"""A network: flat integer arrays of neurons and synapses, ready to run.

The neuron these arrays describe, tick by tick (integers only; L(x, k) rounds
x·(4096−k)/4096 toward zero):

1. i ← L(i, current_leak) + Σ weights of arriving spikes
2. if c > 0: c ← c − 1, nothing else happens in this tick
3. v ← max(L(v, leak) + i + bias + injected, floor)
4. eligible if v ≥ threshold; an eligible neuron spikes if its draw < draw_limit
5. on a spike v is reset and c ← refractory
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from spikealg.arguments import as_float_array, as_int, as_int_array
from spikealg.circuits.neuron import INT32_MAX, MEMORYLESS, NEVER, RESETS, reset_codes
from spikealg.errors import InputError, InputTypeError
from spikealg.network.invariants import (
    NEURON_ARRAYS,
    NO_FLOOR,
    SYNAPSE_ARRAYS,
    as_groups,
    check_invariants,
)
from spikealg.network.ports import Port

if TYPE_CHECKING:
    from spikealg.network.summary import Summary

__all__ = ["MEMORYLESS", "NEVER", "NO_FLOOR", "RESETS", "Network"]


@dataclass(frozen=True, eq=False)
class Network:
    """Frozen flat arrays; build one with :meth:`from_arrays` or by compiling a circuit.

    Attributes
    ----------
    threshold, leak, bias, current_leak, reset_value, refractory, refractory_init, floor, v_init
        int32 arrays of shape (n,), in weight units and ticks.
    reset : int8 array, shape (n,)
        Index into ``RESETS``.
    draw_limit : uint64 array, shape (n,)
        P, the firing probability in units of 2⁻³²; 2³² fires always, without a draw.
    stream : uint32 array, shape (n,)
        Number of the stream of random draws of each neuron, distinct within a network.
    indptr : int64 array, shape (n + 1,)
        The synapses of neuron j are ``indptr[j]:indptr[j + 1]``.
    post, weight, delay : int32 arrays, shape (m,)
        Target, weight and delay (≥ 1 tick) of each synapse; a pair may have several.
    inputs, outputs : dict of str to Port
    groups : tuple of (path, first index)
        Names of runs of neurons, in order of their first index; see :meth:`name`.
    interval : int or None
        Ticks after which the next operands may be presented; None where that depends on the data
        or is not known.
    """

    threshold: npt.NDArray[np.int32]
    leak: npt.NDArray[np.int32]
    bias: npt.NDArray[np.int32]
    current_leak: npt.NDArray[np.int32]
    reset: npt.NDArray[np.int8]
    reset_value: npt.NDArray[np.int32]
    draw_limit: npt.NDArray[np.uint64]
    refractory: npt.NDArray[np.int32]
    refractory_init: npt.NDArray[np.int32]
    floor: npt.NDArray[np.int32]
    v_init: npt.NDArray[np.int32]
    stream: npt.NDArray[np.uint32]
    indptr: npt.NDArray[np.int64]
    post: npt.NDArray[np.int32]
    weight: npt.NDArray[np.int32]
    delay: npt.NDArray[np.int32]
    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]
    groups: tuple[tuple[str, int], ...] = (("neuron", 0),)
    interval: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", as_groups(self.groups))
        if self.interval is not None:
            object.__setattr__(self, "interval", as_int("interval", self.interval, low=1))
        check_invariants(self)
        for field in fields(self):
            array = getattr(self, field.name)
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    # ------------------------------------------------------------------ construction

    @classmethod
    def from_arrays(
        cls,
        *,
        threshold: npt.ArrayLike,
        pre: npt.ArrayLike = (),
        post: npt.ArrayLike = (),
        leak: npt.ArrayLike = 0,
        bias: npt.ArrayLike = 0,
        current_leak: npt.ArrayLike = MEMORYLESS,
        reset: str | Sequence[str] | npt.ArrayLike = "value",
        reset_value: npt.ArrayLike = 0,
        probability: npt.ArrayLike = 1.0,
        refractory: npt.ArrayLike = 0,
        refractory_init: npt.ArrayLike = 0,
        floor: npt.ArrayLike | None = None,
        v_init: npt.ArrayLike = 0,
        stream: npt.ArrayLike | None = None,
        weight: npt.ArrayLike = 1,
        delay: npt.ArrayLike = 1,
        inputs: Mapping[str, Port | npt.ArrayLike] | None = None,
        outputs: Mapping[str, Port | npt.ArrayLike] | None = None,
        groups: tuple[tuple[str, int], ...] | None = None,
        interval: int | None = None,
    ) -> Network:
        """Build a network from arrays of length n (neurons) or m (synapses); scalars broadcast.

        Parameters
        ----------
        threshold : int or array (n,)
            Potential at which a neuron may spike; its length is the number of neurons (a scalar
            makes one neuron). ``NEVER`` never spikes; ≤ 0 spikes with no input.
        pre, post : array (m,) of int
            Source and target of each synapse.
        leak, current_leak : int or array (n,)
            0 (keeps all) to 4096 (keeps nothing), in 1/4096 per tick.
        bias, reset_value, v_init : int or array (n,)
            In weight units.
        reset : str or sequence of str
            "value", "subtract" (needs threshold ≥ 1) or "none".
        probability : float or array (n,)
            Probability that an eligible neuron spikes; kept as round-half-even(p·2³²).
        refractory, refractory_init : int or array (n,)
            Ticks of silence after a spike, and at the start.
        floor : int, array (n,) or None
            Lower bound of the potential, ≤ 0; None is no bound.
        stream : array (n,) of int or None
            Streams of random draws, distinct; None numbers them by neuron.
        weight, delay : int or array (m,)
            In weight units, and in ticks (≥ 1).
        inputs, outputs : dict of str to neuron indices or Port
            Indices make a port of coding "current".
        groups : tuple of (str, int), optional
            Names of runs of neurons and the first index of each.
        interval : int or None
            Ticks after which the next operands may be presented, if that is known.

        Raises
        ------
        InputError, InputTypeError
            If an array has a wrong shape, type or value; the message names it.
        """
        thresholds = np.atleast_1d(as_int_array("threshold", threshold, low=-(2**31)))
        if thresholds.ndim != 1:
            raise InputError(f"threshold must have shape (n,), got shape {thresholds.shape}")
        n = len(thresholds)

        def neurons(name: str, value: npt.ArrayLike, low: int, high: int) -> npt.NDArray[np.int64]:
            return as_int_array(name, value, shape=(n,), low=low, high=high)

        sources = as_int_array("pre", pre, low=0, high=n - 1).reshape(-1)
        m = len(sources)
        if m == 0 and np.size(post) > 0:
            raise InputError(f"pre must name the source of each synapse; post has {np.size(post)}")
        arrays: dict[str, npt.NDArray[Any]] = {
            "threshold": neurons("threshold", thresholds, -(2**31), INT32_MAX),
            "leak": neurons("leak", leak, 0, MEMORYLESS),
            "bias": neurons("bias", bias, -INT32_MAX, INT32_MAX),
            "current_leak": neurons("current_leak", current_leak, 0, MEMORYLESS),
            "reset": reset_codes(reset, (n,)),
            "reset_value": neurons("reset_value", reset_value, -(2**31), INT32_MAX),
            "draw_limit": np.rint(
                as_float_array("probability", probability, shape=(n,), low=0.0, high=1.0) * 2.0**32
            ),
            "refractory": neurons("refractory", refractory, 0, INT32_MAX),
            "refractory_init": neurons("refractory_init", refractory_init, 0, INT32_MAX),
            "floor": neurons("floor", NO_FLOOR if floor is None else floor, NO_FLOOR, 0),
            "v_init": neurons("v_init", v_init, -(2**31), INT32_MAX),
            "stream": neurons("stream", np.arange(n) if stream is None else stream, 0, 2**32 - 1),
            "post": as_int_array("post", post, shape=(m,), low=0, high=n - 1),
            "weight": as_int_array("weight", weight, shape=(m,), low=-INT32_MAX, high=INT32_MAX),
            "delay": as_int_array("delay", delay, shape=(m,), low=1, high=INT32_MAX),
        }
        order = np.argsort(sources, kind="stable")
        for name, dtype in SYNAPSE_ARRAYS.items():
            arrays[name] = arrays[name][order].astype(dtype)
        for name, dtype in NEURON_ARRAYS.items():
            arrays[name] = arrays[name].astype(dtype)
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(sources, minlength=n), out=indptr[1:])
        return cls(
            **arrays,
            indptr=indptr,
            inputs=_ports("inputs", inputs),
            outputs=_ports("outputs", outputs),
            groups=(("neuron", 0),) if groups is None else groups,
            interval=interval,
        )

    @classmethod
    def from_sparse(
        cls, weights: Any | Mapping[int, Any], *, threshold: npt.ArrayLike, **parameters: Any
    ) -> Network:
        """Build a network from sparse matrices of weights, row = presynaptic neuron.

        Parameters
        ----------
        weights : scipy sparse matrix (n, n), or dict of delay to sparse matrix
            Stored entries are synapses (a stored zero too); a single matrix has delay 1.
        threshold : int or array (n,)
        **parameters
            The neuron parameters and ports of :meth:`from_arrays`.

        Raises
        ------
        InputError, InputTypeError
            If a matrix is none, not square, or does not hold whole numbers.
        """
        layers = weights if isinstance(weights, Mapping) else {1: weights}
        coo = {delay: _as_coo(matrix) for delay, matrix in layers.items()}
        shapes = {matrix.shape for matrix in coo.values()}
        if len(shapes) != 1 or any(shape != shape[:1] * 2 for shape in shapes):
            raise InputError(f"weights must be square and of one shape, got {sorted(shapes)}")
        ((n, _),) = shapes
        return cls.from_arrays(
            threshold=as_int_array("threshold", threshold, shape=(n,)),
            pre=np.concatenate([matrix.row for matrix in coo.values()]),
            post=np.concatenate([matrix.col for matrix in coo.values()]),
            weight=np.concatenate([matrix.data for matrix in coo.values()]),
            delay=np.repeat(list(coo), [matrix.nnz for matrix in coo.values()]),
            **parameters,
        )

    def to_sparse(self) -> dict[int, sp.csr_array]:
        """Return {delay: weights (n, n)}, row = presynaptic neuron.

        Synapses between one pair with one delay are summed.
        """
        pre = self.pre
        matrices = {}
        for delay in np.unique(self.delay):
            chosen = self.delay == delay
            entries = (self.weight[chosen].astype(np.int64), (pre[chosen], self.post[chosen]))
            matrices[int(delay)] = sp.csr_array(
                sp.coo_array(entries, shape=(self.n_neurons, self.n_neurons))
            )
        return matrices

    # ------------------------------------------------------------------ reading

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.threshold)

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.post)

    @property
    def pre(self) -> npt.NDArray[np.int32]:
        """Source of each synapse, int32 array (m,), made anew from ``indptr``."""
        return np.repeat(np.arange(self.n_neurons, dtype=np.int32), np.diff(self.indptr))

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """Firing probability of each eligible neuron, ``draw_limit``·2⁻³²."""
        return self.draw_limit / 2.0**32

    @property
    def max_delay(self) -> int:
        """The longest synaptic delay [ticks]; 1 without synapses."""
        return int(self.delay.max(initial=1))

    def name(self, neuron: int) -> str:
        """Return the path of a neuron, such as "adder.carry[3]".

        Raises
        ------
        InputError, InputTypeError
            If the network does not have it.
        """
        neuron = as_int("neuron", neuron, low=0, high=self.n_neurons - 1)
        group = bisect_right(self.groups, neuron, key=lambda entry: entry[1]) - 1
        path, first = self.groups[group]
        return path if self._group_end(group) - first == 1 else f"{path}[{neuron - first}]"

    def find(self, path: str) -> npt.NDArray[np.int64]:
        """Return the neurons of a port, a group, or one neuron by its path.

        Raises
        ------
        InputError, InputTypeError
            If nothing has this name.
        """
        if not isinstance(path, str):
            raise InputTypeError(
                f"path must name a port, a group or a neuron, for example 'sum', got {path!r}"
            )
        for ports in (self.outputs, self.inputs):
            if path in ports:
                return ports[path].neurons
        group_path, _, index = path.partition("[") if path.endswith("]") else (path, "", "")
        found = []
        for group, (name, first) in enumerate(self.groups):
            if name != group_path:
                continue
            neurons = np.arange(first, self._group_end(group), dtype=np.int64)
            if index:
                offset = index[:-1]
                if not offset.isdecimal() or int(offset) >= len(neurons):
                    continue
                neurons = neurons[int(offset) : int(offset) + 1]
            found.append(neurons)
        if not found:
            known = [*self.outputs, *self.inputs, *(name for name, _ in self.groups)]
            listed = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
            raise InputError(f"no neuron, group or port is called {path!r}; there are: {listed}")
        return np.concatenate(found)

    def _group_end(self, group: int) -> int:
        following = group + 1
        return self.groups[following][1] if following < len(self.groups) else self.n_neurons

    def identical(self, other: Network) -> bool:
        """Whether both networks have the same arrays, ports and names.

        Raises
        ------
        InputTypeError
            If `other` is no network.
        """
        if not isinstance(other, Network):
            raise InputTypeError(f"other must be a Network, got {other!r}")
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if field.name in ("inputs", "outputs"):
                same = list(mine) == list(theirs) and all(
                    port.identical(theirs[name]) for name, port in mine.items()
                )
            elif isinstance(mine, np.ndarray):
                same = np.array_equal(mine, theirs)
            else:
                same = mine == theirs
            if not same:
                return False
        return True

    def summary(self) -> Summary:
        """Return neurons, synapses, latency, depth, fan-in and widths as a printable record."""
        from spikealg.network.summary import summarize

        return summarize(self)

    def __repr__(self) -> str:
        return (
            f"Network({self.n_neurons} neurons, {self.n_synapses} synapses, "
            f"inputs {list(self.inputs)}, outputs {list(self.outputs)})"
        )

    # ------------------------------------------------------------------ running and files

    def __call__(self, **values: Any) -> dict[str, Any]:
        """Present `values` at the input ports and return the values at the output ports.

        Scalars give scalars; arrays of shape (lanes,) run a lane per element and give arrays.
        Optional inputs that are left out have the values that their ports say (``Port.absent``).
        """
        from spikealg.engine.call import call

        return call(self, values)

    def save(self, path: str | Path) -> None:
        """Write the network to `path` (npz with a JSON header; no pickle)."""
        from spikealg.network.files import save

        save(self, path)

    @staticmethod
    def load(path: str | Path) -> Network:
        """Read a network that :meth:`save` wrote.

        Raises
        ------
        FileFormatError
            If the file is damaged, foreign, or of a later format version.
        """
        from spikealg.network.files import load

        return load(path)


def _as_coo(matrix: Any) -> sp.coo_array:
    try:
        return sp.coo_array(matrix)
    except (TypeError, ValueError):
        raise InputTypeError(
            f"weights must be a sparse matrix, or a dict of them by delay, got {matrix!r}"
        ) from None


def _ports(argument: str, ports: Mapping[str, Port | npt.ArrayLike] | None) -> dict[str, Port]:
    if ports is not None and not isinstance(ports, Mapping):
        raise InputTypeError(
            f"{argument} must be a dict of name to neurons or Port, got {type(ports).__name__}"
        )
    made = {}
    for name, port in (ports or {}).items():
        if not isinstance(port, Port):
            neurons = np.atleast_1d(as_int_array(f"{argument}[{name!r}]", port, low=0))
            port = Port(neurons, width=len(neurons))
        made[name] = port
    return made
