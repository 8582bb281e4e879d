"""Everything needed to repeat a run."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# The sections that a second stage takes over with the layers of another run.
REPRESENTATION_SECTIONS = ("encoder", "vectors", "features", "model")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Where the sentences come from."""

    dataset: str = Field("", description="a corpus's name, or a folder of your own")
    unmatched: Literal["keep", "drop"] = Field(
        "keep",
        description="a training row with a mention that is not in its text: keep it without the "
        "mark, or drop it",
    )


class VectorsConfig(_Section):
    """Where the word vectors come from."""

    name: str = Field(
        "glove-wiki-gigaword-300",
        description="a name that `mrca vectors list` shows, a path, or "
        "`corpus` for the vectors/ in the corpus's own folder",
    )


class EncoderConfig(_Section):
    """What turns tokens into numbers that a network reads."""

    name: str = Field(
        "word_vectors",
        description="word_vectors; hub:HANDLE or hub:FOLDER, a BERT encoder from TF Hub; "
        "keras_hub:PRESET or keras_hub:FOLDER; or tfidf, for linear_svm",
    )
    trainable: bool = Field(False, description="whether the weights of a BERT encoder are trained")
    vocab_file: str = Field("", description="word pieces of a BERT encoder that carries none")
    casing: Literal["auto", "cased", "uncased"] = Field(
        "auto", description="of a BERT encoder that does not say"
    )


class FeaturesConfig(_Section):
    """How a sentence becomes numbers."""

    case: bool = Field(True, description="mark words whose first character is upper case")
    role: bool = Field(True, description="mark words of subjects and objects")
    padding: Literal["masked", "fixed"] = Field(
        "masked", description="compute on real tokens only, or on everything padded to max_length"
    )
    max_length: Annotated[int, Field(ge=1, le=10_000)] = Field(
        100, description="tokens, or a BERT encoder's word pieces; longer sentences are cut"
    )
    markers: bool = Field(
        False, description="put [E1] [/E1] and [E2] [/E2] around entities, for a BERT encoder"
    )


class ModelConfig(_Section):
    """The layers (paper, table 4)."""

    units: Annotated[int, Field(ge=0)] = Field(
        500, description="of each LSTM direction; 0 for no LSTM"
    )
    pooling: Literal["windows", "first", "mean", "entities"] = Field(
        "windows",
        description="the paper's average pooling; or one vector of each row: its first state, the "
        "mean, or first, subjects' and objects' means",
    )
    pool_size: Annotated[int, Field(ge=1)] = Field(80, description="of average pooling, in tokens")
    strides: Annotated[int, Field(ge=1)] = Field(2, description="of average pooling, in tokens")
    hidden: Annotated[int, Field(ge=0)] = Field(
        0, description="units of a dense tanh layer after pooling; 0 for none"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.15, description="before the output")

    @model_validator(mode="after")
    def _windows_touch(self) -> "ModelConfig":
        if self.pool_size < self.strides:
            raise ValueError(
                f"pool_size ({self.pool_size}) must be at least strides ({self.strides}), or "
                "tokens between two windows would be lost"
            )
        return self


class ClassifierConfig(_Section):
    """From pooled states to scores."""

    name: str = Field(
        "linear",
        description="one of `mrca.heads.HEADS`; tau_normalised, with a representation; or "
        "linear_svm, with the encoder tfidf",
    )
    options: dict[str, Any] = Field({}, description="the classifier's own arguments")
    representation: str = Field(
        "",
        description="second stage: the run whose layers before its classifier are taken over, "
        "frozen, and given this classifier",
    )


class LossConfig(_Section):
    """What is minimised."""

    name: str = Field("rc_dice", description="one of `mrca.losses.LOSSES`")
    options: dict[str, Any] = Field({}, description="the loss's own arguments")
    teacher: str = Field("", description="for a distillation loss: the run to learn from")

    @model_validator(mode="after")
    def _options_have_values(self) -> "LossConfig":
        empty = [name for name, value in self.options.items() if value is None]
        if empty:
            raise ValueError(f"options without a value: {', '.join(empty)}; leave them out")
        return self


class TrainingConfig(_Section):
    """How it is minimised (paper, table 4)."""

    batch_size: Annotated[int, Field(ge=1)] = Field(32, description="rows a batch")
    sampler: str = Field(
        "instance_balanced",
        description="which rows an epoch shows: one of `mrca.samplers.SAMPLERS`",
    )
    epochs: Annotated[int, Field(ge=1)] = Field(50, description="at most this many")
    patience: Annotated[int, Field(ge=1)] = Field(
        5, description="stop after so many epochs without a better validation micro F1"
    )
    learning_rate: Annotated[float, Field(gt=0)] = Field(1.5e-3, description="Adam's, first epoch")
    learning_rate_decay: Annotated[float, Field(ge=0)] = Field(
        3e-5, description="subtracted after each epoch"
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(1, description="of everything random")
    deterministic: bool = Field(False, description="deterministic kernels, on a GPU slower")
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32",
        description="Keras's dtype policy: what a network computes in; a mixed one is for a GPU, "
        "and weights, scores and the loss stay float32",
    )
    tensorboard: bool = Field(False, description="write logs for TensorBoard")

    @model_validator(mode="after")
    def _rate_stays_positive(self) -> "TrainingConfig":
        last = self.learning_rate - self.learning_rate_decay * (self.epochs - 1)
        if last <= 0:
            raise ValueError(
                f"the learning rate reaches {last:.2g} in the last of {self.epochs} epochs: lower "
                f"epochs or learning_rate_decay, or raise learning_rate ({self.learning_rate})"
            )
        return self


class RunConfig(_Section):
    """A run's whole configuration; the defaults are the paper's settings."""

    data: DataConfig = DataConfig()
    encoder: EncoderConfig = EncoderConfig()
    vectors: VectorsConfig = VectorsConfig()
    features: FeaturesConfig = FeaturesConfig()
    model: ModelConfig = ModelConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    loss: LossConfig = LossConfig()
    training: TrainingConfig = TrainingConfig()

    def with_layers_of(self, first: "RunConfig") -> "RunConfig":
        """A copy with what a second stage takes over: what the first stage's layers follow from."""
        training = self.training.model_copy(update={"precision": first.training.precision})
        layers = {section: getattr(first, section) for section in REPRESENTATION_SECTIONS}
        return self.model_copy(update={**layers, "training": training})
