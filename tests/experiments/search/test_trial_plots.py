import io

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.trial_plots import plot_search_progress, plot_slices
from mrca.reporting.palette import ORANGE

SEARCHED = [
    Parameter(field="training.learning_rate", min=1e-5, max=1e-1, log=True),
    Parameter(field="model.units", choices=[64, 16, 32]),
    Parameter(field="features.case", choices=[True, False]),
    Parameter(field="loss.name", choices=["rc_dice", "focal"]),
    Parameter(field="loss.options.gamma", min=0.0, max=3.0, when={"loss.name": ["focal"]}),
]


def best_of(trials):
    return max((each for each in trials if each.status == "done"), key=lambda each: each.score)


def test_a_panel_for_each_setting_with_the_trials_that_have_it(make_trials):
    trials = make_trials(12)
    figure = plot_slices(trials, SEARCHED, "micro.f1", "a search")
    names = [axes.get_xlabel() for axes in figure.axes]
    assert names == ["learning_rate", "units", "case", "loss", "gamma"]
    rate, units, case, loss, gamma = figure.axes
    assert rate.get_xscale() == "log"
    ticks = [[label.get_text() for label in each.get_xticklabels()] for each in (units, case, loss)]
    assert ticks == [["16", "32", "64"], ["false", "true"], ["focal", "rc_dice"]]
    assert len(rate.lines) == 11  # one has no score
    assert len(gamma.lines) == sum("loss.options.gamma" in each.settings for each in trials)
    assert [line.get_markerfacecolor() for line in rate.lines].count("white") == 2  # were stopped
    figure.savefig(io.BytesIO(), format="png")


def test_the_best_is_orange_at_its_values(make_trials):
    trials = make_trials(12)
    best = best_of(trials)
    for axes in plot_slices(trials, SEARCHED, "micro.f1", "a search").axes[:2]:
        [orange] = [line for line in axes.lines if line.get_color() == ORANGE]
        assert orange.get_ydata() == [best.score]
    rate, units = plot_slices(trials, SEARCHED, "micro.f1", "a search").axes[:2]
    assert rate.lines[0].get_xdata() == [best.settings["training.learning_rate"]]
    assert units.lines[0].get_xdata() == [[16, 32, 64].index(best.settings["model.units"])]


def test_tables_of_one_field_share_a_panel(make_trials):
    """Choices under one condition, and a range under another."""
    tables = [
        Parameter(field="model.units", choices=[16, 32], when={"loss.name": ["focal"]}),
        Parameter(field="model.units", min=32, max=64, when={"loss.name": ["rc_dice"]}),
    ]
    [axes] = plot_slices(make_trials(12), tables, "micro.f1", "a search").axes
    assert axes.get_xlabel() == "units"
    assert {*(line.get_xdata()[0] for line in axes.lines)} == {16, 32, 64}


def test_nothing_to_draw(make_trials):
    with pytest.raises(MrcaError, match="no trial to draw"):
        plot_slices(make_trials(7)[6:], SEARCHED, "micro.f1", "a search")


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
