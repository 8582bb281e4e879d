import json
import re

import pytest

from mrca.errors import MrcaError
from mrca.experiments.finished_runs import check_trained_on, shared_corpus, training_seconds
from mrca.training import SilentReporter


def test_a_corpus_to_compare_on_has_a_test_split(sample_slice, tiny_config, tmp_path):
    corpus = shared_corpus([tiny_config], sample_slice, SilentReporter())
    assert (corpus.name, len(corpus.splits["test"])) == ("sample", 40)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("train.jsonl", "valid.jsonl", "relations.json"):
        (folder / name).write_bytes((sample_slice / "sample" / name).read_bytes())
    config = tiny_config.changed({"data.dataset": str(folder)})
    with pytest.raises(MrcaError, match="'mine' has no test split"):
        shared_corpus([config], None, SilentReporter())
    with pytest.raises(MrcaError, match="trained on rows in memory, so there is no test split"):
        shared_corpus([tiny_config.changed({"data.dataset": ""})], None, SilentReporter())


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"name": "webnlg"}, "was trained on the corpus 'webnlg', and is compared on"),
        ({"name": "sample"}, "was trained on 'sample' as it was then: its files have changed"),
        (None, "was trained on rows in memory, and is compared on"),
    ],
)
def test_runs_on_other_corpora_are_found(make_run, corpus, tmp_path, about, said):
    relations = json.dumps(corpus.relations.names)
    own = {"corpus": {"name": "sample", "fingerprint": corpus.fingerprint}}
    check_trained_on(make_run(tmp_path / "own", json.dumps(own), relations), corpus)
    other = {} if about is None else {"corpus": {**about, "fingerprint": "0" * 64}}
    folder = make_run(tmp_path / "other", json.dumps(other), relations)
    with pytest.raises(MrcaError, match=re.escape(f"The run {folder} {said}")) as error:
        check_trained_on(folder, corpus)
    assert "train it again" in str(error.value)


def test_what_training_took_is_the_sum_of_its_epochs(tmp_path):
    assert training_seconds(tmp_path) is None  # an SVM has no epochs
    history = tmp_path / "history.csv"
    history.write_text("epoch,seconds\n1,10\n2,20.5\n", "utf-8")
    assert training_seconds(tmp_path) == 30.5
    for damaged in ("epoch\n1\n", "epoch,seconds\n1,nan\n", "epoch,seconds\n1\n"):
        history.write_text(damaged, "utf-8")
        with pytest.raises(MrcaError, match="Cannot read the seconds of each epoch"):
            training_seconds(tmp_path)
