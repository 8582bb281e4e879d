"""A drawing as a picture."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrca.graph.drawing import LINE, NAME_SIZE, RELATION_SIZE, Box, Drawing, text_width
from mrca.reporting.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_INK = "#1F1F1F"
_ARROW = "#8A8F98"
_POINTS = 72.0  # to an inch
_TITLE, _KEY, _NOTE = 26.0, 18.0, 18.0  # height of each line of text around the drawing, in points
_NARROWEST = 420.0


def picture_of(drawing: Drawing, title: str) -> "Figure":
    """Boxes or dots for entities, an arrow for the facts from one to another.

    Args:
        drawing: what is drawn.
        title: what it is.

    Returns:
        A figure of one axes, to be saved with `save_picture`.
    """
    from matplotlib.figure import Figure

    width = max(drawing.width, _NARROWEST)
    rows = _legend_rows(drawing, width)
    above = _TITLE + _KEY * len(rows)
    below = _NOTE if drawing.left_out else 0.0
    height = drawing.height + above + below
    figure = Figure(figsize=(width / _POINTS, height / _POINTS), dpi=_POINTS)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    shift = (width - drawing.width) / 2
    axes.set(xlim=(-shift, width - shift), ylim=(drawing.height + below, -above))
    left = 12 - shift
    _write(axes, left, 14 - above, title, 12, ha="left", weight="bold")
    for row, keys in enumerate(rows):
        for x, kind in keys:
            y = _TITLE + 9 + _KEY * row - above
            axes.plot(x + left, y, "o", ms=8, color=drawing.legend[kind])
            _write(axes, x + left + 8, y, kind or "without a type", 9, ha="left")
    if drawing.left_out:
        _write(axes, left, drawing.height + 6, drawing.left_out, 9, ha="left", color=GREY)
    _arrows(axes, drawing)
    _nodes(axes, drawing)
    return figure


def save_picture(figure: "Figure", path: Path, form: str) -> bool:
    """Save a picture.

    Args:
        figure: the picture.
        path: where to.
        form: `"png"`, `"svg"` or `"pdf"`.

    Returns:
        Whether the font has all characters; a box is drawn for those that it lacks.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(path, format=form, dpi=180, facecolor="white")
    return not any("missing from" in str(each.message) for each in caught)


def _arrows(axes: "Axes", drawing: Drawing) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Outline

    codes = [Outline.MOVETO, Outline.CURVE3, Outline.CURVE3]
    for arrow in drawing.arrows:
        thick = 1.0 if drawing.detailed else 0.6
        axes.add_patch(
            FancyArrowPatch(
                path=Outline([tuple(point) for point in arrow.curve], codes),
                arrowstyle=f"-|>,head_length={0.55 if drawing.detailed else 0.35},head_width=0.2",
                mutation_scale=10,
                color=_ARROW,
                alpha=1.0 if drawing.detailed else 0.45,
                linewidth=thick,
                shrinkA=0,
                shrinkB=0,
                zorder=1,
            )
        )
        if arrow.label:
            _lines(axes, arrow.label, RELATION_SIZE, "#3F454F", halo=True)


def _nodes(axes: "Axes", drawing: Drawing) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    for node in drawing.nodes:
        x, y, width, height, _ = node.place
        if drawing.detailed:
            axes.add_patch(
                FancyBboxPatch(
                    (x - width / 2, y - height / 2),
                    width,
                    height,
                    boxstyle="round,pad=0,rounding_size=5",
                    facecolor=tint(node.colour),
                    edgecolor=node.colour,
                    linewidth=1.2,
                    zorder=3,
                )
            )
        else:
            circle = Circle(
                (x, y),
                width / 2,
                facecolor=node.colour,
                edgecolor="white",
                linewidth=0.6,
                zorder=3,
            )
            axes.add_patch(circle)
        _lines(axes, node.label, NAME_SIZE, _INK, halo=not drawing.detailed)


def _lines(axes: "Axes", box: Box, size: float, colour: str, *, halo: bool) -> None:
    from matplotlib.patheffects import withStroke

    top = box.y - (len(box.lines) - 1) / 2 * LINE * size
    for number, line in enumerate(box.lines):
        text = _write(axes, box.x, top + number * LINE * size, line, size, color=colour, zorder=4)
        if halo:
            text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])


def _write(
    axes: "Axes", x: float, y: float, text: str, size: float, ha: str = "center", **kwargs: Any
) -> "Text":
    told = {"color": _INK, "ha": ha, "va": "center_baseline", "parse_math": False, **kwargs}
    return axes.text(x, y, text, fontsize=size, **told)  # a `$` in it is no formula


def tint(colour: str) -> str:
    """A light shade of a colour, to write on."""
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{round(255 - 0.17 * (255 - part)):02x}" for part in parts)


def _legend_rows(drawing: Drawing, width: float) -> list[list[tuple[float, str]]]:
    """The types, with where each begins in its row."""
    rows: list[list[tuple[float, str]]] = []
    x = width
    for kind in drawing.legend if any(drawing.legend) else ():
        needed = text_width(kind or "without a type", 9) + 30
        if x + needed > width - 24:
            rows.append([])
            x = 4.0
        rows[-1].append((x, kind))
        x += needed
    return rows
