import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.importance import explained_note, plot_importance, setting_importance


@pytest.fixture(scope="module")
def importance(make_trials):
    """What a forest has learnt of forty trials, which takes it a while."""
    return setting_importance(make_trials(40))


def test_what_decided_the_score_comes_first(importance, make_trials):
    assert next(iter(importance.settings)) == "training.learning_rate"
    means = [mean for mean, _ in importance.settings.values()]
    assert means[0] > 5 * means[1]
    assert set(importance.settings) == {
        "training.learning_rate",
        "model.units",
        "features.case",
        "loss.name",
        "loss.options.gamma",
    }
    assert importance.trials == 36
    assert importance.explained > 0.5
    assert importance == setting_importance(make_trials(40))


def test_that_a_setting_was_no_part_of_a_trial_is_a_value(make_trials):
    trials = [
        trial.model_copy(update={"score": 0.5 + 0.4 * ("loss.options.gamma" in trial.settings)})
        for trial in make_trials(40)
    ]
    trials = [
        trial.model_copy(
            update={
                "settings": {
                    field: 1.5 if field == "loss.options.gamma" else value
                    for field, value in trial.settings.items()
                    if field != "loss.name"
                }
            }
        )
        for trial in trials
    ]
    assert next(iter(setting_importance(trials).settings)) == "loss.options.gamma"


def test_too_little_to_learn_from_is_told(make_trials):
    with pytest.raises(MrcaError, match=r"at least 10 trials with a score\. Received: 9"):
        setting_importance(make_trials(10))
    same = [trial.model_copy(update={"settings": {"a.b": 1}}) for trial in make_trials(20)]
    with pytest.raises(MrcaError, match="the same settings"):
        setting_importance(same)
    level = [trial.model_copy(update={"score": 0.5}) for trial in make_trials(20)]
    with pytest.raises(MrcaError, match="the same scores"):
        setting_importance(level)


def test_the_picture_has_a_bar_for_each_setting_and_says_how_far_to_trust_it(importance):
    figure = plot_importance(importance, "micro.f1", "a search")
    [axes] = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "learning_rate"
    assert [bar.get_width() for bar in axes.patches] == [
        max(mean, 0) for mean, _ in importance.settings.values()
    ]
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert "on 36 trials" in explained_note(importance, "micro.f1")
    assert "chance" in explained_note(importance._replace(explained=-0.2), "micro.f1")
    assert "chance" not in explained_note(importance, "micro.f1")
