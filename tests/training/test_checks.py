"""Every pair of settings that does not go together is refused with its reason."""

import pytest
from mrca.training.combinations import check_combination, check_representation

import mrca
from mrca import losses
from mrca.config import RunConfig, with_overrides


def check(*settings: str) -> None:
    config = with_overrides(RunConfig(), settings)
    check_combination(config, losses.check(config.loss.name, config.loss.options))


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["encoder.name=tfidf", "classifier.name=linear_svm"],
        ["encoder.name=hub:x", "features.markers=true", "model.pooling=first"],
        ["encoder.name=hub:x", "encoder.trainable=true"],
        ["model.pooling=mean"],
        ["features.padding=fixed"],
        ["loss.name=categorical_crossentropy", "classifier.name=bilateral_branch"],
        [
            "loss.name=categorical_crossentropy",
            "classifier.name=tau_normalised",
            "classifier.representation=x",
        ],
    ],
)
def test_what_goes_together(settings):
    check(*settings)


@pytest.mark.parametrize(
    "settings, reason",
    [
        (["encoder.name=tfidf"], "go together only"),
        (["classifier.name=linear_svm"], "go together only"),
        (["encoder.trainable=true"], "word vectors stay as they are"),
        (["features.markers=true"], "word vectors do not have"),
        (["features.padding=fixed", "model.pooling=mean"], "would pool"),
        (["classifier.name=tau_normalised"], "rescales one that is trained"),
        (
            ["classifier.name=tau_normalised", "classifier.representation=x"],
            "only decisions for the largest score",
        ),
        (
            [
                "classifier.name=tau_normalised",
                "classifier.representation=x",
                "loss.name=categorical_crossentropy",
                "training.sampler=reversed",
            ],
            "is not trained",
        ),
        (
            ["classifier.name=bilateral_branch", "training.sampler=square_root"],
            "two samplers of its own",
        ),
        (["classifier.name=bilateral_branch"], "one number for a whole batch"),
        *(
            (["encoder.name=tfidf", "classifier.name=linear_svm", setting], "no meaning for an SVM")
            for setting in (
                "loss.name=dice",
                "training.sampler=reversed",
                "classifier.representation=x",
                "encoder.trainable=true",
                "model.units=3",
            )
        ),
    ],
)
def test_what_does_not(settings, reason):
    with pytest.raises(mrca.MrcaError, match=reason):
        check(*settings)


def test_a_second_stage_is_configured_as_the_first(tiny_run):
    check_representation(tiny_run.config, tiny_run, tiny_run.relations)
    other = with_overrides(tiny_run.config, ["model.units=9"])
    with pytest.raises(mrca.MrcaError, match=r"model\.units is 8 and is here 9"):
        check_representation(other, tiny_run, tiny_run.relations)
    head = with_overrides(tiny_run.config, ["classifier.name=bilateral_branch", "loss.name=dice"])
    check_representation(head, tiny_run, tiny_run.relations)
