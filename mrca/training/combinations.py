"""Settings that do not go together, refused with the reason."""

from mrca import heads, losses
from mrca.config import RunConfig
from mrca.errors import MrcaError, did_you_mean
from mrca.models import NeuralModel
from mrca.samplers import check_sampler
from mrca.text import RelationSet
from mrca.training import run_folder
from mrca.training.run import TAU_NORMALISED, Run
from mrca.training.svm import make_svm

BILATERAL_BRANCH = "bilateral_branch"
LINEAR_SVM = "linear_svm"
TFIDF = "tfidf"
WORD_VECTORS = "word_vectors"


def check_config(config: RunConfig) -> None:
    """See that a configuration can be trained, as far as that can be told without its corpus.

    Raises:
        MrcaError: if it cannot; it says why.
    """
    check_combination(config, losses.check(config.loss.name, config.loss.options))


def check_combination(config: RunConfig, loss: losses.MultiLabelLoss) -> None:
    """See that encoder, features, classifier, sampler and loss exist and go together.

    Raises:
        MrcaError: if they do not; it says why.
    """
    check_sampler(config.training.sampler)
    _check_classifier(config)
    if (config.encoder.name == TFIDF) != (config.classifier.name == LINEAR_SVM):
        raise MrcaError(
            f"The encoder {TFIDF!r} and the classifier {LINEAR_SVM!r} go together only: the "
            "baseline is a linear SVM on word frequencies. Received: encoder "
            f"{config.encoder.name!r}, classifier {config.classifier.name!r}. Give both (or "
            "--preset svm), or neither."
        )
    if config.encoder.name == TFIDF:
        _check_svm(config)
    else:
        _check_features(config)
        _check_precision(config)
    if config.classifier.representation:
        _check_layers(config)
    if config.classifier.name == TAU_NORMALISED:
        _check_tau(config, loss)
    if config.classifier.name == BILATERAL_BRANCH:
        _check_bilateral(config, loss)


def check_representation(config: RunConfig, run: Run, relations: RelationSet) -> None:
    """See that a second stage fits the run whose layers it takes over.

    Args:
        config: of the second stage.
        run: the first.
        relations: of the corpus.

    Raises:
        MrcaError: if a setting of theirs differs, the run has no such layers, or its classifier is
            to be rescaled and cannot be.
    """
    if not isinstance(run.model, NeuralModel):
        raise MrcaError(
            f"The run {run.folder} is an SVM on word frequencies: it has no layers to give another "
            "classifier. Choose a run of a network."
        )
    expected = config.with_layers_of(run.config)
    differing = run_folder.differing_settings(expected, config, "is", "is here")
    if differing:
        raise MrcaError(
            f"A second stage keeps the layers of {run.folder} as they are. There {differing[0]}. "
            "Leave such settings out, or train a first stage with them."
        )

    if config.classifier.name != TAU_NORMALISED:
        return
    if run.model.network.head != "linear":
        raise MrcaError(
            "tau-normalisation rescales the weights of a linear classifier, and the run "
            f"{run.folder} has {run.model.network.head!r}. Choose a run with --classifier linear."
        )
    if run.relations != relations or not isinstance(run.decision_rule, losses.LargestScore):
        raise MrcaError(
            f"tau-normalisation keeps the classifier of {run.folder}, so it needs the relations of "
            "the corpus in the same order, and a decision for the largest score. Choose a run "
            "trained on this corpus with a softmax loss."
        )


def _check_layers(config: RunConfig) -> None:
    """See that training the first stage trains anything that the second takes over."""
    model = config.model
    trained = config.encoder.trainable or model.units or model.hidden
    if not trained and config.classifier.name != TAU_NORMALISED:
        raise MrcaError(
            "Nothing before the classifier is trained (no LSTM, no hidden layer, frozen encoder), "
            "so a second stage repeats the first. Give the first stage layers: model.units, "
            "model.hidden or encoder.trainable=true."
        )


