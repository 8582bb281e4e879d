"""The corpora that have a name: where they come from and what their files must be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mrca.datasets.recipe import (
    DDI,
    DWIE,
    FEWREL_LT,
    PUBMED,
    PUBMED_SMALL,
    REUTERS,
    Recipe,
)
from mrca.errors import MrcaError, did_you_mean
from mrca.files import RemoteFile

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class CorpusSource:
    """How a named corpus is obtained.

    Attributes:
        name: what `--dataset` calls it.
        description: one line for `mrca data list`.
        origin: `"download"`: fetched when it is missing; `"local"`: brought by the user;
            `"packaged"`: part of this package; `"built"`: made from published files, which are
            searched for, downloaded or brought.
        files: what there is to download.
        recipe: how it is built, where it is.
        limits: the `GroupLimits` that its paper uses, by name.
        folder: what its folder is called too, beside its name.
        published: the files of one that the user brings.
        site: where what it is built from can be had, if it is not downloaded.
    """

    name: str
    description: str
    origin: Literal["download", "local", "packaged", "built"]
    files: tuple[RemoteFile, ...] = ()
    recipe: Recipe | None = None
    limits: str = "default"
    folder: str = ""
    published: tuple[str, ...] = ("train.json", "valid.json", "test.json")
    site: str = ""


def _github(
    repository: str, commit: str, folder: str, digests: Mapping[str, str]
) -> tuple[RemoteFile, ...]:
    """Files of a repository at a commit, with the mirrors that serve it."""
    return tuple(
        RemoteFile(
            name=name,
            urls=(
                f"https://raw.githubusercontent.com/{repository}/{commit}/{folder}/{name}",
                f"https://github.com/{repository}/raw/{commit}/{folder}/{name}",
                f"https://cdn.jsdelivr.net/gh/{repository}@{commit}/{folder}/{name}",
            ),
            digest=digest,
        )
        for name, digest in digests.items()
    )


_BIOASQ = "http://participants-area.bioasq.org/datasets/, Task A, free after registration"


CORPORA: dict[str, CorpusSource] = {
    "nyt": CorpusSource(
        "nyt",
        "New York Times (CopyRE's release) as processed for MRCA: 24 relations, 56,195 sentences",
        "download",
        _github(
            "sa5r/MRCA",
            "060689e36a1de83df7191fcbe232c7c5f0e939c3",
            "data/nyt",
            {
                "train.json": "git-blob:fca9e498a8eb69b25bb370e67f783360380750af",
                "valid.json": "git-blob:97fc7d1da25ab21256d406a06dd269dd2b69c423",
                "test.json": "git-blob:31854364ea85336c5e3fb281823c2c94f77fe8d2",
            },
        ),
    ),
    "webnlg": CorpusSource(
        "webnlg",
        "WebNLG as processed for MRCA: 216 relations, 5,019 training sentences",
        "download",
        _github(
            "sa5r/MRCA",
            "060689e36a1de83df7191fcbe232c7c5f0e939c3",
            "data/webnlg",
            {
                "train.json": "git-blob:ad25df7a8f0146911f6fcd6b5943e99824525dc6",
                "valid.json": "git-blob:5b8a767873a082448d53d33f5308c12ea3650090",
                "test.json": "git-blob:11eb5a50a0ebb651769ed10d0e5f41f8c68e496b",
            },
        ),
    ),
    "nyt_small": CorpusSource(
        "nyt_small",
        "Part of NYT: its official validation split, split again, and its test split. Scores on it "
        "are not scores on NYT",
        "local",
    ),
    "docred": CorpusSource(
        "docred",
        "DocRED: 96 relations in 5,053 documents of Wikipedia, coreference; its test split has no "
        "labels",
        "local",
        limits="docred",
        published=("train_annotated.json", "dev.json", "test.json", "rel2id.json"),
    ),
    "re-docred": CorpusSource(
        "re-docred",
        "Re-DocRED: DocRED with complete labels, 96 relations in 4,053 documents",
        "local",
        limits="docred",
        folder="re_docred",
        published=("train_revised.json", "dev_revised.json", "test_revised.json", "rel2id.json"),
    ),
    "cdr": CorpusSource(
        "cdr",
        "CDR: which chemical induces which disease, in 1,500 abstracts, hypernyms filtered",
        "local",
        published=("train_filter.data", "dev_filter.data", "test_filter.data"),
    ),
    "biored": CorpusSource(
        "biored",
        "BioRED: 8 undirected relations of genes, chemicals, diseases, variants, in 600 abstracts",
        "local",
        published=("Train.PubTator", "Dev.PubTator", "Test.PubTator"),
    ),
    "dialogre": CorpusSource(
        "dialogre",
        "DialogRE: 36 relations in 1,788 dialogues, listed pairs; non-commercial research only",
        "local",
        published=("train.json", "dev.json", "test.json"),
    ),
    "fewrel-lt": CorpusSource(
        "fewrel-lt",
        "FewRel-LT (Yu et al. 2020), cut out of FewRel: 50 relations with 500 to 5 training "
        "sentences",
        "built",
        _github(
            "thunlp/FewRel",
            "278a2315d2138810a379cd8d5718914dc56e2582",
            "data",
            {
                "train_wiki.json": "sha256:"
                "8e9e58a05d559be773cbe18a8d4a16ba17e6d397663f9f05a056f894a94b92c1",
                "val_wiki.json": "sha256:"
                "76bb44c2485b6faed358a3ce040eadafcc8a8835245cd7e6afc1bef672d4a0bf",
                "pid2name.json": "sha256:"
                "eeedd25512a8e4c2bc06b78009836d27de81807bcba6ed929debd5cd713c07ea",
            },
        ),
        recipe=FEWREL_LT,
    ),
    "ddi": CorpusSource(
        "ddi",
        "DDI corpus of 2013, from its archive: 4 kinds of interaction between all drugs of a "
        "sentence, most pairs without one",
        "built",
        recipe=DDI,
    ),
    "dwie": CorpusSource(
        "dwie",
        "DWIE: 65 relations of entities with all their mentions in 802 news articles",
        "built",
        recipe=DWIE,
    ),
    "reuters": CorpusSource(
        "reuters",
        "Reuters-21578 ModApte, from its original archive: 90 topics, 10,789 documents, no marked "
        "entities",
        "built",
        recipe=REUTERS,
        limits="reuters",
    ),
    "pubmed": CorpusSource(
        "pubmed",
        "PubMed (BioASQ, Task A, any year): MeSH headings of 224,897 abstracts, a dozen each; no "
        "marked entities",
        "built",
        recipe=PUBMED,
        limits="pubmed",
        site=_BIOASQ,
    ),
    "pubmed_small": CorpusSource(
        "pubmed_small",
        "24,000 abstracts of the same. Scores on it are not scores on pubmed",
        "built",
        recipe=PUBMED_SMALL,
        limits="pubmed",
        site=_BIOASQ,
    ),
    "sample": CorpusSource(
        "sample",
        "2,000 invented sentences, 12 relations. It shows the product; no score on it means much",
        "packaged",
    ),
}


def sample_note(corpus: str) -> str:
    """What follows a run's name where a score of it on this corpus is shown."""
    return " (sample corpus)" if corpus == "sample" else ""


def corpus_source(name: str, folders: Iterable[str] = ()) -> CorpusSource:
    """The registered corpus of this name.

    Args:
        name: such as `"webnlg"`.
        folders: corpora that the name may have been meant for, to suggest.

    Raises:
        MrcaError: if there is none; it lists the known names and the nearest one.
    """
    try:
        return CORPORA[name]
    except KeyError:
        near = did_you_mean(name, [*CORPORA, *folders])
        raise MrcaError(
            f"No corpus is called {name!r}, and no folder is there.{near} "
            f"Expected one of {', '.join(CORPORA)}, or a folder with train.jsonl (see "
            "`mrca data list`)."
        ) from None
