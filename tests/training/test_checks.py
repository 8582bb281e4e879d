"""Every setting that does not exist or does not go with another is refused with its reason."""

import importlib.util

import numpy as np
import pytest

import mrca
from mrca import losses
from mrca.config import RunConfig, load_recipe, parse_settings
from mrca.datasets import Corpus
from mrca.text import Document, RelationSet
from mrca.training.checks import check_config, check_labels, check_loss

STATES = ("candidates.kind=pairs", "model.pooling=pairs")
EXTRACTORS = ("model.pair_features=extractors", "model.hidden=96")
TAU = ("classifier.name=tau_normalised", "classifier.representation=x")
BRANCHES = "classifier.name=bilateral_branch"
SVM = ("encoder.name=tfidf", "classifier.name=linear_svm")


def check(*settings: str, recipe: RunConfig | None = None) -> None:
    check_config((recipe or RunConfig()).changed(parse_settings(settings)))


@pytest.mark.parametrize(
    "settings",
    [
        [],
        SVM,
        ["encoder.name=hub:x", "features.markers=true", "model.pooling=first"],
        ["encoder.name=hub:x", "encoder.trainable=true", "training.encoder_learning_rate=5e-5"],
        ["encoder.name=keras_hub:x", "encoder.trainable=true", "model.precision=mixed_float16"],
        ["model.pooling=mean"],
        ["features.padding=fixed"],
        ["loss.name=categorical_crossentropy", BRANCHES],
        ["loss.name=categorical_crossentropy", *TAU],
        [*STATES, "loss.name=adaptive_thresholding"],
        [*STATES, "features.types=true", "candidates.types=seen", "decision.types=seen"],
        [*STATES, "model.units=0", "classifier.representation=x"],
        ["training.init_from=x", "training.freeze=true"],
        [*STATES, "model.pair_interaction=u_net", *EXTRACTORS, "classifier.name=bilinear"],
    ],
    ids=str,
)
def test_what_goes_together(settings):
    check(*settings)


@pytest.mark.parametrize("recipe", ["atlop", "docunet", "kd-docre"])
def test_every_loss_goes_with_the_recipes_for_documents(recipe):
    for name in losses.LOSSES:
        config = load_recipe(recipe).changed({"loss": {"name": name}})
        assert check_config(config) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["encoder.name=tfidf"], "go together only"),
        (["classifier.name=linear_svm"], "go together only"),
        (["encoder.trainable=true"], "word vectors stay as they are"),
        (["training.encoder_learning_rate=5e-5"], "of a BERT encoder that is trained"),
        (["features.markers=true"], "word vectors do not have"),
        (["features.padding=fixed", "model.pooling=mean"], "would pool"),
        (["features.padding=fixed", *STATES], "would pool"),
        (["model.pooling=pairs"], "give both or neither"),
        (["candidates.kind=pairs"], "give both or neither"),
        (["model.pooling=entities", "features.role=false"], "finds entities by the role feature"),
        (["classifier.name=tau_normalised"], "rescales one that is trained"),
        ([*TAU], "only decisions for the largest score"),
        ([*TAU, "classifier.options.x=1"], "takes no arguments"),
        (
            [*TAU, "loss.name=categorical_crossentropy", "training.sampler=reversed"],
            "is not trained",
        ),
        (["model.units=0", "classifier.representation=x"], "a second stage repeats the first"),
        ([BRANCHES, "training.sampler=square_root"], "two samplers of its own"),
        ([BRANCHES], "one number for a whole batch"),
        (
            [*STATES, "model.pair_interaction=u_net", "model.pair_context=none"],
            "reads the contexts",
        ),
        ([*STATES, "model.pair_features=extractors"], r"needs model\.hidden"),
        ([*STATES, "model.pair_interaction=axial", "model.hidden=12"], "8 heads"),
        ([*STATES, "model.interaction_options.heads=2"], "'none' takes no arguments"),
        ([*STATES, "classifier.name=grouped_bilinear", "model.hidden=64"], "extractors gives"),
        ([*STATES, *EXTRACTORS, "classifier.name=grouped_bilinear"], "in groups of 64"),
        ([*STATES, "model.pair_features=grouped_bilinear", "model.hidden=96"], "in groups of 64"),
        (["training.freeze=true"], "Name the run with --init-from RUN"),
        (["training.init_from=x", "classifier.representation=y"], "both start from a run"),
        *(
            ([*SVM, setting], "no meaning for an SVM")
            for setting in (
                "loss.name=dice",
                "training.sampler=reversed",
                "classifier.representation=x",
                "encoder.trainable=true",
                "model.units=3",
                "model.precision=mixed_float16",
                "training.init_from=x",
                "candidates.kind=pairs",
            )
        ),
        (
            ["encoder.name=hub:x", "encoder.trainable=true", "model.precision=mixed_float16"],
            r"mixed_float16 does not reach a trained TF Hub encoder.*Leave model\.precision out",
        ),
        (
            ["encoder.name=hub:x", "encoder.trainable=true", "features.padding=fixed"],
            "would read as words",
        ),
        (
            ["loss.name=categorical_crossentropy", "training.monitor=tuned_micro_f1"],
            "decides without one",
        ),
    ],
    ids=str,
)
def test_what_does_not(settings, reason):
    with pytest.raises(mrca.MrcaError, match=reason):
        check(*settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["loss.name=rc_dise"], "Did you mean 'rc_dice'"),
        (["loss.options.mode=sideways"], "'batch' or 'elementwise'"),
        (["loss.options.gamma=2"], "does not take these arguments"),
        (["loss.options.exponent=two"], "exponent"),
        (["loss.options.reduction=most"], "reduction"),
        (["loss.options.dtype=float99"], "dtype"),
        (["loss.name=focal", "loss.options.gamma=-1"], "`gamma` of Focal"),
        (["training.sampler=clas_balanced"], "Did you mean 'class_balanced'"),
        (["classifier.name=linaer"], "Did you mean 'linear'"),
        (["classifier.options.capsules=3"], "linear classifier takes no arguments"),
        ([*SVM, "classifier.options.D=1"], "does not take these arguments"),
        (["loss.name=distillation_mse", "loss.options.student=dise"], "Did you mean 'dice'"),
        (["encoder.name=bert"], "Unknown encoder 'bert'"),
    ],
    ids=str,
)
def test_names_and_options_that_do_not_exist(settings, said):
    with pytest.raises(mrca.MrcaError, match=said):
        check(*settings)


