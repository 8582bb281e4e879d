import tomllib

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from mrca.config import (
    ComparisonConfig,
    MethodConfig,
    RunConfig,
    comparison_names,
    load_comparison,
)
from mrca.errors import MrcaError

GOOD = """
title = "Two losses"
set = ["data.dataset=sample", "training.epochs=3"]

[[methods]]
name = "RC-Dice"

[[methods]]
name = "BCE (tuned)"
recipe = "webnlg-sigmoid-bce"
set = ["data.dataset=sample", "training.seed=5", "model.units=7"]
"""
BCE = 'name = "BCE (tuned)"'


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_method_is_its_recipe_then_the_shared_settings_then_its_own(written):
    comparison = load_comparison(written(GOOD))
    assert (comparison.seeds, comparison.metric, comparison.tune) == (1, "micro", "none")
    assert comparison.dataset == "sample"
    dice, bce = (comparison.run_config(method) for method in comparison.methods)
    assert (dice.loss.name, bce.loss.name) == ("rc_dice", "binary_crossentropy")
    assert dice.training.epochs == bce.training.epochs == 3
    assert (dice.training.seed, bce.training.seed) == (1, 5)
    assert [method.slug for method in comparison.methods] == ["rc-dice", "bce-tuned"]


def test_a_recipe_is_a_file_beside_the_comparisons_too(written, tmp_path):
    (tmp_path / "base.toml").write_text("[model]\nunits = 3\n", "utf-8")
    (tmp_path / "other.toml").write_text("[model]\nunits = 4\n", "utf-8")
    text = GOOD.replace(', "model.units=7"', "").replace("webnlg-sigmoid-bce", "other.toml")
    comparison = load_comparison(written(f'recipe = "base.toml"\n{text}'))
    assert [comparison.run_config(each).model.units for each in comparison.methods] == [3, 4]


def test_a_second_stage_has_the_layers_of_its_representation(written):
    text = GOOD.replace(', "model.units=7"', "") + 'representation = "RC-Dice"\n'
    own = '"RC-Dice"\nset = ["model.units=3", "model.precision=mixed_float16"]\n'
    text = text.replace('"RC-Dice"\n', own, 1)
    comparison = load_comparison(written(text))
    first, second = (comparison.run_config(method) for method in comparison.methods)
    assert first.model == second.model
    assert second.model.units == 3
    assert second.model.precision == "mixed_float16"
    assert second.loss.name == "binary_crossentropy"


def test_an_encoder_replaces_encoders_but_a_methods_own(written):
    text = (
        'title = "BERT"\nrecipe = "fewrel-lt"\n'
        '[[methods]]\nname = "one"\n'
        '[[methods]]\nname = "own"\nset = ["encoder.name=hub:mine"]\n'
        '[[methods]]\nname = "words"\nset = ["encoder.name=word_vectors"]\n'
        '[[methods]]\nname = "stage two"\nrepresentation = "one"\n'
    )
    comparison = load_comparison(written(text)).with_encoder('hub:a "b"')
    names = [comparison.run_config(method).encoder.name for method in comparison.methods]
    assert names == ['hub:a "b"', "hub:mine", "word_vectors", 'hub:a "b"']
    with pytest.raises(MrcaError, match="No method of the comparison reads with a BERT encoder"):
        load_comparison("sample").with_encoder("hub:x")


def test_what_has_no_meaning_for_an_svm_is_not_given_to_it(written):
    text = (
        'title = "SVM"\nrecipe = "reuters"\n'
        'set = ["model.hidden=9", "loss.name=focal", "training.epochs=7", "training.seed=4", '
        '"encoder.name=hub:x", "data.dataset=sample"]\n'
        '[[methods]]\nname = "SVM"\nrecipe = "svm"\n'
        '[[methods]]\nname = "own"\n'
        'set = ["encoder . name=tfidf", "classifier.name=linear_svm", "model.units=3"]\n'
        '[[methods]]\nname = "BERT"\n'
    )
    comparison = load_comparison(written(text))
    svm, own, bert = (comparison.run_config(method) for method in comparison.methods)
    assert (svm.model, svm.loss, svm.encoder.name) == (RunConfig().model, RunConfig().loss, "tfidf")
    assert (svm.training.seed, svm.training.epochs) == (4, RunConfig().training.epochs)
    assert (own.encoder.name, own.model.units) == ("tfidf", 3)  # its own go on to be refused
    assert (bert.model.hidden, bert.encoder.name, bert.training.epochs) == (9, "hub:x", 7)
    with pytest.raises(MrcaError, match=r"Method 'SVM': .*\n.*epoch: there is no such setting"):
        load_comparison(written(text.replace("training.epochs", "training.epoch")))


def test_longer_circles_are_found(written):
    text = GOOD.replace(', "model.units=7"', "") + 'representation = "RC-Dice"\n'
    text = text.replace('"RC-Dice"\n', '"RC-Dice"\nrepresentation = "BCE (tuned)"\n', 1)
    with pytest.raises(MrcaError, match=r"'RC-Dice' on 'BCE \(tuned\)' on 'RC-Dice': "):
        load_comparison(written(text))


