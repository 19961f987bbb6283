"""Networks as graphs of networkx, with everything there is to know at nodes and edges."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from spikealg.arguments import as_int
from spikealg.circuits.neuron import INT32_MAX
from spikealg.errors import InputError, InputTypeError
from spikealg.network import MEMORYLESS, NEVER, NO_FLOOR, RESETS, Network
from spikealg.network.files import from_parts, to_parts

__all__ = ["from_networkx", "to_networkx"]

PARAMETERS = (
    "threshold", "leak", "bias", "current_leak", "reset_value", "refractory", "refractory_init",
    "floor", "v_init", "stream", "probability",
)  # fmt: skip


def to_networkx(network: Network) -> nx.MultiDiGraph:
    """Return a network as a directed graph with an edge per synapse.

    Parameters
    ----------
    network : Network

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are neurons 0 to n − 1 with attributes "name" (the path), "threshold" (None: never
        spikes), "leak", "bias", "current_leak", "reset" ("value", "subtract" or "none"),
        "reset_value", "refractory", "refractory_init", "floor" (None: no floor), "v_init",
        "stream", "probability", and "inputs" and "outputs": lists of (port, line). Edges have
        "weight", "delay" [ticks] and "synapse", the index of the synapse. The graph's own
        attributes are "inputs", "outputs" (ports by name) and "groups". All are plain Python
        values, so that the graph can be written as JSON.

    Raises
    ------
    InputTypeError
        If `network` is no Network.

    Examples
    --------
    >>> chain = Network.from_arrays(threshold=[1, 2], pre=[0, 0], post=[1, 1], delay=[1, 3])
    >>> [data["delay"] for _, _, data in to_networkx(chain).edges(data=True)]
    [1, 3]
    """
    if not isinstance(network, Network):
        raise InputTypeError(f"network must be a Network, got {type(network).__name__}")
    header, _ = to_parts(network)
    graph = nx.MultiDiGraph(**header)
    columns = {name: getattr(network, name).tolist() for name in PARAMETERS}
    columns["reset"] = [RESETS[code] for code in network.reset.tolist()]
    columns["threshold"] = [None if v == NEVER else v for v in columns["threshold"]]
    columns["floor"] = [None if v == NO_FLOOR else v for v in columns["floor"]]
    for neuron in range(network.n_neurons):
        parameters = {name: column[neuron] for name, column in columns.items()}
        graph.add_node(neuron, name=network.name(neuron), inputs=[], outputs=[], **parameters)
    for direction, ports in (("inputs", network.inputs), ("outputs", network.outputs)):
        for name, port in ports.items():
            for line, neuron in enumerate(port.neurons.tolist()):
                if neuron >= 0:
                    graph.nodes[neuron][direction].append((name, line))
    synapses = (getattr(network, name).tolist() for name in ("pre", "post", "weight", "delay"))
    for synapse, (pre, post, weight, delay) in enumerate(zip(*synapses, strict=True)):
        graph.add_edge(pre, post, weight=weight, delay=delay, synapse=synapse)
    return graph


def from_networkx(graph: Any) -> Network:
    """Return the network of a directed graph with the attributes that :func:`to_networkx` writes.

    What `to_networkx` returned gives back the identical network. Of other graphs nodes need a
    "threshold" alone; what is missing takes the default of `Network.from_arrays`, ports and paths
    included.

    Parameters
    ----------
    graph : networkx.DiGraph or MultiDiGraph
        Nodes are 0 to n − 1, in any order.

    Raises
    ------
    InputError, InputTypeError
        If a node or edge cannot be used; the message names the attribute.
    FileFormatError
        If the graph's ports and groups do not fit its nodes.

    Examples
    --------
    >>> graph = nx.DiGraph([(0, 1, {"delay": 3})])
    >>> nx.set_node_attributes(graph, 1, "threshold")
    >>> from_networkx(graph).max_delay
    3
    """
    if not isinstance(graph, nx.DiGraph):
        raise InputTypeError(f"graph must be a networkx DiGraph, got {type(graph).__name__}")
    n = len(graph)
    if set(graph) != set(range(n)):
        strange = next(node for node in graph if node not in range(n))
        raise InputError(f"the nodes of graph must be 0 to {n - 1}, got {strange!r}")
    nodes = [graph.nodes[neuron] for neuron in range(n)]
    absent = [neuron for neuron, node in enumerate(nodes) if "threshold" not in node]
    if absent:
        raise InputError(f"node {absent[0]} of graph has no threshold")
    defaults = {
        "leak": 0, "bias": 0, "current_leak": MEMORYLESS, "reset": "value", "reset_value": 0,
        "refractory": 0, "refractory_init": 0, "floor": None, "v_init": 0, "probability": 1.0,
    }  # fmt: skip
    neurons: dict[str, Any] = {
        name: [node.get(name, default) for node in nodes] for name, default in defaults.items()
    }
    neurons["stream"] = [node.get("stream", neuron) for neuron, node in enumerate(nodes)]
    neurons["threshold"] = _without_none([node["threshold"] for node in nodes], NEVER)
    neurons["floor"] = _without_none(neurons["floor"], NO_FLOOR)
    # networkx lists the edges of a node target by target.
    ends = np.array(list(graph.edges()), dtype=np.int64).reshape(-1, 2)
    order = np.argsort(_of_edges(graph, "synapse", 0, 0), kind="stable")
    network = Network.from_arrays(
        **neurons,
        pre=ends[order, 0],
        post=ends[order, 1],
        weight=_of_edges(graph, "weight", 1, -INT32_MAX)[order],
        delay=_of_edges(graph, "delay", 1, 1)[order],
    )
    header, arrays = to_parts(network)
    header.update({name: graph.graph[name] for name in header if name in graph.graph})
    return from_parts(header, arrays, "graph is a networkx graph")


def _of_edges(graph: nx.DiGraph, attribute: str, default: int, low: int) -> npt.NDArray[np.int64]:
    """Return an attribute of each edge."""
    return np.array(
        [
            as_int(f"{attribute} of edge {pre} -> {post}", value, low=low, high=INT32_MAX)
            for pre, post, value in graph.edges(data=attribute, default=default)
        ],
        dtype=np.int64,
    )


def _without_none(values: list[Any], stand_in: int) -> list[Any]:
    return [stand_in if value is None else value for value in values]
