"""How the corpora that nobody publishes as such are made from files that somebody does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mrca.errors import MrcaError
from mrca.text import Document

Splits = Mapping[str, Sequence[Document]]

_DDI_HELD_OUT = 10  # one text in so many
_DWIE_HELD_OUT = 98  # articles, as document-level work on DWIE holds out
_REUTERS_HELD_OUT = 1000  # documents, as the balanced-loss paper's code holds out


@dataclass(frozen=True)
class Recipe:
    """How a corpus is built, always the same one from the same files.

    Attributes:
        raw: sets of published files that it can be built from, best first; each file, or folder
            of files, is given as its path below a search folder, or as a pattern (`*`) of which the
            last one by name is taken.
        make_splits: reads such a set and makes `"train"`, `"valid"` and `"test"` of it.
        version: to be raised when `make_splits` gives other splits than before: what an older
            version built is then built anew.
        beside: files that are used too where they lie beside the first of a set.
    """

    raw: tuple[tuple[str, ...], ...]
    make_splits: Callable[[Sequence[Path]], Splits]
    version: int = 1
    beside: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder of the best set, below a search folder."""
        return str(Path(self.raw[0][0]).parent)


def _fewrel_lt(files: Sequence[Path]) -> Splits:
    from mrca.datasets.fewrel_lt import fewrel_lt_splits
    from mrca.datasets.readers.fewrel import read_fewrel

    return fewrel_lt_splits(read_fewrel(files), seed=0)


def _reuters(files: Sequence[Path]) -> Splits:
    from mrca.datasets.hold_out import hold_out
    from mrca.datasets.readers.reuters import reuters_splits

    if len(files) != 1:
        received = ", ".join(map(str, files))
        raise MrcaError(f"Expected one file, reuters21578.tar.gz, received {received}.")
    published = reuters_splits(files[0])
    train, valid = hold_out(published["train"], _REUTERS_HELD_OUT, seed=0)
    return {"train": train, "valid": valid, "test": published["test"]}


def _pubmed(files: Sequence[Path], documents: int, valid: int, test: int) -> Splits:
    from mrca.datasets.pubmed import pubmed_splits

    if len(files) != 1:
        received = ", ".join(map(str, files))
        raise MrcaError(f"Expected one file, allMeSH_YEAR.json, received {received}.")
    return pubmed_splits(files[0], documents=documents, valid=valid, test=test, seed=0)


def _ddi(files: Sequence[Path]) -> Splits:
    from mrca.datasets.readers.ddi import ddi_documents

    published = ddi_documents(files[0])
    # Whole texts are held out, as sentences of one text resemble each other; they are in the order
    # of their names, so that both sources have their share.
    texts = published["train"]
    parts = {
        "train": [text for number, text in enumerate(texts) if number % _DDI_HELD_OUT],
        "valid": texts[::_DDI_HELD_OUT],
        "test": published["test"],
    }
    return {split: [row for text in texts for row in text] for split, texts in parts.items()}


def _dwie(files: Sequence[Path]) -> Splits:
    from mrca.datasets.hold_out import hold_out
    from mrca.datasets.readers.dwie import dwie_documents

    published = dwie_documents(files[0])
    train, valid = hold_out(published["train"], _DWIE_HELD_OUT, seed=0)
    return {"train": train, "valid": valid, "test": published["test"]}


FEWREL_LT = Recipe(
    raw=(
        ("fewrel/train_wiki.json", "fewrel/val_wiki.json"),
        ("fewrel80/fewrel80.jsonl.gz",),
    ),
    make_splits=_fewrel_lt,
    version=2,  # entities with all their mentions, where version 0.1 wrote mentions alone
    beside=("pid2name.json",),
)
DWIE = Recipe(raw=(("dwie/annos_with_content",),), make_splits=_dwie)
DDI = Recipe(raw=(("ddi2013/DDICorpus-2013.zip",),), make_splits=_ddi)
_MESH = (("pubmed/allMeSH*.json*",),)
# As many documents as the balanced-loss paper has; its split is not published.
PUBMED = Recipe(
    raw=_MESH, make_splits=partial(_pubmed, documents=224_897, valid=10_000, test=20_000)
)
PUBMED_SMALL = Recipe(
    raw=_MESH, make_splits=partial(_pubmed, documents=24_000, valid=2_000, test=2_000)
)
REUTERS = Recipe(raw=(("reuters21578/reuters21578.tar.gz",),), make_splits=_reuters)