@pytest.mark.parametrize("recipe", mrca.config.recipe_names())
def test_every_recipe_goes_together(recipe):
    check(recipe=load_recipe(recipe))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("class_balanced_focal", {"class_counts": [3], "num_samples": 9}, "1 class_counts"),
        ("categorical_focal", {"alpha": [1.0, 2.0]}, "2 values of alpha"),
    ],
)
def test_numbers_of_another_number_of_relations(name, options, said):
    loss = losses.get(name, **options)
    with pytest.raises(mrca.MrcaError, match=said):
        check_loss(loss, 12)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_takes_rows_of_any_number_of_relations(name):
    check_loss(losses.for_corpus(name, {}, [3, 2, 0], 9), 3)


def test_tensorboard_that_is_not_installed(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "mrca.errors.find_spec", lambda name: None if name == "tensorboard" else find(name)
    )
    with pytest.raises(mrca.MrcaError, match=r"pip install 'mrca\[tensorboard\]'"):
        check("training.tensorboard=true")


def test_no_positive_label(tmp_path):
    def corpus(train: list[str], valid: list[str]) -> Corpus:
        rows = {
            split: [Document(("Ada", "met", "Bob"), labels=tuple(labels))]
            for split, labels in {"train": train, "valid": valid}.items()
        }
        return Corpus("mine", tmp_path, rows, RelationSet(["met"]), "0", [])

    check_labels(corpus(["met"], ["met"]))
    with pytest.raises(mrca.MrcaError, match=r"No training row.*nothing to learn"):
        check_labels(corpus([], ["met"]))
    with pytest.raises(mrca.MrcaError, match=r"No validation row"):
        check_labels(corpus(["met"], []))


def test_checking_a_loss_counts_as_no_batch():
    loss = losses.get("rc_dice")
    labels, outputs = np.eye(3, dtype="float32"), np.full((3, 3), 0.25, "float32")
    before = float(loss(labels, outputs))
    check_loss(loss, 3)
    assert float(loss(labels, outputs)) == before