def _check_classifier(config: RunConfig) -> None:
    """See that the classifier exists and takes its options."""
    name, options = config.classifier.name, config.classifier.options
    if name == LINEAR_SVM:
        make_svm(config, 1)
    elif name != TAU_NORMALISED:
        if name not in heads.HEADS:
            known = [*heads.HEADS, TAU_NORMALISED, LINEAR_SVM]
            raise MrcaError(
                f"Unknown classifier {name!r}.{did_you_mean(name, known)} Expected one of: "
                f"{', '.join(known)}."
            )
        heads.get(name, 1, **options)
    elif options:
        raise MrcaError(f"The classifier {name!r} takes no arguments. Received: {options}.")


def _check_svm(config: RunConfig) -> None:
    allowed = {"encoder.name", "classifier.name", "classifier.options", "training.seed"}
    default = RunConfig().model_dump()
    for section, values in config.model_dump().items():
        for name, given in values.items():
            setting = f"{section}.{name}"
            if section == "data" or setting in allowed or given == default[section][name]:
                continue
            raise MrcaError(
                f"{setting} has no meaning for an SVM, which is solved at once with its own hinge "
                f"loss on every training row. Leave {setting} out; the SVM's own settings are "
                "classifier.options (C, class_weight, min_df, max_ngram, sublinear_tf)."
            )


def _check_features(config: RunConfig) -> None:
    words = config.encoder.name == WORD_VECTORS
    if words and config.encoder.trainable:
        raise MrcaError(
            "encoder.trainable is for BERT encoders: word vectors stay as they are, so that words "
            "which training did not see fit among them. Leave it out, or give --encoder."
        )
    if words and config.features.markers:
        raise MrcaError(
            "features.markers puts word pieces around entities, which word vectors do not have. "
            "Leave it out (the role feature marks entities), or give --encoder."
        )
    if config.features.padding == "fixed" and config.encoder.trainable:
        raise MrcaError(
            "features.padding=fixed computes on padding, which a trained BERT encoder would read "
            "as words. Take masked padding."
        )
    if config.model.pooling == "entities" and not config.features.role:
        raise MrcaError(
            "model.pooling=entities finds entities by the role feature, and features.role is "
            "false. Leave one of them out."
        )
    if config.features.padding == "fixed" and config.model.pooling != "windows":
        raise MrcaError(
            f"features.padding=fixed computes on padding, which model.pooling="
            f"{config.model.pooling} would pool. Take masked padding."
        )


def _check_precision(config: RunConfig) -> None:
    precision = config.training.precision
    trained_module = config.encoder.trainable and config.encoder.name.startswith("hub:")
    if trained_module and precision != "float32":
        raise MrcaError(
            f"training.precision={precision} does not reach a trained TF Hub encoder, which is "
            f"a program that computes in float32. Received: encoder {config.encoder.name!r}, "
            "encoder.trainable=true. Leave training.precision out, or take a keras_hub: encoder."
        )


def _check_tau(config: RunConfig, loss: losses.MultiLabelLoss) -> None:
    if not config.classifier.representation:
        raise MrcaError(
            f"The classifier {TAU_NORMALISED!r} rescales one that is trained. Name its run with "
            "--representation RUN, or train it first with --stages 2."
        )
    if not isinstance(loss.decision_rule, losses.LargestScore):
        raise MrcaError(
            f"The classifier {TAU_NORMALISED!r} changes the scale of every relation's scores and "
            "drops their bias, so only decisions for the largest score keep a meaning; the loss "
            f"{config.loss.name!r} decides by {loss.decision_rule.name}. Take a softmax loss, such "
            "as categorical_crossentropy, on rows with one relation each."
        )
    if config.training.sampler != "instance_balanced":
        raise MrcaError(
            f"The classifier {TAU_NORMALISED!r} is not trained, so training.sampler="
            f"{config.training.sampler} has no meaning. Leave it out."
        )


def _check_bilateral(config: RunConfig, loss: losses.MultiLabelLoss) -> None:
    if config.training.sampler != "instance_balanced":
        raise MrcaError(
            f"The classifier {BILATERAL_BRANCH!r} draws from two samplers of its own, each row "
            f"once and reversed. Received: training.sampler={config.training.sampler}. Leave it "
            "out."
        )
    if loss.depends_on_batch:
        raise MrcaError(
            f"The classifier {BILATERAL_BRANCH!r} weighs the losses of two labels for each row, "
            f"but {config.loss.name!r} is one number for a whole batch. Take a loss of each row, "
            "such as binary_crossentropy, or for rc_dice and dice loss.options.mode=elementwise."
        )
