"""The page of a run, from what its files hold."""

import pytest
import yaml

from mrca.config import RunConfig, load_recipe
from mrca.datasets.corpus import ORACLE
from mrca.runs.card import write_card, write_metadata
from mrca.text import RelationSet

RELATIONS = RelationSet(["born_in", "a|b"])
SCORES = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}
ENVIRONMENT = {
    "mrca": "9.9",
    "packages": {"keras": "3.9", "scikit-learn": "1.9"},
    "backend": "jax",
    "seed": 7,
    "corpus": {"name": "mine", "fingerprint": "0123456789abcdef" * 4},
    "vectors": {"name": "glove"},
}


def report(*, oracle: bool = False, pairs: bool = False, rate: float | None = 0.0625) -> dict:
    scores = {"micro": SCORES, "macro": {"f1": 0.125}, "oracle": oracle, "rows": 1234}
    if not pairs:
        return {**scores, "documents": None}
    documents = {"rows": 99, "micro": {**SCORES, "f1": 0.75}}
    empty = {"rate": rate, "false_positives": 1, "rows": 1600}
    return {**scores, "documents": documents, "empty_candidates": empty}


def card(config: RunConfig, environment: dict | None = None, **splits: dict) -> str:
    metrics = {"splits": splits, "epochs": 12, "best_epoch": 9}
    return write_card("my-run", config, RELATIONS, metrics, {**ENVIRONMENT, **(environment or {})})


def test_of_whole_documents_it_says_which_relations_a_text_states():
    text = card(load_recipe("mrca"), valid=report(), test=report())
    assert text.startswith("# my-run\n\nSays which of 2 relations a text whose subject and object")
    assert "| split | documents | precision | recall | micro F1 | macro F1 |\n" in text
    assert "| test | 1234 | 0.5000 | 0.2500 | 0.3333 | 0.1250 |\n" in text
    assert '"subjects": ["Ada"], "objects": ["London"]' in text
    assert "Set F1" not in text
    assert ORACLE not in text


def test_of_pairs_it_says_who_is_related_to_whom():
    text = card(load_recipe("pairs"), valid=report(pairs=True), test=report(pairs=True, rate=None))
    assert "Says who is related to whom, by which of 2 relations" in text
    assert "macro F1 | set F1 | false positives |\n" in text
    assert "| valid | 99 | 0.5000 | 0.2500 | 0.3333 | 0.1250 | 0.7500 | 0.0625 |\n" in text
    assert "| test | 99 | 0.5000 | 0.2500 | 0.3333 | 0.1250 | 0.7500 | – |\n" in text
    assert '"entities": ["Ada", "London"]' in text
    assert "the share of the entity pairs without a fact" in text


@pytest.mark.parametrize(("recipe", "pairs"), [("mrca", False), ("pairs", True)])
def test_scores_under_oracle_marks_are_named_so(recipe, pairs):
    told = report(pairs=pairs, oracle=True)
    assert f"- {ORACLE}\n" in card(load_recipe(recipe), valid=told, test=report(pairs=pairs))
    assert f"- {ORACLE}\n" not in card(load_recipe(recipe), valid=report(pairs=pairs))


def test_it_says_what_it_was_made_with():
    config = RunConfig().changed({"loss.name": "focal", "features.padding": "fixed"})
    text = card(config, test=report())
    assert "- Corpus: mine (sha256 0123456789abcdef…)\n" in text
    assert "- Word vectors: glove; classifier: linear\n" in text
    assert "- Loss: focal; padding: fixed; seed: 7\n" in text
    assert "- Best of 12 epochs: 9\n" in text
    assert "- Made with mrca 9.9, Keras 3.9 on jax\n" in text
    assert "`born_in`, `a|b`" in text
    assert '[loss]\nname = "focal"' in text
    assert "Continued" not in text


