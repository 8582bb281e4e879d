"""What is tried next, and the same again after an interruption."""

import json

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search.parameter import Parameter

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")

ALGORITHMS = ["random", "bayesian", "grid", "hyperband"]


def make_oracle(space, folder):
    from mrca.experiments.search.oracle import SearchOracle

    return SearchOracle(space, folder)


def play(oracle, turns):
    """Two places, of which now this, now that one is first; every fourth trial has no score."""
    for turn in turns:
        while len(oracle.under_way) < 2 and oracle.suggest():
            pass
        if running := oracle.under_way:
            trial = running[turn % len(running)]
            score = trial.settings["model.units"] / 100
            oracle.end(trial.id, None if turn % 4 == 3 else score)
    return [*oracle.started.values()], oracle.under_way


@pytest.fixture
def space(make_space, tiny_config):
    """Of nine epochs, so that Hyperband has something to choose from."""

    def make(algorithm):
        base = tiny_config.changed({"training.epochs": 9})
        return make_space(algorithm=algorithm, max_trials=9).changed(base=base)

    return make


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_interrupted_search_tries_what_it_would_have_tried(algorithm, space, tmp_path):
    expected = play(make_oracle(space(algorithm), None), range(7))
    for turns in (range(2), [], range(2, 3), range(3, 7)):
        found = play(make_oracle(space(algorithm), tmp_path), turns)
    assert found == expected
    assert len({str(each.settings) for each in found[0]}) == len(found[0])


def test_nothing_of_kerastuners_is_kept(space, tmp_path):
    play(make_oracle(space("random"), tmp_path), range(3))
    assert [path.name for path in tmp_path.iterdir()] == ["order.json"]


def test_a_trial_ends_once(space, tmp_path):
    oracle = make_oracle(space("random"), tmp_path)
    trial = oracle.suggest()
    assert oracle.under_way == [trial]
    oracle.end(trial.id, 0.5)
    oracle.end(trial.id, 0.9)
    assert oracle.under_way == []
    assert make_oracle(space("random"), tmp_path).started == {trial.id: trial}


def test_how_many_trials_there_will_be(make_space, space):
    from mrca.experiments.search.oracle import most_trials

    parameters = (
        Parameter(field="model.units", choices=[2, 4, 8]),
        Parameter(field="loss.name", choices=["rc_dice", "focal"]),
        Parameter(field="loss.options.gamma", choices=[1.0, 2.0], when={"loss.name": ["focal"]}),
    )
    grid = make_space(algorithm="grid", max_trials=50, parameters=parameters)
    assert most_trials(grid) == 3 * (1 + 2)
    assert most_trials(grid.changed(max_trials=4)) == 4
    assert most_trials(space("bayesian")) == 9
    halving = space("hyperband").changed(max_trials=999)
    assert most_trials(halving) == 9 + 3 + 1 + 5 + 2 + 3  # of three brackets, as KerasTuner has it


def test_a_trial_without_a_score_counts_as_the_worst_one_to_bayesian_search(
    space, tmp_path, monkeypatch
):
    from mrca.experiments.search import oracle as module

    seen = []
    populate = module.BayesianOptimizationOracle.populate_space

    def look(self, trial_id):
        seen.append([each.score for each in self.trials.values()])
        return populate(self, trial_id)

    monkeypatch.setattr(module.BayesianOptimizationOracle, "populate_space", look)
    oracle = make_oracle(space("bayesian"), None)
    for score in (0.5, None, 0.7, 0.9):
        oracle.end(oracle.suggest().id, score)
    oracle.suggest()
    oracle.suggest()  # while the one before is under way
    assert seen[-2:] == [[0.5, 0.5, 0.7, 0.9], [0.5, 0.5, 0.7, 0.9, 0.5]]


VALUES = {"model.units": 5}


@pytest.mark.parametrize("algorithm", ["random", "bayesian"])
@pytest.mark.parametrize(
    "order",
    [
        "{",
        "{}",
        [["../../x", VALUES]],
        [["/etc", VALUES]],
        [["0000", {"model.units": [5]}]],
        [["0000", VALUES, 3]],
        [["0000", 0.5]],
        [["0001", VALUES]],
        [["0000", VALUES], ["0000", 0.5]],  # the seed draws something else
        [["0000", float("nan")]],
    ],
)
def test_a_damaged_order_is_told_in_words(algorithm, order, space, tmp_path):
    path = tmp_path / "order.json"
    path.write_text(order if isinstance(order, str) else json.dumps(order), "utf-8")
    with pytest.raises(MrcaError, match=r"order\.json is damaged.*start another search"):
        make_oracle(space(algorithm), tmp_path)


def test_forged_values_of_a_bayesian_search_do_no_harm(space, tmp_path):
    """These are not found again but believed, as far as they can be."""
    play(make_oracle(space("bayesian"), tmp_path), range(6))
    path = tmp_path / "order.json"
    order = json.loads(path.read_text("utf-8"))
    last = max(place for place, (_, what) in enumerate(order) if isinstance(what, dict))
    for values in ({"model.units": "x"}, {"tuner/trial_id": "../../x"}, {}):
        forged = [*order[:last], [order[last][0], values], *order[last + 1 :]]
        path.write_text(json.dumps(forged), "utf-8")
        try:
            oracle = make_oracle(space("bayesian"), tmp_path)
        except MrcaError as error:
            assert "order.json is damaged" in str(error)
        else:
            assert all(1 <= each.settings["model.units"] <= 50 for each in oracle.started.values())
            assert not any(each.continues for each in oracle.started.values())
