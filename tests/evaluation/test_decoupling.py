import pytest

from mrca.errors import MrcaError
from mrca.evaluation import Decoupling

RUNS = {
    "IBS": {"IBS": [0.5, 0.6], "CBS": [0.7, 0.8]},
    "CBS": {"IBS": [0.4, 0.5], "CBS": [0.75, 0.75]},
}


@pytest.fixture
def decoupling():
    return Decoupling("Layers and classifier", RUNS, seconds=90.0)


def test_means_deviations_and_the_first_of_the_best(decoupling):
    assert decoupling.score("IBS", "IBS") == (pytest.approx(0.55), pytest.approx(0.0707107))
    assert decoupling.best == ("IBS", "CBS")
    assert Decoupling("one seed", {"IBS": {"IBS": [0.5]}}, 1.0).score("IBS", "IBS") == (0.5, None)


@pytest.mark.parametrize(
    "runs",
    [{}, {"a": {}}, {"a": {"x": []}}, {"a": {"x": [0.5]}, "b": {"y": [0.5]}}],
)
def test_what_is_no_table_is_refused(runs):
    with pytest.raises(MrcaError, match="runs of the same classifiers"):
        Decoupling("t", runs, 0.0)


def test_a_notebook_shows_the_means(decoupling):
    assert "<tr><td>IBS</td><td>0.5500</td><td>0.7500</td></tr>" in decoupling._repr_html_()
