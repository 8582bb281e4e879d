"""A drawing as one HTML file that needs nothing else: no network, no other file."""

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from mrca.graph.drawing import LINE, NAME_SIZE, RELATION_SIZE, Drawing, DrawnArrow, DrawnNode
from mrca.graph.picture import tint


def page_of(drawing: Drawing, title: str) -> str:
    """The page: the drawing to move and zoom, the facts of an entity that is chosen, a search.

    Cytoscape paints what was laid out; it is in the page.

    Args:
        drawing: what is drawn.
        title: what it is.
    """
    own, library = files("mrca.graph") / "page", files("mrca.graph") / "cytoscape"
    facts = sum(len(arrow.relations) for arrow in drawing.arrows)
    return Template((own / "graph.html").read_text("utf-8")).substitute(
        title=escape(title),
        style=(own / "graph.css").read_text("utf-8").strip(),
        library=(library / "cytoscape.min.js").read_text("utf-8").strip(),
        script=(own / "graph.js").read_text("utf-8").strip(),
        counts=escape(drawing.left_out or f"{len(drawing.nodes):,} entities, {facts:,} facts."),
        legend="".join(_key(kind, colour) for kind, colour in drawing.legend.items()),
        data=json.dumps(_data(drawing)).replace("<", "\\u003c"),  # no text ends the script
    )


def _data(drawing: Drawing) -> dict[str, Any]:
    return {
        "detailed": drawing.detailed,
        "sizes": {"name": NAME_SIZE, "relation": RELATION_SIZE, "line": LINE},
        "nodes": [_node(node, drawing.detailed) for node in drawing.nodes],
        "arrows": [_arrow(arrow, drawing.nodes) for arrow in drawing.arrows],
    }


def _node(node: DrawnNode, boxed: bool) -> dict[str, Any]:
    x, y, width, height, _ = node.place
    return {
        "name": node.name,
        "type": node.type,
        "iri": node.iri,
        "label": "\n".join(node.label.lines),
        "x": round(x, 1),
        "y": round(y, 1),
        "width": round(width, 1),
        "height": round(height, 1),
        "fill": tint(node.colour) if boxed else node.colour,
        "line": node.colour,
    }


def _arrow(arrow: DrawnArrow, nodes: list[DrawnNode]) -> dict[str, Any]:
    """With how far its curve bends from the line between its ends, and where along it; and how far
    its label is from the middle of the curve."""
    start, end = (np.array(nodes[number].place[:2]) for number in (arrow.start, arrow.end))
    line, bent = end - start, np.array(arrow.curve[1]) - start
    length = float(np.hypot(*line)) or 1.0
    middle = arrow.curve.at(np.array([[0.5]]))[0]
    label = arrow.label
    aside = np.array([label.x, label.y]) - middle if label else np.zeros(2)
    names = label.lines if label else [relation for relation, _, _ in arrow.relations]
    return {
        "start": arrow.start,
        "end": arrow.end,
        "relations": arrow.relations,
        "label": "\n".join(names),
        "bend": round(float(line[0] * bent[1] - line[1] * bent[0]) / length, 1),
        "along": round(float(line @ bent) / length**2, 3),
        "aside": [round(float(each), 1) for each in aside],
    }


def _key(kind: str, colour: str) -> str:
    name = escape(kind) or "without a type"
    mark = f'<i style="background:{colour}"></i>'
    return f'<li><button value="{escape(kind)}" aria-pressed="false">{mark}{name}</button></li>'
