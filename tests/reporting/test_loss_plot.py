import sys

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.losses import LOSSES
from mrca.losses.curve import loss_curve
from mrca.reporting.loss_plot import plot_losses


def curves_of(axes):
    """The lines of losses, without those that mark decisions."""
    return [line for line in axes.get_lines() if len(line.get_xdata()) > 2]


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def markers_of(axes):
    return [line.get_xdata()[0] for line in axes.get_lines() if len(line.get_xdata()) == 1]


def test_loss_and_gradient_for_both_labels():
    figure = plot_losses(["binary_crossentropy", "rc_dice"], low=-4, high=4)
    above = figure.axes[:2]
    for axes, label in zip(above, (True, False), strict=True):
        (line, _) = curves_of(axes)
        scores = line.get_xdata()
        assert scores[[0, -1]].tolist() == [-4, 4]
        values, _ = loss_curve(LOSSES["binary_crossentropy"](), scores, label)
        np.testing.assert_allclose(line.get_ydata(), values, atol=1e-3)
        assert markers_of(axes) == pytest.approx([0, 0.5], abs=1e-5)
    for axes, sign in zip(figure.axes[2:], (-1, 1), strict=True):
        assert (sign * curves_of(axes)[0].get_ydata() > 0).all()
        assert axes.get_xlabel() == "score or logit of the relation"
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "", "gradient of the loss", ""]
    assert legend_of(figure)[:2] == ["binary_crossentropy", "rc_dice"]
    assert figure.get_suptitle() == ""  # neither needs counts


def test_all_losses_in_one_figure_are_told_apart():
    figure = plot_losses(list(LOSSES))
    assert legend_of(figure)[: len(LOSSES)] == list(LOSSES)
    for axes in figure.axes:
        lines = curves_of(axes)
        assert len(lines) == len(LOSSES)
        assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(LOSSES)
        assert all(np.isfinite(line.get_ydata()).all() for line in lines)
    # one that is far larger than the others leaves the frame instead of flattening them
    assert figure.axes[0].get_ylim()[1] < 20
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_up_to_three_losses_stay_in_the_frame():
    names = ["reweighted_crossentropy", "class_balanced_focal", "focal"]
    figure = plot_losses(names, count=1, num_samples=100_000)
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        for line in curves_of(axes):
            assert bottom <= line.get_ydata().min() <= line.get_ydata().max() <= top


def test_counts_weigh():
    rare, common = (
        curves_of(plot_losses(["class_balanced_focal"], count=count).axes[0])[0].get_ydata()
        for count in (2, 900)
    )
    assert (rare > 5 * common).all()
    note = plot_losses(["class_balanced_focal"], count=2).get_suptitle()
    assert note == "a relation with 2 of 1,000 training rows"


def test_a_loss_drawn_twice_is_drawn_once():
    assert len(curves_of(plot_losses(["focal", "focal"]).axes[0])) == 1


@pytest.mark.parametrize(
    "names, options, message",
    [
        (["focal", "focl"], {}, "Did you mean 'focal'"),
        ([], {}, "no loss to draw"),
        (["focal"], {"low": 3, "high": -3}, "Received: 3 -3"),
        (["focal"], {"high": float("inf")}, "Received: -6 inf"),
        (["focal"], {"count": 5, "num_samples": 4}, "from 1 to all training rows, 4"),
        (["focal"], {"count": 0}, "Received: 0"),
    ],
)
def test_what_cannot_be_drawn(names, options, message):
    with pytest.raises(MrcaError, match=message):
        plot_losses(names, **options)
