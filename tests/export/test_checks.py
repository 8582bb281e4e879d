from pathlib import Path

import pytest

from mrca.config import load_recipe, recipe_names
from mrca.errors import MrcaError
from mrca.export.checks import check_exportable

FOLDER = Path("saved_models/some")


NETWORKS = [name for name in recipe_names() if name != "svm"]


@pytest.mark.parametrize("name", NETWORKS)
def test_runs_of_networks_are_exported(name):
    check_exportable(FOLDER, load_recipe(name))
    check_exportable(FOLDER, load_recipe(name).changed({"encoder.name": "hub:bert"}))


def test_a_linear_svm_is_no_graph():
    with pytest.raises(MrcaError, match=r"linear SVM.*only networks are exported"):
        check_exportable(FOLDER, load_recipe("svm"))


def test_roles_that_are_not_known_are_none_to_mark():
    config = load_recipe("mrca").changed({"data.roles": "unknown"})
    with pytest.raises(MrcaError, match="reads the roles"):
        check_exportable(FOLDER, config)
    check_exportable(FOLDER, load_recipe("pairs").changed({"data.roles": "unknown"}))
