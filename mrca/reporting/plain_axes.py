"""The look that the axes of all figures share."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plain_axes(axes: "Axes") -> None:
    """Leave the frame's top and right side out, and draw a light grid beneath everything."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
