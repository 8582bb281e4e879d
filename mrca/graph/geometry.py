"""Places for the nodes, arrows and labels of a drawing, so that little lies upon another thing.

Lengths are points; y grows downwards. Boxes are arrays `(boxes, 4)` of centres and sizes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MARGIN = 7.0  # between boxes
_FEW = 40  # nodes of which the distances between all can be heeded
_GAP = 26.0  # between parts that nothing connects
_ASPECT = 1.45  # width to height that a drawing should have
_STEPS = np.linspace(0, 1, 41)[:, None]  # by which a curve is looked at
# How far a curve may leave the straight line, as a part of its length; of equals the first.
_BOWS = (0.12, 0.22, 0.03, -0.15, 0.35, -0.3)
# Where a label may stand: how far along its curve, and how many of its heights away from there.
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)
_ASIDE = (0, -1, 1, -2, 2, -3, 3)
# What counts against a label: something else under it; a foreign curve under it; its distance.
_HIDDEN, _CROSSED, _AWAY = 1000.0, 5.0, 4.0


class Curve(NamedTuple):
    """A quadratic curve: where it begins, what it bends to, where it ends; each `(2,)`."""

    start: Array
    bend: Array
    end: Array

    def at(self, t: Array) -> Array:
        """Points of it, for `t` from 0 to 1."""
        return (1 - t) ** 2 * self.start + 2 * t * (1 - t) * self.bend + t**2 * self.end


def node_centres(
    sizes: Array,
    links: Sequence[tuple[int, int]],
    room: Array,
    spread: float,
    stretch: tuple[float, float],
) -> Array:
    """Where nodes stand: those that are linked near each other, none upon another.

    Args:
        sizes: width and height of each, `(nodes, 2)`.
        links: pairs of them.
        room: width and height that each link needs between its ends, `(links, 2)`.
        spread: how long a link should be.
        stretch: that much wider and higher it becomes, as boxes of text are wide.

    Returns:
        `(nodes, 2)`, all above zero.
    """
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(range(len(sizes)))
    graph.add_edges_from((a, b) for a, b in links if a != b)
    centres = np.zeros((len(sizes), 2))
    needed = (sizes[:, None] + sizes[None]) / 2 + _MARGIN
    for (a, b), between in zip(links, room, strict=True):
        both = np.maximum(needed[a, b], (sizes[a] + sizes[b]) / 2 + between)
        needed[a, b] = needed[b, a] = both
    parts = []
    for part in nx.connected_components(graph):
        members = sorted(part)
        places = _linked_near(graph.subgraph(members), members, spread) * stretch
        centres[members] = _apart(places, needed[np.ix_(members, members)])
        parts.append(members)
    _packed(centres, sizes, parts)
    return centres


def _linked_near(graph: Any, members: list[int], spread: float) -> Array:
    """Places of points, the linked ones near each other, in the order of `members`."""
    import networkx as nx

    if len(members) <= _FEW:
        found = nx.kamada_kawai_layout(graph)
    else:
        found = nx.spring_layout(graph, seed=1, iterations=100)
    places = np.array([found[member] for member in members])
    lengths = [float(np.hypot(*(found[a] - found[b]))) for a, b in graph.edges]
    return places * (spread / max(float(np.median(lengths)), 1e-6) if lengths else 1.0)


def _apart(centres: Array, needed: Array) -> Array:
    """The centres, moved until all are as far from each other as is needed one way or the other."""
    count = len(centres)
    side = np.sign(np.arange(count)[:, None] - np.arange(count)[None])[..., None]
    for _ in range(400):
        between = centres[:, None] - centres[None]
        over = needed - np.abs(between)
        hit = (over > 0.01).all(-1) & ~np.eye(count, dtype=bool)
        if not hit.any():
            break
        shorter = over[..., 0] < over[..., 1]  # the way that leads apart sooner
        way = np.stack([hit & shorter, hit & ~shorter], -1)
        move = np.where(way, over * np.where(between == 0, side, np.sign(between)), 0)
        centres = centres + 0.35 * move.sum(1)
    return centres


def _packed(centres: Array, sizes: Array, parts: list[list[int]]) -> None:
    """Move whole parts, so that they stand in rows."""
    bounds = []
    for members in parts:
        low = (centres[members] - sizes[members] / 2).min(0)
        bounds.append((low, (centres[members] + sizes[members] / 2).max(0) - low))
    area = sum(float(np.prod(size + _GAP)) for _, size in bounds)
    width = max([float(size[0]) for _, size in bounds], default=0.0)
    width = max(width, (area * _ASPECT) ** 0.5)
    x = y = row = 0.0
    for number in sorted(range(len(parts)), key=lambda each: -float(bounds[each][1][1])):
        low, size = bounds[number]
        if x and x + size[0] > width:
            x, y, row = 0.0, y + row + _GAP, 0.0
        centres[parts[number]] += np.array([x, y]) - low
        x, row = x + size[0] + _GAP, max(row, float(size[1]))


def arrow_curve(start: int, end: int, boxes: Array, bows: Sequence[float] = _BOWS) -> Curve:
    """The curve from one box to another that runs through the fewest others.

    Args:
        start: its number.
        end: as `start`; of a loop the same.
        boxes: all of them.
        bows: which curves there are, see `_BOWS`.
    """
    if start == end:
        x, y, width, height = boxes[start]
        top, half = y - height / 2, min(12.0, width / 3)
        return Curve(np.array([x - half, top]), np.array([x, top - 44]), np.array([x + half, top]))
    a, b = boxes[start, :2], boxes[end, :2]
    across = np.array([a[1] - b[1], b[0] - a[0]])
    others = np.delete(boxes, [start, end], axis=0)
    curves = [
        _clipped(Curve(a, (a + b) / 2 + bow * across, b), boxes[start], boxes[end]) for bow in bows
    ]
    return min(curves, key=lambda curve: int(_inside(curve.at(_STEPS), others, 2).any(0).sum()))


def _clipped(curve: Curve, start: Array, end: Array) -> Curve:
    """A curve without what lies under the boxes at its ends."""
    points = curve.at(_STEPS)
    out_of_start = ~_inside(points, start[None], 1.0)[:, 0]
    out_of_end = ~_inside(points, end[None], 2.5)[:, 0]
    if not out_of_start.any() or not out_of_end.any():
        return curve
    t, u = (
        float(_STEPS[out_of_start.argmax(), 0]),
        float(_STEPS[::-1][out_of_end[::-1].argmax(), 0]),
    )
    if u <= t:
        return curve
    a, b, c = curve
    bend = (1 - t) * (1 - u) * a + (t * (1 - u) + u * (1 - t)) * b + t * u * c
    return Curve(curve.at(np.array(t)), bend, curve.at(np.array(u)))


def label_centres(curves: Sequence[Curve], sizes: Array, boxes: Array) -> tuple[Array, int]:
    """Where labels of curves stand: each near its own, and upon as little else as can be.

    Args:
        curves: the arrows.
        sizes: width and height of each one's label, `(curves, 2)`.
        boxes: what is not to be hidden.

    Returns:
        Their centres, `(curves, 2)`, and how many of them hide something.
    """
    points = [curve.at(_STEPS) for curve in curves]
    every, hidden = np.concatenate([*points, np.zeros((0, 2))]), 0
    owner = np.repeat(np.arange(len(curves)), len(_STEPS))
    taken, centres = boxes, np.zeros((len(curves), 2))
    for number, curve in enumerate(curves):
        on = curve.at(np.array(_ALONG)[:, None])
        away = np.repeat(np.abs(_ASIDE), len(_ALONG))
        places = np.concatenate([np.add(on, (0, aside * sizes[number, 1])) for aside in _ASIDE])
        labels = np.concatenate([places, np.tile(sizes[number], (len(places), 1))], 1)
        over = _touching(labels, taken).sum(1)
        under = _inside(every[owner != number], labels, 0.0).sum(0) > 0
        cost = _HIDDEN * over + _CROSSED * under + _AWAY * away**2
        best = int(cost.argmin())
        hidden += bool(over[best])
        centres[number] = places[best]
        taken = np.concatenate([taken, labels[best : best + 1]])
    return centres, hidden


def _inside(points: Array, boxes: Array, margin: float) -> NDArray[np.bool_]:
    """Which points lie in which boxes, `(points, boxes)`."""
    apart = np.abs(points[:, None] - boxes[None, :, :2])
    return np.all(apart < boxes[None, :, 2:] / 2 + margin, axis=-1)


def _touching(some: Array, others: Array) -> NDArray[np.bool_]:
    """Which boxes lie upon which others, `(some, others)`."""
    apart = np.abs(some[:, None, :2] - others[None, :, :2])
    return np.all(apart < (some[:, None, 2:] + others[None, :, 2:]) / 2 + 2, axis=-1)
