"""Everything needed to repeat a run."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from mrca.errors import MrcaError, did_you_mean

# The sections that a second stage takes over with the layers of another run.
REPRESENTATION_SECTIONS = ("encoder", "vectors", "features", "candidates", "model")
# What the SVM reads with and is called, which go together only.
TFIDF = "tfidf"
LINEAR_SVM = "linear_svm"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Where the documents come from."""

    dataset: str = Field("", description="a corpus's name, or a folder of your own")
    train_split: Literal["train", "distant"] = Field(
        "train",
        description="what is trained on: the training split, or the automatically labelled "
        "documents of train_distant.json, as DocRED has them",
    )
    unmatched: Literal["keep", "drop"] = Field(
        "keep",
        description="a training row with a mention that is not in its text: keep it without the "
        "mark, or drop it",
    )
    offsets: Literal["exact", "widen"] = Field(
        "exact",
        description="character offsets inside a word: an error, or the mention is the whole word",
    )
    on_error: Literal["error", "skip"] = Field(
        "error",
        description="a row that cannot be used: an error, or it is left out, and counted",
    )
    roles: Literal["corpus", "unknown"] = Field(
        "corpus",
        description="which entities may be subjects and which objects: as the corpus has it, or "
        "every one both",
    )


class CandidatesConfig(_Section):
    """What is asked about a document."""

    kind: Literal["whole", "pairs"] = Field(
        "whole", description="which relations it states, or which two of its entities have"
    )
    max_distance: Annotated[int, Field(ge=0)] = Field(
        0, description="of a pair's nearest mentions, in tokens between them; 0 for no limit"
    )
    types: Literal["all", "seen"] = Field(
        "all", description="pairs of all entity types, or of those that training has related"
    )


class VectorsConfig(_Section):
    """Where the word vectors come from."""

    name: str = Field(
        "glove-wiki-gigaword-300",
        description="a name that `mrca vectors list` shows, or a path",
    )


class EncoderConfig(_Section):
    """What turns tokens into numbers that a network reads."""

    name: str = Field(
        "word_vectors",
        description="word_vectors; hub:HANDLE or hub:FOLDER, a BERT encoder from TF Hub; "
        "keras_hub:PRESET or keras_hub:FOLDER; or tfidf, for linear_svm",
    )
    trainable: bool = Field(False, description="whether the weights of a BERT encoder are trained")
    freeze_embeddings: bool = Field(
        False, description="of a trained keras_hub: encoder: keep its embeddings as they are"
    )
    gradient_checkpointing: bool = Field(
        False,
        description="of a trained keras_hub: encoder: compute a layer's insides again for the "
        "gradient instead of keeping them; less memory, more time, the same weights",
    )
    vocab_file: str = Field("", description="word pieces of a BERT encoder that carries none")
    casing: Literal["auto", "cased", "uncased"] = Field(
        "auto", description="of a BERT encoder that does not say"
    )

    @property
    def place(self) -> str:
        """The handle, preset or folder of a BERT encoder; empty for all that is none."""
        return self.name.partition(":")[2]


class FeaturesConfig(_Section):
    """How a document becomes numbers."""

    case: bool = Field(True, description="mark words whose first character is upper case")
    role: bool = Field(True, description="mark words of subjects and objects")
    types: bool = Field(
        False, description="mark words with the type of their entity, where it has one"
    )
    padding: Literal["masked", "fixed"] = Field(
        "masked", description="compute on real tokens only, or on everything padded to max_length"
    )
    max_length: Annotated[int, Field(ge=1, le=10_000)] = Field(
        100,
        description="of whole documents: tokens, or a BERT encoder's word pieces; longer ones are "
        "cut. Of entity pairs: the word pieces of a BERT encoder's window; nothing is cut",
    )
    stride: Annotated[int, Field(ge=0)] = Field(
        0,
        description="of entity pairs: word pieces between the starts of two windows, at most; 0 "
        "for half of max_length",
    )
    markers: bool = Field(
        False, description="put word pieces around entities that mark them, for a BERT encoder"
    )
    marker_style: Literal["roles", "asterisks", "typed"] = Field(
        "roles",
        description="[E1] [/E1] around subjects and [E2] [/E2] around objects; or, of pairs, * "
        "around every mention (ATLOP), or @ * type * mention @ (typed), whose state is then that "
        "of what stands before it",
    )


