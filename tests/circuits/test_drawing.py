"""Pictures show every neuron and synapse once, in readable places, and are the same every time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from spikealg.circuits import (
    Adder,
    Circuit,
    Constant,
    Divider,
    Latch,
    MatrixProduct,
    Max,
    Memory,
    Multiplier,
    Sort,
)
from spikealg.circuits.drawing import draw
from spikealg.circuits.drawing.graph import graph_of
from spikealg.circuits.drawing.layout import lay_out
from spikealg.errors import InputError, InputTypeError
from tests.circuits.cases.case import network_of
from tests.helpers import ALL_CIRCUITS, refused

SVG = "{http://www.w3.org/2000/svg}"


def titles(svg: str) -> list[str]:
    """What is said of each node and each bundle of synapses."""
    return [group.find(f"{SVG}title").text for group in ET.fromstring(svg).iter(f"{SVG}g")]


def test_a_latch_is_drawn_as_it_is():
    said = titles(Latch().draw().svg)
    assert sorted(said) == sorted(
        [
            "set, width 1",
            "reset, width 1",
            "bit, threshold 1",
            "out, width 1",
            "bit → bit: 1 synapse, weight 1, delay 1",
            "set → bit: 1 synapse, weight 1, delay 1",
            "reset → bit: 1 synapse, weight -2, delay 1",
            "bit → out: 1 synapse, weight 1, delay 0",
        ]
    )
    written = [text.text for text in ET.fromstring(Latch().draw().svg).iter(f"{SVG}text")]
    assert "−2" in written
    assert Latch()._repr_svg_() == Latch().draw()._repr_svg_()


@pytest.mark.parametrize("case", ALL_CIRCUITS, ids=lambda case: case.label)
def test_all_synapses_are_in_the_picture(case):
    body = case.make().elaborate()
    for most in (10_000, 12, 1):
        graph = graph_of(body, most)
        inner = [
            bundle
            for (_, post), bundle in graph.bundles.items()
            if graph.nodes[post].kind != "output"
        ]
        assert sum(bundle.count for bundle in inner) == len(body.synapses)
        neurons = [node for node in graph.nodes if node.kind == "neuron"]
        groups = [node for node in graph.nodes if node.kind == "group"]
        assert len(neurons) + sum(int(node.detail) for node in groups) == body.n_neurons
        assert len(neurons) + len(groups) <= most
    assert case.make().draw().svg == case.make().draw().svg
    ports = network_of(case)
    assert set(ports.inputs) | set(ports.outputs) <= {node.label for node in graph.nodes}


def test_large_circuits_are_drawn_by_their_parts():
    top = Circuit("larger")
    a, b, c = (top.input(name, width=8) for name in "abc")
    total = top.add(Adder(8), a=a, b=b).sum
    top.output("best", top.add(Max(9), a=total, b=c.extend(9)).out)
    labels = [node.label for node in graph_of(top.elaborate(), 3).nodes if node.kind == "group"]
    assert labels == ["adder", "max"]
    labels = [node.label for node in graph_of(top.elaborate(), 20).nodes if node.kind == "group"]
    assert labels == [
        "adder.carry",
        "adder.bit",
        "max.greater_than.greater",
        "max.select.picked",
        "max.select.gate",
    ]
    neurons = [node.label for node in graph_of(top.elaborate(), 50).nodes if node.kind == "neuron"]
    assert len(neurons) == 43
    assert neurons[3] == "adder.carry[3]"
    assert "adder, 16 neurons" in titles(top.draw(3).svg)


@pytest.mark.parametrize(
    ("circuit", "expected"),
    [
        (Multiplier(8), ["pair", "carry ×56", "bit ×56"]),
        (Multiplier(32), ["pair", "carry ×992", "bit ×992"]),
        (
            Sort(32, 8),
            [
                "compare_exchange.greater_than.greater ×191",
                "compare_exchange.low.picked ×191",
                "compare_exchange.low.gate ×191",
                "compare_exchange.high.picked ×191",
                "compare_exchange.high.gate ×191",
            ],
        ),
        (Memory(64, 8), ["erased", "written ×64", "word ×64", "shown ×64", "gate"]),
        (MatrixProduct(4, 2), ["pair ×16", "reached ×96", "bit ×96"]),
    ],
    ids=lambda value: value.name if isinstance(value, Circuit) else "",
)
def test_like_named_parts_are_one_where_there_are_too_many(circuit, expected):
    body = circuit.elaborate()
    graph = graph_of(body, 50)
    assert [node.label for node in graph.nodes if node.kind == "group"] == expected
    assert len(draw(body).svg) < 200_000


def test_what_is_left_over_is_one_part():
    top = Circuit("top")
    for number, name in enumerate("abcde"):
        top.neurons(5 + number, threshold=1, name=name)
    for most, expected in (
        (5, ["a", "b", "c", "d", "e"]),
        (3, ["3 other parts", "d", "e"]),
        (2, ["4 other parts", "e"]),
        (1, ["5 parts"]),
    ):
        nodes = graph_of(top.elaborate(), most).nodes
        assert [node.label for node in nodes] == expected
    assert [node.detail for node in nodes] == ["35"]


def test_places_do_not_overlap_and_arrows_go_to_the_right():
    for circuit in (Adder(8), Divider(3)):
        graph = graph_of(circuit.elaborate(), 1000)
        ends = {
            kind: [i for i, node in enumerate(graph.nodes) if node.kind == kind]
            for kind in ("input", "output")
        }
        layout = lay_out(len(graph.nodes), graph.bundles, ends["input"], ends["output"])
        assert all(layout.x[pre] < layout.x[post] for pre, post in graph.bundles)
        assert (layout.x[ends["input"]] == 0).all()
        assert (layout.x[ends["output"]] == layout.x.max()).all()
        for column in np.unique(layout.x):
            heights = np.sort(layout.y[layout.x == column])
            assert (np.diff(heights) >= 1 - 1e-9).all()


def test_loops_are_drawn_from_left_to_right_with_few_edges_back():
    """Two loops that share an edge need one edge back; nothing stays within a layer."""
    edges = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 2), (4, 5)]
    layout = lay_out(6, edges, [0], [5])
    back = [edge for edge in edges if layout.x[edge[0]] > layout.x[edge[1]]]
    assert back == [(2, 3)]
    assert all(layout.x[pre] != layout.x[post] for pre, post in edges)


def test_neighbours_come_close():
    """Three chains that are given in a tangle are laid out without a crossing."""
    edges = [(0, 5), (1, 3), (2, 4), (3, 8), (4, 6), (5, 7)]
    layout = lay_out(9, edges, [0, 1, 2], [6, 7, 8])
    assert all(layout.y[pre] == layout.y[post] for pre, post in edges)


def test_loops_and_circuits_without_inputs():
    ring = Circuit("ring")
    cells = ring.neurons(3, threshold=1, v_init=[1, 0, 0], name="cell")
    ring.connect(cells, cells[[1, 2, 0]])
    ring.output("cells", cells)
    assert len(titles(ring.draw().svg)) == 3 + 1 + 3 + 3
    assert titles(Constant(5, 3).draw().svg)[-1] == "out, width 3"


def test_pictures_are_saved(tmp_path):
    Adder(2).draw().save(tmp_path / "adder.svg")
    assert ET.parse(tmp_path / "adder.svg").getroot().tag == f"{SVG}svg"
    assert [entry.name for entry in tmp_path.iterdir()] == ["adder.svg"]


def test_pictures_are_saved_as_svg_in_a_folder_that_exists(tmp_path):
    drawing = Adder(2).draw()
    with refused("path must end in .svg, got 'x.png'", InputError):
        drawing.save("x.png")
    missing = tmp_path / "none" / "x.svg"
    with refused(f"path must be in a folder that exists, got {str(missing)!r}", InputError):
        drawing.save(missing)
    with refused("path must be the name of a file, got 5", InputTypeError):
        drawing.save(5)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_drawn_is_said():
    with refused("most must be a whole number of at least 1, got 0", InputError):
        Adder(2).draw(0)

    class Unfinished(Adder):
        def build(self, a, b, carry_in=None):
            pass

    assert Unfinished(2)._repr_svg_() is None
