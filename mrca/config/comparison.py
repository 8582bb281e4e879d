"""Which methods are compared, and how."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from mrca.config.recipe import beside, load_recipe
from mrca.config.run_config import REPRESENTATION_SECTIONS, TFIDF, RunConfig
from mrca.config.seeds import Seeds
from mrca.config.toml_file import parse_settings, read_toml
from mrca.errors import MrcaError, did_you_mean

_FOLDER = Path(__file__).parent / "comparisons"
# What has no meaning for an SVM on word frequencies; of training only the seed has one.
_OF_NETWORKS = (*REPRESENTATION_SECTIONS, "loss", "training")

Metric = Literal["micro", "macro", "macro_present", "ign"]
Tune = Literal["none", "global", "per-relation"]


def _beside(recipe: str, info: ValidationInfo) -> str:
    return beside(info.context or Path(), recipe)


Recipe = Annotated[str, AfterValidator(_beside)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)

    def changed(self, **values: Any) -> Self:
        """A copy with some fields changed, which are checked as those of a file are."""
        return self.model_validate({**dict(self), **values})


class MethodConfig(_Table):
    """One of the methods: what it does otherwise than the base."""

    name: str = Field(description="what tables call it")
    recipe: Recipe = Field("", description="as the comparison's, in place of it")
    settings: list[str] = Field([], alias="set", description="section.key=value, as --set takes")
    seeds: Seeds | None = Field(None, description="its runs; by default as the file says")
    representation: str = Field(
        "",
        description="second stage: the method on whose layers, frozen, a classifier is trained",
    )
    init_from: str = Field("", description="the method from whose weights training starts")

    @property
    def base(self) -> str:
        """The name of the method that it builds on; empty for none."""
        return self.representation or self.init_from

    @model_validator(mode="after")
    def _one_base(self) -> "MethodConfig":
        if self.representation and self.init_from:
            raise ValueError(
                f"{self.name!r} has a representation and init_from, which both name the method "
                "that it builds on: give one"
            )
        return self

    @property
    def slug(self) -> str:
        """The name as part of a folder's: lower case, words joined by hyphens.

        Example:
            >>> MethodConfig(name="Two stages (CBS)").slug
            'two-stages-cbs'
        """
        return re.sub(r"[\W_]+", "-", self.name.casefold()).strip("-")


class ComparisonConfig(_Table):
    """Several methods on one corpus, as a comparison file describes them."""

    title: str = Field(description="what is compared, such as a paper's table")
    seeds: Seeds = Field(
        1, description="runs of each method: a number of successive seeds, or a list of seeds"
    )
    metric: Metric = Field("micro", description="what the best is chosen and tested by")
    limits: str | None = Field(
        None, description="where head, medium and tail begin; by default as the corpus has it"
    )
    tune: Tune = Field("none", description="the threshold to choose on validation, if any")
    ignore: list[str] = Field([], description="relations left out of every score")
    columns: list[str] = Field([], description="more measures to show, such as infer.f1")
    recipe: Recipe = Field(
        "mrca", description="published settings by name, or a file: every method starts from them"
    )
    settings: list[str] = Field([], alias="set", description="section.key=value, for every method")
    methods: Annotated[list[MethodConfig], Field(min_length=2)]

    @model_validator(mode="after")
    def _names_differ(self) -> "ComparisonConfig":
        seen: dict[str, str] = {}
        for method in self.methods:
            if not method.slug:
                raise ValueError(f"{method.name!r} is no name: give it a letter or a digit")
            if method.slug in seen:
                raise ValueError(
                    f"{seen[method.slug]!r} and {method.name!r} would share the folder "
                    f"{method.slug!r}: rename one of them"
                )
            seen[method.slug] = method.name
        return self

    @model_validator(mode="after")
    def _bases_exist(self) -> "ComparisonConfig":
        named = {method.name: method.base for method in self.methods}
        for name, base in named.items():
            if base and base not in named:
                raise ValueError(
                    f"{name!r} builds on {base!r}, which is no method."
                    f"{did_you_mean(base, named)} Expected one of {', '.join(named)}"
                )
            chain = [name]
            while base := named[chain[-1]]:
                if base in chain:
                    circle = " on ".join(map(repr, [*chain, base]))
                    raise ValueError(f"{circle}: methods in a circle have no first one")
                chain.append(base)
        return self

    def run_config(self, method: MethodConfig) -> RunConfig:
        """What a method is trained with; seeds count from its `training.seed`.

        Settings for every method that have no meaning for an SVM are passed over where a method
        reads with TF-IDF; such settings of its own are not.

        A method that builds on another has its encoder, vectors, features, candidates and model;
        the run that it builds on, `classifier.representation` or `training.init_from`, is left to
        `mrca.experiments.plan_runs`.

        Raises:
            MrcaError: if there is no such recipe or setting, or a method sets what it takes over.
        """
        try:
            base = load_recipe(method.recipe or self.recipe)
            shared, own = parse_settings(self.settings), parse_settings(method.settings)
            config = base.changed({**shared, **own})
            # A method may itself ask for word frequencies, whatever all methods are given.
            if own.get("encoder.name", base.encoder.name) == TFIDF:
                shared = {name: each for name, each in shared.items() if not _is_of_networks(name)}
                config = base.changed({**shared, **own})
            if not method.base:
                return config
            _check_taken_over(method, own)
        except MrcaError as error:
            raise MrcaError(f"Method {method.name!r}: {error}") from None
        [first] = [each for each in self.methods if each.name == method.base]
        return config.with_layers_of(self.run_config(first))

    def with_seeds(self, seeds: Seeds) -> "ComparisonConfig":
        """A copy in which each method has these runs."""
        methods = [method.changed(seeds=None) for method in self.methods]
        return self.changed(seeds=seeds, methods=methods)

    def with_encoder(self, name: str) -> "ComparisonConfig":
        """A copy whose methods that read with a BERT encoder read with this one.

        Word vectors and word frequencies stay, and so does an encoder in a method's own `set`.

        Args:
            name: such as `"hub:FOLDER"`.

        Raises:
            MrcaError: if no method reads with a BERT encoder.
        """
        setting = f"encoder.name={json.dumps(name, ensure_ascii=False)}"
        methods = [
            method.changed(settings=[setting, *method.settings])
            if self.run_config(method).encoder.place and not method.base
            else method
            for method in self.methods
        ]
        if methods == self.methods:
            raise MrcaError(
                "No method of the comparison reads with a BERT encoder that could be replaced by "
                f"{name!r}. Give all of them one with --set encoder.name={name}."
            )
        return self.changed(methods=methods)

    @property
    def dataset(self) -> str:
        """The corpus that every method is trained and tested on.

        Raises:
            MrcaError: if methods have different ones, or none.
        """
        names = {method.name: self.run_config(method).data.dataset for method in self.methods}
        first, *others = names.items()
        for name, dataset in others:
            if dataset != first[1]:
                raise MrcaError(
                    f"All methods of a comparison are tested on one corpus. Received: {first[0]!r} "
                    f"on {first[1]!r}, {name!r} on {dataset!r}. Give data.dataset once, in the "
                    'file\'s own `set = ["data.dataset=NAME"]`.'
                )
        if not first[1]:
            raise MrcaError(
                "A comparison needs a corpus. Give it in the file's own "
                '`set = ["data.dataset=NAME"]`.'
            )
        return first[1]


def comparison_names() -> list[str]:
    """The comparisons that come with the package, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_comparison(name_or_file: str | Path) -> ComparisonConfig:
    """Read a comparison by its name or from a file; a file goes before a name.

    Args:
        name_or_file: such as `"sample"` or `"mine.toml"`.

    Raises:
        MrcaError: if there is none, or it is not TOML, or does not describe a comparison, or a
            method's settings do not fit.
    """
    path = Path(name_or_file)
    if not path.is_file() and str(name_or_file) in comparison_names():
        path = _FOLDER / f"{name_or_file}.toml"
    if not path.is_file():
        known = comparison_names()
        raise MrcaError(
            f"There is no comparison {str(name_or_file)!r}."
            f"{did_you_mean(str(name_or_file), known)} Expected a TOML file, or one of "
            f"{', '.join(known)} (mrca compare --list); or two or more runs."
        )
    values = read_toml(path, "comparison")
    try:
        comparison = ComparisonConfig.model_validate(values, context=path.parent)
    except ValidationError as error:
        lines = "\n".join(f"  {_explained(problem)}" for problem in error.errors())
        raise MrcaError(f"The comparison {path} does not fit:\n{lines}") from None
    try:
        _ = comparison.dataset  # looks at the settings of every method
    except MrcaError as error:
        raise MrcaError(f"The comparison {path} does not fit. {error}") from None
    return comparison


