"""Networks as graphs of networkx, with everything there is to know at nodes and edges."""

from __future__ import annotations

import networkx as nx

from spikealg.errors import InputTypeError
from spikealg.network import NEVER, NO_FLOOR, RESETS, Network

__all__ = ["to_networkx"]

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
        "weight" and "delay" [ticks], and keys in order of synapses. The attributes are plain
        Python numbers, so that the graph can be written as JSON.

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
    graph = nx.MultiDiGraph()
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
    for pre, post, weight, delay in zip(*synapses, strict=True):
        graph.add_edge(pre, post, weight=weight, delay=delay)
    return graph