class ModelConfig(_Section):
    """The layers (paper, table 4)."""

    units: Annotated[int, Field(ge=0)] = Field(
        500, description="of each LSTM direction; 0 for no LSTM"
    )
    pooling: Literal["windows", "first", "mean", "entities", "pairs"] = Field(
        "windows",
        description="of whole documents: the paper's average pooling, or one vector of each: its "
        "first state, the mean, or first, subjects' and objects' means; of entity pairs: pairs",
    )
    pool_size: Annotated[int, Field(ge=1)] = Field(80, description="of average pooling, in tokens")
    strides: Annotated[int, Field(ge=1)] = Field(2, description="of average pooling, in tokens")
    entity_pooling: Literal["mean", "max", "mean_max", "logsumexp"] = Field(
        "mean_max", description="of pairs: an entity from the states of its mentions"
    )
    pair_context: Literal["none", "mean_max", "attention", "localized"] = Field(
        "attention",
        description="of pairs: what is read of the rest of the document: mean and maximum; these "
        "and a trained attention; or where the encoder's own attention looks from both entities",
    )
    pair_features: Literal["dense", "extractors", "grouped_bilinear"] = Field(
        "dense",
        description="of pairs, from entities and context: a dense layer; one for the subject and "
        "one for the object, side by side; or bilinear forms of these two",
    )
    pair_interaction: Literal["none", "strongest", "axial", "u_net"] = Field(
        "none",
        description="how pairs of a document see each other: by the strongest that share an "
        "entity, by axial attention, or by a U-Net over their contexts",
    )
    interaction_options: dict[str, Any] = Field({}, description="the interaction's own arguments")
    hidden: Annotated[int, Field(ge=0)] = Field(
        0,
        description="units of a dense tanh layer after pooling, or of each of the pair's; 0 for "
        "none",
    )
    state_dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="of the states that are pooled"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.15, description="before the output")
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        "float32",
        description="Keras's dtype policy: what a network computes in; a mixed one is for a GPU, "
        "and weights, scores and the loss stay float32",
    )

    @field_validator("pair_interaction", mode="before")
    @classmethod
    def _earlier_there_was_one_interaction(cls, value: Any) -> Any:
        return {True: "strongest", False: "none"}[value] if isinstance(value, bool) else value

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
        description="one of `mrca.layers.heads.HEADS`; tau_normalised, with a representation; or "
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


class DecisionConfig(_Section):
    """How scores become facts, next to the loss's own rule."""

    types: Literal["any", "seen"] = Field(
        "any",
        description="facts between entities of any types, or of those that training has between "
        "subject and object of the relation; entities without a type are never refused",
    )
    top_k: Annotated[int, Field(ge=0)] = Field(
        0,
        description="predict at most this many relations of a candidate, the best; 0 for no limit "
        "but the loss's own",
    )