@pytest.mark.parametrize("name", comparison_names())
def test_what_comes_with_the_package_can_be_read_by_name(name):
    comparison = load_comparison(name)
    assert comparison.title
    assert comparison.dataset


def test_a_file_goes_before_a_name(written, monkeypatch, tmp_path):
    written(GOOD).rename(tmp_path / "sample")
    monkeypatch.chdir(tmp_path)
    assert load_comparison("sample").title == "Two losses"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title =", "titel =", "Did you mean 'title'?"),
        ('title = "Two losses"', "", "title: is missing"),
        ('title = "Two losses"', "title = 3", "title: expected a valid string, received 3"),
        (
            "title =",
            "seeds = 0\ntitle =",
            "seeds: expected a number of runs, at least 1, or a list",
        ),
        ("title =", "seeds = [3, 3]\ntitle =", "of different seeds, each from 0 to 4294967295"),
        ('name = "RC-Dice"', 'name = "RC-Dice"\nseeds = []', "methods.1.seeds: expected a number"),
        ("title =", "ignore = 3\ntitle =", "ignore: expected a valid list, received 3"),
        (
            "title =",
            'metric = "weighted"\ntitle =',
            "metric: expected 'micro', 'macro', 'macro_present' or",
        ),
        ("title =", 'tune = "all"\ntitle =', "'per-relation', received 'all'"),
        ('name = "RC-Dice"', "", "methods.1.name: is missing"),
        ('name = "RC-Dice"', 'name = "RC-Dice"\nst = []', "methods.1.st: there is no such key."),
        ('name = "RC-Dice"', 'name = "bce Tuned"', "would share the folder 'bce-tuned'"),
        ('name = "RC-Dice"', 'name = "?"', "'?' is no name"),
        ("training.epochs=3", "training.epoch=3", "Method 'RC-Dice': The settings do not fit"),
        ("training.seed=5", "data.dataset=nyt", "on one corpus. Received: 'RC-Dice' on 'sample'"),
        ("webnlg-sigmoid-bce", "webnlg-bce", "Method 'BCE (tuned)': Unknown recipe 'webnlg-bce'"),
        ("data.dataset=sample", "data.dataset=", "A comparison needs a corpus"),
        ("[[methods]]", "[[methods", "is not valid TOML"),
        (BCE, f'{BCE}\nrepresentation = "RC-dice"', "is no method. Did you mean 'RC-Dice'?"),
        (BCE, f'{BCE}\nrepresentation = "BCE (tuned)"', "in a circle have no first one"),
        (BCE, f'{BCE}\nrepresentation = "RC-Dice"', "so it cannot set model.units itself"),
        (BCE, f'{BCE}\ninit_from = "RC-dice"', "is no method. Did you mean 'RC-Dice'?"),
        (BCE, f'{BCE}\ninit_from = "BCE (tuned)"', "in a circle have no first one"),
        (BCE, f'{BCE}\ninit_from = "RC-Dice"', "so it cannot set model.units itself"),
        (BCE, f'{BCE}\ninit_from = "RC-Dice"\nrepresentation = "RC-Dice"', "give one"),
        (
            '"model.units=7"]',
            '"model.precision=mixed_float16"]\nrepresentation = "RC-Dice"',
            "so it cannot set model.precision itself",
        ),
    ],
)
def test_what_does_not_fit_is_said(written, old, new, said):
    text = GOOD.replace(old, new) if "data" in old else GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(MrcaError) as error:
        load_comparison(written(text))
    assert said in str(error.value)
    assert "mine.toml" in str(error.value)


def test_one_method_is_no_comparison(written):
    with pytest.raises(MrcaError, match="methods: expected two or more, received 1"):
        load_comparison(written(GOOD[: GOOD.rindex("[[methods]]")]))


def test_there_is_none(tmp_path):
    with pytest.raises(MrcaError, match=r"no comparison 'smaple'\. Did you mean 'sample'"):
        load_comparison("smaple")
    with pytest.raises(MrcaError, match="or two or more runs"):
        load_comparison(tmp_path)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"title = {text}".encode()))
def test_bytes_of_any_kind_are_refused_in_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "x.toml"
    path.write_bytes(content)
    with pytest.raises(MrcaError):
        load_comparison(path)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_KEYS = st.sampled_from(["title", "seeds", "metric", "tune", "recipe", "set", "methods", "other"])


@given(st.dictionaries(_KEYS, _VALUES))
def test_values_of_any_kind_are_refused_in_words(tmp_path_factory, values):
    import tomli_w

    path = tmp_path_factory.mktemp("fuzz") / "x.toml"
    try:
        path.write_text(tomli_w.dumps(values), "utf-8")
        tomllib.loads(path.read_text("utf-8"))
    except (TypeError, ValueError):  # nothing that TOML can say
        reject()
    with pytest.raises(MrcaError):
        load_comparison(path)


def test_every_key_has_a_description():
    for table in (ComparisonConfig, MethodConfig):
        for name, field in table.model_fields.items():
            assert field.description or name == "methods", name