def _is_of_networks(setting: str) -> bool:
    return setting.partition(".")[0] in _OF_NETWORKS and setting != "training.seed"


def _check_taken_over(method: MethodConfig, own: Iterable[str]) -> None:
    by_plan = ("classifier.representation", "training.init_from")
    for setting in own:
        if setting in by_plan or setting.partition(".")[0] in REPRESENTATION_SECTIONS:
            way = "representation" if method.representation else "init_from"
            raise MrcaError(
                f"It takes its layers over from {method.base!r}, so it cannot set {setting} "
                f"itself. Set that there, or leave `{way}` out."
            )


def _explained(problem: ErrorDetails) -> str:
    """One of pydantic's errors: the key, what it takes, what it was given."""
    of_method = problem["loc"][:1] == ("methods",) and len(problem["loc"]) > 2
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        fields = (MethodConfig if of_method else ComparisonConfig).model_fields.items()
        known = [field.alias or name for name, field in fields]
        near = did_you_mean(str(problem["loc"][-1]), known)
        return f"{place}: there is no such key.{near} Expected one of {', '.join(known)}"
    if problem["type"] == "missing":
        return f"{place}: is missing"
    if problem["type"] == "value_error":  # raised by a validator of ours
        return f"{place or 'methods'}: {problem['ctx']['error']}"
    if problem["type"] == "too_short":
        return f"{place}: expected two or more, received {problem['ctx']['actual_length']}"
    expected = problem["msg"].removeprefix("Input should be ")
    return f"{place}: expected {expected}, received {problem['input']!r}"