class TrainingConfig(_Section):
    """How it is minimised (paper, table 4)."""

    batch_size: Annotated[int, Field(ge=1)] = Field(32, description="documents a batch, at most")
    accumulate: Annotated[int, Field(ge=1)] = Field(
        1, description="batches whose mean gradient makes one step"
    )
    sampler: str = Field(
        "instance_balanced",
        description="which documents an epoch shows: one of `mrca.encoding.SAMPLERS`",
    )
    epochs: Annotated[int, Field(ge=1)] = Field(50, description="at most this many")
    patience: Annotated[int, Field(ge=1)] = Field(
        5, description="stop after so many epochs without a better validation score"
    )
    monitor: Literal["micro_f1", "macro_f1", "tuned_micro_f1", "loss"] = Field(
        "micro_f1", description="what the best epoch is chosen by, on validation"
    )
    optimizer: Literal["adam", "adamw", "sgd"] = Field(
        "adam", description="Adam; AdamW, with weight_decay; or SGD, with momentum"
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="of sgd")
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        0.01, description="of adamw, decoupled; of matrices, not of biases and normalisations"
    )
    l2: Annotated[float, Field(ge=0)] = Field(
        0.0, description="times the sum of squared weights, which the loss is to have besides"
    )
    l2_of: Literal["classifier", "all"] = Field(
        "classifier", description="matrices that l2 is of: those of the last layer, or all"
    )
    clip_norm: Annotated[float, Field(ge=0)] = Field(
        0.0, description="longest gradient of a step, over all weights; 0 for any"
    )
    learning_rate: Annotated[float, Field(gt=0)] = Field(
        1.5e-3, description="the optimiser's, highest"
    )
    encoder_learning_rate: Annotated[float, Field(ge=0)] = Field(
        0.0, description="of a trained BERT encoder; 0 for that of the rest"
    )
    schedule: Literal["subtract", "step", "linear", "cosine", "constant"] = Field(
        "subtract",
        description="how the rate falls: by learning_rate_decay after each epoch; times decay_rate "
        "after every decay_epochs; to 0 in the last step, in a line or a half cosine; or not",
    )
    learning_rate_decay: Annotated[float, Field(ge=0)] = Field(
        3e-5, description="of schedule subtract: subtracted after each epoch"
    )
    decay_rate: Annotated[float, Field(gt=0, le=1)] = Field(0.8, description="of schedule step")
    decay_epochs: Annotated[int, Field(ge=1)] = Field(8, description="of schedule step")
    warm_up: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of all steps in which the rate rises from 0, in a line"
    )
    weight_average: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0,
        description="momentum of an exponential moving average of the weights, which is then what "
        "is validated and kept; 0 for none",
    )
    init_from: str = Field("", description="the run whose weights training starts from")
    freeze: bool = Field(
        False, description="with init_from: train the classifier alone, the layers before it frozen"
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(1, description="of everything random")
    deterministic: bool = Field(False, description="deterministic kernels, on a GPU slower")
    tensorboard: bool = Field(False, description="write logs for TensorBoard")

    @property
    def follows_steps(self) -> bool:
        """Whether the rate of a step depends on the number of all steps."""
        return self.schedule in ("linear", "cosine") or self.warm_up > 0

    @model_validator(mode="after")
    def _rate_stays_positive(self) -> "TrainingConfig":
        last = self.learning_rate - self.learning_rate_decay * (self.epochs - 1)
        if self.schedule == "subtract" and last <= 0:
            raise ValueError(
                f"the learning rate reaches {last:.2g} in the last of {self.epochs} epochs: lower "
                f"epochs or learning_rate_decay, or raise learning_rate ({self.learning_rate})"
            )
        return self

    @model_validator(mode="after")
    def _nothing_is_ignored(self) -> "TrainingConfig":
        for name, (choice, value) in {
            "momentum": ("optimizer", "sgd"),
            "weight_decay": ("optimizer", "adamw"),
            "decay_rate": ("schedule", "step"),
            "decay_epochs": ("schedule", "step"),
        }.items():
            # 0 is as good as leaving it out, which a setting on top of a recipe's cannot.
            unset = (type(self).model_fields[name].default, 0)
            if getattr(self, choice) != value and getattr(self, name) not in unset:
                raise ValueError(f"{name} is of {choice}={value}: set that too, or leave it out")
        return self


class RunConfig(_Section):
    """A run's whole configuration; the defaults are MRCA's (recipe `mrca`)."""

    data: DataConfig = DataConfig()
    candidates: CandidatesConfig = CandidatesConfig()
    encoder: EncoderConfig = EncoderConfig()
    vectors: VectorsConfig = VectorsConfig()
    features: FeaturesConfig = FeaturesConfig()
    model: ModelConfig = ModelConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    loss: LossConfig = LossConfig()
    decision: DecisionConfig = DecisionConfig()
    training: TrainingConfig = TrainingConfig()

    @property
    def is_svm(self) -> bool:
        """Whether it is of an SVM on word frequencies, which has no layers."""
        return self.encoder.name == TFIDF

    @classmethod
    def checked(cls, values: Mapping[str, Any], heading: str) -> "RunConfig":
        """The configuration that nested values describe.

        Raises:
            MrcaError: if they do not; after the heading it names each setting, what it takes and
                what it was given.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = "\n".join(f"  {_explained(problem)}" for problem in error.errors())
            raise MrcaError(f"{heading}:\n{lines}") from None

    def changed(self, settings: Mapping[str, Any]) -> "RunConfig":
        """A copy with some settings changed: the one way to change a configuration.

        Args:
            settings: values by dotted name, such as `{"training.epochs": 5}`; the name of a whole
                section takes all of it, such as `{"loss": {"name": "focal"}}`.

        Raises:
            MrcaError: if a name is no setting, or its value does not fit.

        Example:
            >>> RunConfig().changed({"training.seed": 3}).training.seed
            3
        """
        values = self.model_dump()
        for path, value in settings.items():
            *sections, last = path.split(".")
            place = values
            for name in sections:
                place = place.setdefault(name, {})
                if not isinstance(place, dict):
                    raise MrcaError(f"Setting {path!r}: {name!r} is a value, not a section.")
            place[last] = value.model_dump() if isinstance(value, BaseModel) else value
        return self.checked(values, "The settings do not fit")

    def with_layers_of(self, first: "RunConfig") -> "RunConfig":
        """A copy with what a second stage takes over: what the first stage's layers follow from."""
        return self.changed({name: getattr(first, name) for name in REPRESENTATION_SECTIONS})

    def differences(self, other: "RunConfig", then: str, now: str) -> list[str]:
        """Every setting in which another configuration differs, in words.

        Example:
            >>> RunConfig().differences(RunConfig().changed({"training.seed": 2}), "was", "is now")
            ['training.seed was 1 and is now 2']
        """
        old, new = self.model_dump(), other.model_dump()
        return [
            f"{section}.{name} {then} {value!r} and {now} {new[section][name]!r}"
            for section, values in old.items()
            for name, value in values.items()
            if new[section][name] != value
        ]


# What pydantic's kinds of errors expect, in the words of someone who writes a setting.
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "dict_type": "a table of settings",
    "model_type": "a section of settings",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
}


def _explained(problem: ErrorDetails) -> str:
    """One of pydantic's errors: the setting, what it takes, what it was given."""
    kind, given, context = problem["type"], problem["input"], problem.get("ctx", {})
    place = ".".join(str(part) for part in problem["loc"])
    if kind == "extra_forbidden":
        received = "" if isinstance(given, dict) else f", received {given!r}"
        known = _settings(problem["loc"])
        near = did_you_mean(str(problem["loc"][-1]), known)
        return (
            f"{place}: there is no such setting{received}.{near} Expected one of {', '.join(known)}"
        )
    if kind == "value_error":  # raised by a validator of ours
        return f"{place}: {context['error']}"
    if kind in _EXPECTED:
        expected = _EXPECTED[kind].format(**context)
    else:
        expected = problem["msg"].removeprefix("Input should be ")
    return f"{place}: expected {expected}, received {given!r}"


def _settings(location: tuple[int | str, ...]) -> list[str]:
    fields = RunConfig.model_fields
    if len(location) > 1 and location[0] in fields:
        section: Any = fields[str(location[0])].annotation
        fields = section.model_fields
    return list(fields)
