"""What a configuration of a network is checked for before anything is opened."""

from collections.abc import Collection, Iterator

from mrca import losses
from mrca.config import RunConfig
from mrca.config.run_config import LINEAR_SVM
from mrca.encoders import encoder_class
from mrca.encoding import check_sampler
from mrca.errors import MrcaError
from mrca.layers import heads
from mrca.models.network import network_problems


def problems(
    config: RunConfig, loss: losses.MultiLabelLoss, other_heads: Collection[str] = ()
) -> Iterator[str]:
    """Why a configuration makes no network that can be trained, a sentence each.

    Every component declares what it needs; here they are asked one after another.

    Args:
        config: of a network.
        loss: its loss.
        other_heads: classifiers that are made otherwise than by `mrca.layers.heads`.

    Raises:
        MrcaError: if a component or an option of it does not exist.
    """
    check_sampler(config.training.sampler)
    if config.classifier.name not in other_heads:
        heads.get(config.classifier.name, 1, **config.classifier.options)
    encoder = encoder_class(config.encoder.name)
    yield from encoder.problems(config)
    if config.model.pair_context == "localized" and not encoder.gives_attention:
        yield (
            "model.pair_context=localized reads the attention of an encoder's last layer, which "
            f"{config.encoder.name} does not give. Take a keras_hub: encoder, or "
            "model.pair_context=attention, which is learned."
        )
    if config.training.encoder_learning_rate and not config.encoder.trainable:
        yield (
            "training.encoder_learning_rate is of a BERT encoder that is trained, and this one is "
            f"not. Received: encoder {config.encoder.name!r}, encoder.trainable=false. Set "
            "encoder.trainable=true, or leave the rate out."
        )
    if config.training.monitor == "tuned_micro_f1" and not loss.decision_rule.has_threshold:
        yield (
            "training.monitor=tuned_micro_f1 tunes a threshold, and the loss "
            f"{config.loss.name!r} decides without one. Take micro_f1 or macro_f1."
        )
    yield from network_problems(config)
    yield from heads.problems(config, loss.depends_on_batch)


def check_new(config: RunConfig) -> None:
    """Check that a configuration makes a new network, on no other run.

    Raises:
        MrcaError: if it does not; it says why.
    """
    if config.is_svm or config.classifier.name == LINEAR_SVM:
        raise MrcaError(
            "This is the configuration of an SVM on word frequencies, which is no Keras model. "
            "Train it with mrca.train, or choose a recipe of a network, such as pairs."
        )
    if run := config.classifier.representation or config.training.init_from:
        raise MrcaError(
            f"This configuration builds on the run {run}. Train it with mrca.train, or leave "
            "classifier.representation and training.init_from out."
        )
    for problem in problems(config, losses.check(config.loss.name, config.loss.options)):
        raise MrcaError(problem)
