"""A trained classifier in its folder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrca.config import RunConfig
from mrca.errors import MrcaError
from mrca.graph import BASE, MergedFacts, Names, found_facts
from mrca.models import Classifier, Prediction, RelationClassifier, Row, SVMClassifier
from mrca.runs import layout

if TYPE_CHECKING:
    from networkx import MultiDiGraph


@dataclass(frozen=True)
class Run:
    """A run folder and the classifier in it. Made by `mrca.load` and `mrca.train`.

    Attributes:
        folder: the run folder.
        classifier: a `RelationClassifier`, or the SVM baseline.
    """

    folder: Path
    classifier: Classifier

    @property
    def name(self) -> str:
        """What to call it: the name of its folder, or of the repository it was fetched from."""
        return layout.run_name(self.folder)

    @property
    def config(self) -> RunConfig:
        """How it was trained."""
        return self.classifier.config

    @property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds: epochs, the best one, and a report for each split.

        Raises:
            MrcaError: if there is none, because `save_to_preset` wrote the run, or it is damaged.
        """
        path = self.folder / layout.METRICS
        if not path.exists():
            raise MrcaError(
                f"The run {self.folder} was saved from Python, so nothing was measured: there is "
                f"no {layout.METRICS}. Measure it with `mrca evaluate {self.folder}`."
            )
        with layout.reading(path) as metrics:
            found: dict[str, Any] = {**metrics, "splits": {**metrics["splits"]}}
        return found

    def save_decision(self) -> None:
        """Write the classifier's present decision; what was measured after training stays.

        Raises:
            MrcaError: if the run was fetched, and so is none to change.
        """
        layout.check_own(self.folder, "Keeping a decision")
        layout.write_json(self.folder / layout.DECISION, self.classifier.decision.get_config())

    def predict(
        self, rows: Iterable[Row], *, threshold: float | None = None, top: int | None = None
    ) -> list[Prediction]:
        """The facts (or, of a run that reads whole documents, the relations) of each row.

        Args:
            rows: documents, dicts of the JSON Lines schema (docs/data-format.md), or strings with
                inline marks, `<e>Ada Lovelace</e> was born in <e>London</e>.`
            threshold: give what scores at least this, in place of what the decision rule predicts.
            top: at most so many of a row, the best.

        Raises:
            MrcaError: if a row is malformed; it says which and why.
        """
        return list(self.predict_iter(rows, threshold=threshold, top=top))

    def predict_iter(
        self, rows: Iterable[Row], *, threshold: float | None = None, top: int | None = None
    ) -> Iterator[Prediction]:
        """As `predict`, one row after another, holding only a chunk of them at a time."""
        return self.classifier.predict_iter(rows, threshold=threshold, top=top)

    def predict_graph(
        self,
        rows: Iterable[Row],
        *,
        threshold: float | None = None,
        top: int | None = None,
        base_iri: str = BASE,
        ids: bool = True,
    ) -> "MultiDiGraph":
        """The facts of all rows as one graph, whose nodes are IRIs; see `MergedFacts.graph`.

        Args:
            rows: as `predict` takes them.
            threshold: as `predict` takes it.
            top: as `predict` takes it.
            base_iri: what the names of entities begin with.
            ids: whether entities with the same id are the same; else, and without ids, those of
                the same name and type are.

        Raises:
            MrcaError: if the run is asked about whole texts and finds no facts, a row is
                malformed, or networkx is not installed.
        """
        if self.config.candidates.kind != "pairs":
            raise MrcaError(
                f"The run {self.folder} is asked about whole texts, and finds no facts for a "
                "graph. Expected a run of entity pairs (recipe pairs)."
            )
        merged = MergedFacts(Names(base_iri, ids), "predict_graph")
        found = self.predict_iter(rows, threshold=threshold, top=top)
        for number, prediction in enumerate(found, start=1):
            merged.add(found_facts(prediction.facts_to_dicts(), number, prediction.document.id))
        return merged.graph()


def base_classifier(config: RunConfig, run: Run) -> RelationClassifier:
    """The classifier of the run whose layers a configuration takes over.

    Raises:
        MrcaError: if a setting that the layers follow from differs, or the run has no layers.
    """
    base = run.classifier
    if not isinstance(base, RelationClassifier):
        raise MrcaError(
            f"The run {run.folder} is an SVM on word frequencies: it is solved at once, and has no "
            "layers to take over. Choose a run of a network."
        )
    differing = config.with_layers_of(run.config).differences(config, "is", "is here")
    if differing:
        raise MrcaError(
            f"The layers of {run.folder} are taken over as they are. There {differing[0]}. Leave "
            "such settings out, or train anew without that run."
        )
    return base


def load(
    folder: str | Path,
    vectors: str | None = None,
    encoder: str | None = None,
    *,
    trust: bool = False,
) -> Run:
    """Load a run folder.

    Words that the run did not see in training get their vectors from the full store that the run
    was trained with, if it is where it was or among the installed vectors and unchanged; otherwise
    from their characters, and a warning says so when it happens.

    Args:
        folder: the run folder, or the name of one in `saved_models/`; a run folder of that name in
            the current folder goes before it. Or `"hf://user/name"` (`@REVISION`), which is fetched
            through `huggingface_hub` into its cache.
        vectors: a name or path of word vectors to look unseen words up in.
        encoder: where the frozen BERT encoder that the run was trained on is now, if it has moved:
            `"hub:FOLDER"` or `"keras_hub:FOLDER"`.
        trust: whether a TF Hub module, a program, that a run from `hf://` carries or names may be
            run.

    Raises:
        MrcaError: if it is not a whole run or cannot be fetched, `vectors` has another dimension,
            or the encoder is not there, another one or not trusted.

    Example:
        >>> import mrca
        >>> run = mrca.load("saved_models/sample")  # doctest: +SKIP
    """
    folder = layout.find_run(Path(folder))
    layout.check_run_folder(folder)
    if not (folder / layout.SVM).exists():
        classifier = RelationClassifier.from_preset(
            folder, vectors=vectors, encoder=encoder, trust=trust
        )
        return Run(folder, classifier)
    for option, given in (("--vectors", vectors), ("--encoder", encoder)):
        if given is not None:
            raise MrcaError(
                f"The run {folder} is an SVM on word frequencies, which reads with neither vectors "
                f"nor an encoder. Leave {option} out."
            )
    return Run(folder, SVMClassifier.load(folder))
