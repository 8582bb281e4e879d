import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.experiments.search import Trial, best_first, read_trials, write_trial


def test_trials_come_back_as_they_were_written(tmp_path, make_trials):
    trials = make_trials(12)
    for trial in reversed(trials):
        write_trial(trial, tmp_path)
    (tmp_path / "trials" / "0099" / "run.unfinished").mkdir(parents=True)  # still going on
    assert read_trials(tmp_path) == trials


def test_settings_keep_their_types(tmp_path):
    settings = {"a.b": True, "a.c": 1, "a.d": 1.0, "a.e": "1"}
    write_trial(Trial(id="0000", settings=settings, seeds=[1], status="done", score=1.0), tmp_path)
    [trial] = read_trials(tmp_path)
    assert list(map(repr, trial.settings.values())) == ["True", "1", "1.0", "'1'"]


def test_the_best_is_the_first_of_those_that_are_done(make_trials):
    ranked = best_first(make_trials(20))
    done = [trial.score for trial in ranked if trial.status == "done"]
    assert done == sorted(done, reverse=True)
    assert [trial.status for trial in ranked] == ["done"] * 14 + ["stopped"] * 4 + ["failed"] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": "high"}, "score: Input should be a valid number"),
        ({"score": float("nan")}, "score: "),
        ({"status": "fine"}, "status: "),
        ({"seeds": None}, "seeds: "),
        ({"more": 1}, "more: Extra inputs"),
        ({"id": "0001"}, "its id is '0001', which is not the name of its folder"),
        ({"settings": {"a.b": [1]}}, "settings.a.b"),
    ],
)
def test_a_damaged_trial_is_told_with_its_path(tmp_path, make_trials, change, said):
    [trial] = make_trials(1)
    write_trial(trial, tmp_path)
    path = tmp_path / "trials" / "0000" / "trial.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(MrcaError) as caught:
        read_trials(tmp_path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "mrca tune" in str(caught.value)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_broken_trial_never_raises_anything_else(tmp_path, make_trials, data):
    [trial] = make_trials(1)
    write_trial(trial, tmp_path)
    path = tmp_path / "trials" / "0000" / "trial.json"
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=4))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if place % 2 else content)
    try:
        read_trials(tmp_path)
    except MrcaError as error:
        assert str(path) in str(error)


def test_a_folder_that_is_no_search(tmp_path):
    with pytest.raises(MrcaError, match=r"There is no search in .*trials/ is missing"):
        read_trials(tmp_path)
