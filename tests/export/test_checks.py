from pathlib import Path

import pytest

from mrca.config import load_recipe, recipe_names
from mrca.errors import MrcaError
from mrca.export.checks import check_exportable

FOLDER = Path("saved_models/some")


WHOLE = [
    name
    for name in recipe_names()
    if load_recipe(name).candidates.kind == "whole" and name != "svm"
]


@pytest.mark.parametrize("name", WHOLE)
def test_runs_of_whole_texts_are_exported(name):
    check_exportable(FOLDER, load_recipe(name))
    check_exportable(FOLDER, load_recipe(name).changed({"encoder.name": "hub:bert"}))


def test_a_run_of_pairs_is_not_and_the_message_says_what_does_that():
    config = load_recipe("pairs").changed({"data.dataset": "webnlg"})
    with pytest.raises(MrcaError) as error:
        check_exportable(FOLDER, config)
    for part in (
        "saved_models/some is asked about pairs of entities",
        "which relations a text states",
        "`mrca predict saved_models/some ROWS.jsonl`",
        "mrca.RelationClassifier.from_preset('saved_models/some').predict(rows)",
        "`mrca train --recipe mrca --dataset webnlg`",
    ):
        assert part in str(error.value)


def test_a_linear_svm_is_no_graph():
    with pytest.raises(MrcaError, match=r"linear SVM.*only networks are exported"):
        check_exportable(FOLDER, load_recipe("svm"))


def test_roles_that_are_not_known_are_none_to_mark():
    config = load_recipe("mrca").changed({"data.roles": "unknown"})
    with pytest.raises(MrcaError, match="reads the roles"):
        check_exportable(FOLDER, config)
