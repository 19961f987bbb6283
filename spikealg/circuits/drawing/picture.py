"""A picture of a circuit as SVG text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from spikealg.archive import require_file_name, written_whole
from spikealg.arguments import as_int
from spikealg.circuits.body import Body
from spikealg.circuits.drawing.graph import Bundle, Graph, Node, graph_of
from spikealg.circuits.drawing.layout import Layout, lay_out
from spikealg.errors import InputError

__all__ = ["Drawing", "draw"]

COLUMN, ROW, MARGIN, GAP = 120.0, 46.0, 60.0, 50.0
"""Least distance of layers, distance of nodes, empty frame, and least gap of boxes [pixels]."""
RADIUS = 13.0
SLIP = 5.0
EXCITES, INHIBITS, BOTH, INK, PAPER = "#2f6f9f", "#c0492b", "#7a6a8a", "#22303c", "#ffffff"
FILL = {"input": "#e8eef2", "output": "#e8eef2", "neuron": "#ffffff", "group": "#f4efe2"}


@dataclass(frozen=True)
class Drawing:
    """A picture; notebooks show it, and `save` writes it to a file.

    Attributes
    ----------
    svg : str
        The picture as SVG.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the picture to an .svg file; it is there whole or not at all.

        Raises
        ------
        InputError, InputTypeError
            If the name does not end in .svg, or its folder does not exist.
        """
        file = require_file_name("path", path)
        if file.suffix.lower() != ".svg":
            raise InputError(f"path must end in .svg, got {str(path)!r}")
        with written_whole(file) as beside:
            beside.write_text(self.svg, encoding="utf-8")


def draw(body: Body, most: int = 50) -> Drawing:
    """Return the picture of a circuit; see :meth:`Circuit.draw`."""
    graph = graph_of(body, as_int("most", most, low=1))
    kinds = [node.kind for node in graph.nodes]
    inputs = [index for index, kind in enumerate(kinds) if kind == "input"]
    outputs = [index for index, kind in enumerate(kinds) if kind == "output"]
    layout = lay_out(len(graph.nodes), graph.bundles, inputs, outputs)
    return Drawing(_svg(body.title, graph, layout))


def _svg(title: str, graph: Graph, layout: Layout) -> str:
    passing = [y for route in layout.routes.values() for _, y in route]
    heights = [*layout.y.tolist(), *passing]
    low, high = min(heights, default=0.0), max(heights, default=0.0)

    widest = max(map(_half_width, graph.nodes), default=0.0)
    column, margin = max(COLUMN, 2 * widest + GAP), max(MARGIN, widest + 10)

    def place(x: float, y: float) -> tuple[float, float]:
        return margin + column * x, MARGIN + ROW * (y - low)

    width = 2 * margin + column * float(layout.x.max(initial=0))
    height = 2 * MARGIN + ROW * (high - low)
    points = [place(float(x), float(y)) for x, y in zip(layout.x, layout.y, strict=True)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="10" '
        f'fill="{INK}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        _arrow_heads(),
    ]
    for (pre, post), bundle in graph.bundles.items():
        what = f"{graph.nodes[pre].label} → {graph.nodes[post].label}: {_described(bundle)}"
        via = [place(*point) for point in layout.routes[pre, post]]
        rims = _half_width(graph.nodes[pre]), _half_width(graph.nodes[post])
        lines.append(_edge(points[pre], via, points[post], rims, bundle, what))
    for node, point in zip(graph.nodes, points, strict=True):
        lines.append(_node(node, point))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _half_width(node: Node) -> float:
    return RADIUS if node.kind == "neuron" else max(RADIUS + 8, 3.2 * len(node.label))


def _arrow_heads() -> str:
    heads = []
    for colour in (EXCITES, INHIBITS, BOTH):
        heads.append(
            f'<marker id="head{colour[1:]}" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" '
            f'markerHeight="6" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0,0 L6,3 L0,6 z" fill="{colour}"/></marker>'
        )
    return f"<defs>{''.join(heads)}</defs>"


def _colour(bundle: Bundle) -> str:
    if min(bundle.weights) > 0:
        return EXCITES
    return INHIBITS if max(bundle.weights) < 0 else BOTH


def _described(bundle: Bundle) -> str:
    """Return number, weights and delays of the synapses in words."""
    words = [f"{bundle.count} synapse{'s' * (bundle.count != 1)}"]
    for name, values in (("weight", bundle.weights), ("delay", bundle.delays)):
        ends = sorted({min(values), max(values)})
        words.append(f"{name} {' to '.join(map(str, ends))}")
    return ", ".join(words)


def _edge(
    start: tuple[float, float],
    via: list[tuple[float, float]],
    end: tuple[float, float],
    rims: tuple[float, float],
    bundle: Bundle,
    what: str,
) -> str:
    if start == end:
        x, y = start
        path = f"M{x - 5:.1f},{y - RADIUS:.1f} c-14,-24 24,-24 11,-1"
    else:
        forward = 1 if end[0] >= start[0] else -1
        leaves, enters = (forward * (rim + 1) for rim in rims)
        # What leads back runs a little lower than what leads there.
        slip = 0.0 if forward > 0 else SLIP
        points = [(start[0] + leaves, start[1] + slip), *via, (end[0] - enters, end[1] + slip)]
        path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for (x0, y0), (x1, y1) in pairwise(points):
            bend = (x1 - x0) / 2 if x0 != x1 else leaves
            path += f" C{x0 + bend:.1f},{y0:.1f} {x1 - bend:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
    colour = _colour(bundle)
    thick = min(4.0, 1.0 + 0.25 * (bundle.count - 1))
    label = ""
    if len(bundle.weights) == 1 and abs(weight := next(iter(bundle.weights))) != 1:
        x, y = end[0] - rims[1] - 12, end[1] + (start[1] - end[1]) * 0.08 - 3
        text = f"{weight:d}".replace("-", "−")
        label = f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}">{text}</text>'
    return (
        f'<g><title>{escape(what)}</title><path d="{path}" fill="none" stroke="{colour}" '
        f'stroke-width="{thick:.2f}" stroke-opacity="0.75" '
        f'marker-end="url(#head{colour[1:]})"/>{label}</g>'
    )


def _node(node: Node, point: tuple[float, float]) -> str:
    x, y = point
    fill = FILL[node.kind]
    frame = f'fill="{fill}" stroke="{INK}" stroke-width="1"'
    if node.kind == "neuron":
        name = node.label.rpartition(".")[2]
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" {frame}/>'
        texts = [(x, y + 3.5, node.detail), (x, y + RADIUS + 10, name)]
        what = f"{node.label}, threshold {node.detail}"
    else:
        half = _half_width(node)
        shape = (
            f'<rect x="{x - half:.1f}" y="{y - RADIUS:.1f}" width="{2 * half:.1f}" '
            f'height="{2 * RADIUS}" rx="{RADIUS if node.kind != "group" else 4}" {frame}/>'
        )
        count = f"{node.detail} neurons" if node.kind == "group" else f"width {node.detail}"
        texts = [(x, y - 1, node.label), (x, y + 9, count)]
        what = f"{node.label}, {count}"
    written = "".join(
        f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="middle"'
        f"{' font-size=' + chr(34) + '8' + chr(34) if index else ''}>{escape(text)}</text>"
        for index, (left, top, text) in enumerate(texts)
    )
    return f"<g><title>{escape(what)}</title>{shape}{written}</g>"
