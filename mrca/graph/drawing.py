"""What of a graph is drawn, and where: the same for a picture and for a page."""

import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mrca.errors import counted
from mrca.graph.geometry import (
    Array,
    Curve,
    arrow_curve,
    label_centres,
    node_centres,
)
from mrca.reporting.palette import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from networkx import MultiDiGraph

NAME_SIZE, RELATION_SIZE = 10.0, 8.0  # of letters, in points
LINE = 1.25  # from one line of text to the next, in sizes of letters
_DETAILED = 80  # arrows up to which every name and relation is written
_COLOURS = [BLUE, ORANGE, GREEN, "#CC79A7", "#B8860B", "#56B4E9", "#7F3C8D", "#8C564B"]
_MARGIN = 14.0
_TRIES = 8


class Box(NamedTuple):
    """A text with its place: centre, size and lines."""

    x: float
    y: float
    width: float
    height: float
    lines: list[str]


@dataclass(frozen=True)
class DrawnNode:
    """An entity.

    Attributes:
        iri, name, type: of its node.
        facts: how many arrows begin or end there.
        place: its box, or of a large drawing its dot.
        colour: of its type.
        label: its name, in or below it.
    """

    iri: str
    name: str
    type: str
    facts: int
    place: Box
    colour: str
    label: Box


@dataclass(frozen=True)
class DrawnArrow:
    """The facts from one entity to another.

    Attributes:
        start, end: the numbers of their nodes.
        relations: each with how often and with what score it was found.
        curve: its path.
        label: the relations; `None` in a large drawing.
    """

    start: int
    end: int
    relations: list[tuple[str, int, float]]
    curve: Curve
    label: Box | None


@dataclass(frozen=True)
class Drawing:
    """A drawing.

    Attributes:
        nodes, arrows: what is drawn.
        detailed: whether every name and relation is written.
        legend: the colour of each type, the most frequent first.
        width, height: in points.
        left_out: what is not drawn, in words; empty where all is.
    """

    nodes: list[DrawnNode]
    arrows: list[DrawnArrow]
    detailed: bool
    legend: dict[str, str]
    width: float
    height: float
    left_out: str


def drawing_of(graph: "MultiDiGraph", most: int) -> Drawing:
    """Lay a graph out.

    Args:
        graph: as `MergedFacts` gives it.
        most: draw at most so many facts: those among the best-connected entities.
    """
    part = best_connected(graph, most)
    pairs: dict[tuple[str, str], list[tuple[str, int, float]]] = {}
    for subject, object_, values in part.edges(data=True):
        told = (values["relation"], values["count"], values["score"])
        pairs.setdefault((subject, object_), []).append(told)
    nodes = list(part)
    number = {node: place for place, node in enumerate(nodes)}
    links = [(number[subject], number[object_]) for subject, object_ in pairs]
    relations = [sorted(each, key=lambda one: (-one[1], -one[2])) for each in pairs.values()]
    values = [part.nodes[node] for node in nodes]
    degrees = np.array([part.degree(node) for node in nodes], float)
    colours = _colours(values)
    lay_out = _detailed if len(links) <= _DETAILED else _large
    centres, sizes, labels, curves, written = lay_out(values, links, relations, degrees)

    low, high = _bounds(centres, sizes, curves, [*labels, *written])
    move = _MARGIN - low
    legend = {kind: colours[kind] for kind in colours if any(kind == v["type"] for v in values)}
    drawn = [
        DrawnNode(
            node,
            values[place]["name"],
            values[place]["type"],
            int(degrees[place]),
            _box(centres[place] + move, sizes[place], []),
            colours[values[place]["type"]],
            _moved(labels[place], move),
        )
        for place, node in enumerate(nodes)
    ]
    arrows = [
        DrawnArrow(
            *links[place],
            relations[place],
            Curve(*(point + move for point in curves[place])),
            written[place] and _moved(written[place], move),
        )
        for place in range(len(links))
    ]
    width, height = (float(length) for length in high - low + 2 * _MARGIN)
    detailed = lay_out is _detailed
    return Drawing(drawn, arrows, detailed, legend, width, height, _left_out(graph, part))


def best_connected(graph: "MultiDiGraph", most: int) -> "MultiDiGraph":
    """The facts among the entities with the most facts, at most so many; entities without one of
    them are left out."""
    if graph.number_of_edges() <= most:
        return graph
    ranked = sorted(graph, key=graph.degree, reverse=True)
    kept: set[str] = set()
    facts = 0
    for node in ranked:
        around = graph.out_edges(node), graph.in_edges(node)
        new = sum(end in kept for edges in around for edge in edges for end in edge if end != node)
        new += graph.number_of_edges(node, node)
        if facts + new <= most:
            kept.add(node)
            facts += new
        elif facts > most / 2:
            break
    part = type(graph)()
    edges = [edge for edge in graph.edges(keys=True, data=True) if kept.issuperset(edge[:2])]
    used = {end for edge in edges for end in edge[:2]}
    part.add_nodes_from((node, graph.nodes[node]) for node in ranked if node in used)
    part.add_edges_from(edges)
    return part


