"""Settings that do not go together, refused with the reason."""

from mrca import losses
from mrca.config import REPRESENTATION_SECTIONS, RunConfig
from mrca.errors import MrcaError
from mrca.models import NeuralModel
from mrca.training.run import TAU_NORMALISED, Run

BILATERAL_BRANCH = "bilateral_branch"
LINEAR_SVM = "linear_svm"
TFIDF = "tfidf"
WORD_VECTORS = "word_vectors"


def check_combination(config: RunConfig, loss: losses.MultiLabelLoss) -> None:
    """See that encoder, features, classifier, sampler and loss go together.

    Raises:
        MrcaError: if they do not; it says why.
    """
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
    if config.classifier.name == TAU_NORMALISED:
        _check_tau(config, loss)
    if config.classifier.name == BILATERAL_BRANCH:
        _check_bilateral(config, loss)


def check_same_representation(config: RunConfig, run: Run) -> None:
    """See that a second stage is configured as the run whose layers it takes over.

    Raises:
        MrcaError: if a setting of theirs differs, or the run has no such layers.
    """
    kept, wanted = run.config.model_dump(), config.model_dump()
    if not isinstance(run.model, NeuralModel):
        raise MrcaError(
            f"The run {run.folder} is an SVM on word frequencies: it has no layers to give another "
            "classifier. Choose a run of a network."
        )
    differing = [
        f"{section}.{name} is {kept[section][name]!r} there and {wanted[section][name]!r} here"
        for section in REPRESENTATION_SECTIONS
        for name in wanted[section]
        if kept[section][name] != wanted[section][name]
    ]
    if differing:
        raise MrcaError(
            f"A second stage keeps the layers of {run.folder} as they are, but {differing[0]}. "
            "Leave such settings out, or train a first stage with them."
        )


def _check_svm(config: RunConfig) -> None:
    defaults = RunConfig()
    for setting, given, default in (
        ("loss", config.loss, defaults.loss),
        ("training.sampler", config.training.sampler, defaults.training.sampler),
        ("classifier.representation", config.classifier.representation, ""),
        ("encoder.trainable", config.encoder.trainable, False),
        ("model", config.model, defaults.model),
    ):
        if given != default:
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
    if config.features.padding == "fixed" and config.model.pooling != "windows":
        raise MrcaError(
            f"features.padding=fixed computes on padding, which model.pooling="
            f"{config.model.pooling} would pool. Take masked padding."
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
