import json

import networkx as nx
import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.errors import InputTypeError
from spikealg.interop.networkx import to_networkx
from spikealg.network import NEVER, Network
from tests.engine.test_kernels import random_network

NAMES = (
    "threshold", "leak", "bias", "current_leak", "reset", "reset_value", "refractory",
    "refractory_init", "floor", "v_init", "stream", "probability",
)  # fmt: skip


def from_graph(graph: nx.MultiDiGraph) -> Network:
    """Build the network again from the attributes of its graph."""
    nodes = [graph.nodes[neuron] for neuron in range(len(graph))]
    neurons = {name: [node[name] for node in nodes] for name in NAMES}
    neurons["threshold"] = [NEVER if v is None else v for v in neurons["threshold"]]
    neurons["floor"] = [-(2**31) if v is None else v for v in neurons["floor"]]
    edges = list(graph.edges(data=True))
    return Network.from_arrays(
        **{name: np.array(values) for name, values in neurons.items()},
        pre=np.array([pre for pre, _, _ in edges], dtype=int),
        post=np.array([post for _, post, _ in edges], dtype=int),
        weight=np.array([data["weight"] for *_, data in edges], dtype=int),
        delay=np.array([data["delay"] for *_, data in edges], dtype=int),
    )


@pytest.mark.parametrize("seed", range(30))
def test_a_graph_holds_the_whole_network(seed):
    network = random_network(np.random.default_rng(seed))
    back = from_graph(to_networkx(network))
    for name in (*NAMES, "draw_limit"):
        assert np.array_equal(getattr(back, name), getattr(network, name)), name
    # networkx lists the edges of a node target by target.
    for one in (back, network):
        assert one.n_synapses == network.n_synapses
    synapses = [
        sorted(zip(one.pre, one.post, one.weight, one.delay, strict=True))
        for one in (back, network)
    ]
    assert synapses[0] == synapses[1]


def test_nodes_know_their_path_and_ports():
    network = Adder(3).compile()
    graph = to_networkx(network)
    for name, port in network.outputs.items():
        for line, neuron in enumerate(port.neurons.tolist()):
            assert (name, line) in graph.nodes[neuron]["outputs"]
    first = int(network.inputs["a"].neurons[0])
    assert graph.nodes[first]["inputs"] == [("a", 0)]
    assert graph.nodes[first]["name"] == network.name(first)
    assert nx.dag_longest_path_length(nx.DiGraph(graph), weight=None) >= 3
    json.dumps(nx.node_link_data(graph, edges="edges"))


def test_anything_but_a_network_is_refused():
    with pytest.raises(InputTypeError, match="network must be a Network, got Adder"):
        to_networkx(Adder(3))