def _left_out(graph: "MultiDiGraph", part: "MultiDiGraph") -> str:
    if part is graph:
        return ""
    return (
        f"Drawn: {part.number_of_edges():,} of {counted(graph.number_of_edges(), 'fact')}, those "
        f"among {len(part):,} of {len(graph):,} entities, the best-connected."
    )


def _colours(values: list[dict[str, Any]]) -> dict[str, str]:
    """A colour for each type, the most frequent first; grey where there are none left."""
    kinds = [kind for kind, _ in Counter(each["type"] for each in values).most_common() if kind]
    spare = [GREY] * max(len(kinds) - len(_COLOURS), 0)
    return dict(zip(kinds, [*_COLOURS, *spare], strict=False)) | {"": GREY}


def _detailed(values: list[Any], links: list[Any], relations: list[Any], degrees: Array) -> Any:
    """Boxes with names, and relations at all arrows; it grows until no label hides a thing."""
    names = [_wrapped(each["name"], NAME_SIZE, 120.0, 3) for each in values]
    sizes = _sizes(names, NAME_SIZE, (14, 9))
    texts = [
        [_fitted(relation, RELATION_SIZE, 130.0) for relation, _, _ in each[:4]]
        + ([f"and {len(each) - 4} more"] if len(each) > 4 else [])
        for each in relations
    ]
    label_sizes = _sizes(texts, RELATION_SIZE, (4, 2))
    centres = node_centres(sizes, links, label_sizes + 20, 110.0, (1.25, 0.8))
    best: Any = None
    for attempt in range(_TRIES):
        places = centres * 1.13**attempt
        boxes = np.concatenate([places, sizes], 1)
        curves = [arrow_curve(start, end, boxes) for start, end in links]
        found, hidden = label_centres(curves, label_sizes, boxes)
        if best is None or hidden < best[0]:
            best = hidden, places, curves, found
        if not hidden:
            break
    _, centres, curves, found = best
    labels = list(map(_box, centres, sizes, names))
    written = list(map(_box, found, label_sizes, texts))
    return centres, sizes, labels, curves, written


def _large(values: list[Any], links: list[Any], relations: list[Any], degrees: Array) -> Any:
    """Dots, the larger the better connected, each above its name."""
    names = [[_fitted(each["name"], NAME_SIZE, 100.0)] for each in values]
    texts = _sizes(names, NAME_SIZE, (0, 0))
    dots = 6 + 2.2 * np.sqrt(degrees)
    below = (dots + texts[:, 1]) / 2 + 1
    sizes = np.stack([np.maximum(dots, texts[:, 0]), dots + texts[:, 1] + 2], 1)
    centres = node_centres(sizes, links, np.zeros((len(links), 2)), 105.0, (1.8, 0.8))
    centres[:, 1] -= (texts[:, 1] + 2) / 2  # a box's centre is not its dot's
    boxes = np.concatenate([centres, np.stack([dots, dots], 1)], 1)
    curves = [arrow_curve(start, end, boxes, bows=(0.1,)) for start, end in links]
    places = np.stack([centres[:, 0], centres[:, 1] + below], 1)
    labels = list(map(_box, places, texts, names))
    return centres, boxes[:, 2:], labels, curves, [None] * len(links)


def _bounds(centres: Array, sizes: Array, curves: list[Curve], boxes: list[Any]) -> Any:
    texts = np.array([box[:4] for box in boxes if box is not None]).reshape(-1, 4)
    low = [centres - sizes / 2, texts[:, :2] - texts[:, 2:] / 2]
    high = [centres + sizes / 2, texts[:, :2] + texts[:, 2:] / 2]
    bends = [curve.at(np.array([[0.5]])) for curve in curves]
    every = np.concatenate([*low, *high, *bends, np.zeros((0, 2))])
    return every.min(0), every.max(0)


def _box(centre: Array, size: Array, lines: list[str]) -> Box:
    return Box(float(centre[0]), float(centre[1]), float(size[0]), float(size[1]), lines)


def _moved(box: Box, move: Array) -> Box:
    return box._replace(x=box.x + float(move[0]), y=box.y + float(move[1]))


def text_width(text: str, size: float) -> float:
    """How wide a text is, in points, when it is written in letters of a size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    wide = [each for each in text if unicodedata.east_asian_width(each) in "WF"]
    narrow = "".join(each for each in text if unicodedata.east_asian_width(each) not in "WF")
    if not narrow:
        return size * len(wide)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box is drawn for it
        font = FontProperties(size=size)
        width, _, _ = text_to_path.get_text_width_height_descent(narrow, font, ismath=False)
    return float(width) + size * len(wide)


def _sizes(texts: list[list[str]], size: float, around: tuple[float, float]) -> Array:
    """Width and height of texts with what is around them, `(texts, 2)`."""
    inner = [
        (max(text_width(line, size) for line in lines), LINE * size * len(lines)) for lines in texts
    ]
    return np.add(np.array(inner, float).reshape(-1, 2), around)


def _wrapped(text: str, size: float, width: float, most: int) -> list[str]:
    """A text in lines that are no wider, at most so many; what is too long is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return [_fitted(line, size, width) for line in lines]


def _fitted(text: str, size: float, width: float) -> str:
    if text_width(text, size) <= width:
        return text
    while len(text) > 1 and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text}…"
