import io
import math

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.trial_plots import plot_parallel_coordinates, plot_search_progress
from mrca.reporting.palette import ORANGE


def of_trials(figure):
    """The lines of trials; others are axes and ticks."""
    return [line for line in figure.axes[0].lines if line.get_gid()]


def test_a_line_for_each_trial_through_its_settings_to_its_score(make_trials):
    trials = make_trials(12)
    figure = plot_parallel_coordinates(trials, [], "micro.f1", "a search")
    [axes] = figure.axes
    lines = of_trials(figure)
    assert len(lines) == 12
    texts = [text.get_text() for text in axes.texts]
    names = ["learning_rate", "units", "case", "loss", "gamma", "micro.f1"]
    assert [text for text in texts if text in names] == names
    assert {"rc_dice", "focal", "true", "16", "64", "n/a"} <= set(texts)
    # A trial without a score ends before the last axis.
    assert [len(line.get_xdata()) for line in lines] == [5] + [6] * 11
    assert [line.get_linestyle() for line in lines].count("--") == 2
    figure.savefig(io.BytesIO(), format="png")


def test_the_best_is_orange_and_ends_on_top(make_trials):
    figure = plot_parallel_coordinates(make_trials(12), [], "micro.f1", "a search")
    lines = of_trials(figure)
    [orange] = [line for line in lines if line.get_color() == ORANGE]
    assert orange.get_ydata()[-1] == 1.0 == max(line.get_ydata()[-1] for line in lines[1:])
    assert orange.get_zorder() == max(line.get_zorder() for line in lines)


@pytest.mark.parametrize("places", [[0], [6], [6, 16]])
def test_a_few_trials_and_trials_without_a_score_are_drawn(make_trials, places):
    trials = [make_trials(20)[place] for place in places]
    figure = plot_parallel_coordinates(trials, [], "micro.f1", "a search")
    assert len(of_trials(figure)) == len(places)
    figure.savefig(io.BytesIO(), format="png")


def test_nothing_to_draw():
    with pytest.raises(MrcaError, match="no trial to draw"):
        plot_parallel_coordinates([], [], "micro.f1", "a search")


def test_an_axis_spans_what_is_searched_on_the_scale_of_the_search(make_trials):
    trials = make_trials(12)
    searched = [
        Parameter(field="training.learning_rate", min=1e-5, max=1e-1, log=True),
        Parameter(field="model.units", min=16, max=128, step=2, log=True),
    ]
    figure = plot_parallel_coordinates(trials, searched, "micro.f1", "a search")
    [axes] = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert {"1e-05", "0.1", "128"} <= set(texts)
    best = max((each for each in trials if each.status == "done"), key=lambda each: each.score)
    height = (math.log10(best.settings["training.learning_rate"]) + 5) / 4
    [orange] = [line for line in of_trials(figure) if line.get_linewidth() > 2]
    assert orange.get_ydata()[0] == pytest.approx(height, abs=1e-3)


def test_scores_have_round_ticks(make_trials):
    figure = plot_parallel_coordinates(make_trials(12), [], "micro.f1", "a search")
    texts = [text.get_text() for text in figure.axes[0].texts]
    ticks = [float(text) for text in texts[texts.index("micro.f1") - 6 : texts.index("micro.f1")]
             if text.startswith("0.")]  # fmt: skip
    assert len(ticks) >= 3
    assert all(round(tick, 2) == tick for tick in ticks)


def test_the_best_so_far_never_falls_and_counts_trials_that_are_done(make_trials):
    trials = make_trials(20)
    figure = plot_search_progress(trials, "micro.f1", "a search")
    [axes] = figure.axes
    [steps] = [line for line in axes.lines if line.get_color() == ORANGE]
    scores = list(steps.get_ydata())
    done = [trial.score for trial in trials if trial.status == "done"]
    assert scores == sorted(scores)
    assert (scores[0], scores[-1]) == (done[0], max(done))
    assert steps.get_xdata()[-1] == 19  # trials count from 0
    assert [line.get_marker() for line in axes.lines].count("x") == 2
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 4
    figure.savefig(io.BytesIO(), format="png")


def test_a_search_without_a_score_yet(make_trials):
    failed = make_trials(7)[6:]
    figure = plot_search_progress(failed, "micro.f1", "a search")
    assert len(figure.axes[0].lines) == 1
    figure.savefig(io.BytesIO(), format="png")
    with pytest.raises(MrcaError, match="no trial to draw"):
        plot_search_progress([], "micro.f1", "a search")
