"""A drawing as one HTML file that needs nothing else: no network, no other file."""

import json
from html import escape
from pathlib import Path
from string import Template

from mrca.graph.drawing import LINE, NAME_SIZE, RELATION_SIZE, Box, Drawing, DrawnArrow, DrawnNode
from mrca.graph.picture import tint

_FILES = Path(__file__).parent / "page"


def page_of(drawing: Drawing, title: str) -> str:
    """The page: the drawing to move and zoom, the facts of an entity that is chosen, a search.

    Args:
        drawing: what is drawn.
        title: what it is.
    """
    files = {path.suffix: path.read_text("utf-8") for path in _FILES.iterdir()}
    facts = sum(len(arrow.relations) for arrow in drawing.arrows)
    return Template(files[".html"]).substitute(
        title=escape(title),
        style=files[".css"].strip(),
        script=files[".js"].strip(),
        counts=escape(drawing.left_out or f"{len(drawing.nodes):,} entities, {facts:,} facts."),
        legend="".join(_key(kind, colour) for kind, colour in drawing.legend.items()),
        drawing=_svg(drawing),
        data=json.dumps(_data(drawing)).replace("<", "\\u003c"),  # no text ends the script
    )


def _data(drawing: Drawing) -> dict[str, object]:
    nodes = [
        {
            "name": node.name,
            "type": node.type,
            "iri": node.iri,
            "x": node.place.x,
            "y": node.place.y,
        }
        for node in drawing.nodes
    ]
    arrows = [
        {"start": arrow.start, "end": arrow.end, "relations": arrow.relations}
        for arrow in drawing.arrows
    ]
    return {"nodes": nodes, "arrows": arrows}


def _key(kind: str, colour: str) -> str:
    name = escape(kind) or "without a type"
    mark = f'<i style="background:{colour}"></i>'
    return f'<li><button value="{escape(kind)}" aria-pressed="false">{mark}{name}</button></li>'


def _svg(drawing: Drawing) -> str:
    size = f"0 0 {drawing.width:.0f} {drawing.height:.0f}"
    head = 7 if drawing.detailed else 5
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}"'
        f' class="{"boxes" if drawing.detailed else "dots"}">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" orient="auto"'
        f' markerWidth="{head}" markerHeight="{head}" markerUnits="userSpaceOnUse">'
        '<path d="M0 0L8 4L0 8z" fill="#6b7078"/></marker></defs>',
        *map(_arrow, drawing.arrows),
        *(_node(node, drawing.detailed) for node in drawing.nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def _arrow(arrow: DrawnArrow) -> str:
    (a, b), (c, d), (e, f) = (map(float, point) for point in arrow.curve)
    path = f"M{a:.1f} {b:.1f}Q{c:.1f} {d:.1f} {e:.1f} {f:.1f}"
    names = [relation for relation, _, _ in arrow.relations]
    middle = Box((a + 2 * c + e) / 4, (b + 2 * d + f) / 4, 0, 0, names)
    return (
        f'<g class="arrow"><title>{escape(", ".join(names))}</title>'
        f'<path d="{path}" marker-end="url(#head)"/><path class="wide" d="{path}"/>'
        f"{_text(arrow.label or middle, RELATION_SIZE)}</g>"
    )


def _node(node: DrawnNode, boxed: bool) -> str:
    x, y, width, height, _ = node.place
    if boxed:
        corner = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" rx="5"'
        fill = f'fill="{tint(node.colour)}" stroke="{node.colour}"'
        shape = f'<rect {corner} width="{width:.1f}" height="{height:.1f}" {fill}/>'
    else:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width / 2:.1f}" fill="{node.colour}"/>'
    kind = f" ({node.type})" if node.type else ""
    title = f"<title>{escape(node.name + kind)}</title>"
    return f'<g class="node">{title}{shape}{_text(node.label, NAME_SIZE)}</g>'


def _text(box: Box, size: float) -> str:
    top = box.y - (len(box.lines) - 1) / 2 * LINE * size
    return "".join(
        f'<text x="{box.x:.1f}" y="{top + number * LINE * size:.1f}">{escape(line)}</text>'
        for number, line in enumerate(box.lines)
    )
