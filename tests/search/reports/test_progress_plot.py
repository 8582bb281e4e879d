import io

import pytest

from mrca.datasets.palette import ORANGE
from mrca.errors import MrcaError
from mrca.search.progress_plot import plot_search_progress


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
