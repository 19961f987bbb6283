import json

import networkx as nx
import numpy as np
import pytest

from spikealg.circuits import Adder
from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.interop.networkx import from_networkx, to_networkx
from spikealg.network import NEVER, Network
from tests.engine.test_kernels import random_network
from tests.helpers import ALL_CIRCUITS, refused


@pytest.mark.parametrize("seed", range(30))
def test_a_graph_comes_back_identical(seed):
    network = random_network(np.random.default_rng(seed))
    graph = to_networkx(network)
    assert from_networkx(graph).identical(network)
    text = json.dumps(nx.node_link_data(graph, edges="edges"))
    assert from_networkx(nx.node_link_graph(json.loads(text), edges="edges")).identical(network)


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.name)
def test_circuits_come_back_identical(case):
    network = case.make().compile()
    assert from_networkx(to_networkx(network)).identical(network)


def test_what_a_graph_does_not_say_is_the_default():
    graph = nx.DiGraph([(1, 0)])
    nx.set_node_attributes(graph, {0: 2, 1: None}, "threshold")
    expected = Network.from_arrays(threshold=[2, NEVER], pre=[1], post=[0])
    assert from_networkx(graph).identical(expected)


@pytest.mark.parametrize(
    ("graph", "message", "error"),
    [
        (nx.Graph(), "graph must be a networkx DiGraph, got Graph", InputTypeError),
        (nx.DiGraph([("a", 0)]), "the nodes of graph must be 0 to 1, got 'a'", InputError),
        (nx.DiGraph([(0, 1)]), "node 0 of graph has no threshold", InputError),
    ],
)
def test_graphs_that_are_no_networks_are_refused(graph, message, error):
    with refused(message, error):
        from_networkx(graph)


@pytest.mark.parametrize(
    ("attribute", "span", "values"),
    [
        ("synapse", "from 0 to 2147483647", ("a", None, -1)),
        ("weight", "from -2147483647 to 2147483647", ("a", None, [1], [1, 2], 1.5, True, 2**70)),
        ("delay", "from 1 to 2147483647", (None, [1, 2], 0, 1.5)),
    ],
)
def test_what_edges_say_is_a_whole_number(attribute, span, values):
    for value in values:
        graph = nx.DiGraph([(0, 1, {attribute: value})])
        nx.set_node_attributes(graph, 1, "threshold")
        message = f"{attribute} of edge 0 -> 1 must be a whole number {span}, got {value!r}"
        with pytest.raises((InputError, InputTypeError)) as caught:
            from_networkx(graph)
        assert str(caught.value) == message


def test_a_graph_is_checked_as_a_file_is():
    graph = to_networkx(Adder(3).compile())
    graph.graph["interval"] = -5
    with pytest.raises(FileFormatError, match="interval must be a whole number of at least 1"):
        from_networkx(graph)


def test_ports_that_fit_no_neuron_are_refused():
    graph = to_networkx(Adder(3).compile())
    graph.graph["inputs"]["a"]["neurons"] = [10_000]
    with pytest.raises(FileFormatError, match="graph is a networkx graph but its content"):
        from_networkx(graph)


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