def test_an_encoder_and_the_run_that_it_continues_are_named():
    config = RunConfig().changed({"training.init_from": "before"})
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "vectors"}
    environment |= {"encoder": {"name": "hub:bert"}}
    metrics = {"splits": {"test": report()}, "epochs": 1, "best_epoch": 1}
    text = write_card("next", config, RELATIONS, metrics, environment)
    assert "- Encoder: hub:bert; classifier: linear\n" in text
    assert "- Continued from the weights of before\n" in text
    assert "- Best of 1 epoch: 1\n" in text


def test_of_an_svm_there_are_no_marks_epochs_or_settings_of_networks():
    text = card(load_recipe("svm"), test=report())
    assert "Says which of 2 relations a text states.\n" in text
    assert 'run.predict([{"text": "Ada was born in London."}])' in text
    assert "- Classifier: a linear SVM for each relation" in text
    assert "- Made with mrca 9.9, scikit-learn 1.9\n" in text
    assert "Best of" not in text
    assert "[model]" not in text


def test_scores_on_the_sample_are_said_to_mean_nothing():
    sample = {"corpus": {**ENVIRONMENT["corpus"], "name": "sample"}}
    note = "**This model was trained on the sample corpus of mrca."
    assert note in card(RunConfig(), sample, test=report())
    assert note not in card(RunConfig(), test=report())


def test_it_says_how_often_a_relation_is_found_where_there_is_none():
    empty = {"empty_documents": {"rate": 0.25, "false_positives": 2, "rows": 8}}
    text = card(load_recipe("pairs"), valid=report(pairs=True), test=report(pairs=True) | empty)
    assert (
        "- It finds a relation where there is none: 6.2% of the 1,600 entity pairs of valid that "
        "state nothing, 6.2% of the 1,600 entity pairs of test that state nothing, 25.0% of the 8 "
        "texts of test that state nothing.\n"
    ) in text
    whole = card(load_recipe("mrca"), test=report() | empty)
    assert "there is none: 25.0% of the 8 texts of test that state nothing.\n" in whole
    none = card(load_recipe("mrca"), test=report())
    assert "in a text that states none was not measured" in none


def test_it_says_what_it_is_for():
    assert "in texts like those of mine; it knows no others.\n" in card(load_recipe("mrca"))
    assert "they must be marked" in card(load_recipe("mrca"))
    assert "they must be marked" not in card(load_recipe("svm"))


def test_of_a_run_that_nobody_measured_it_has_no_scores():
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "corpus"}
    text = write_card("new", load_recipe("pairs"), RELATIONS, None, environment)
    assert "Nothing was measured" in text
    assert "Corpus:" not in text
    assert "| split |" not in text


@pytest.mark.parametrize(
    ("license", "line"), [("mit", "- License: mit\n"), ("", "- License: none stated;"), (None, "")]
)
def test_the_license_of_a_shared_run_is_stated_or_said_to_be_missing(license, line):
    metrics = {"splits": {}, "epochs": 0, "best_epoch": 0}
    text = write_card(
        "x", load_recipe("mrca"), RELATIONS, metrics, ENVIRONMENT, license=license, notes=["Mind."]
    )
    assert line in text
    assert ("License" in text) == bool(line)
    assert "- Mind.\n" in text


def test_what_stands_before_it_on_the_hub_is_yaml():
    metrics = {"splits": {"test": report()}}
    text = write_metadata(load_recipe("mrca"), metrics, ENVIRONMENT, "cc-by-4.0")
    assert text.startswith("---\n") and text.endswith("\n---\n\n")
    assert yaml.safe_load(text.strip("-\n")) == {
        "library_name": "mrca",
        "license": "cc-by-4.0",
        "tags": ["mrca", "relation-extraction", "keras"],
        "datasets": ["mine"],
        "metrics": ["precision", "recall", "f1"],
    }
    other = {**ENVIRONMENT, "corpus": {"name": "my own: corpus"}}
    bare = yaml.safe_load(write_metadata(load_recipe("svm"), None, other).strip("-\n"))
    assert bare == {"library_name": "mrca", "tags": ["mrca", "relation-extraction"]}
