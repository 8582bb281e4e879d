"""The corpora that have a name: where they come from and what their files must be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mrca.errors import MrcaError, did_you_mean
from mrca.resources import RemoteFile

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class CorpusSource:
    """How a named corpus is obtained.

    Attributes:
        name: what `--dataset` calls it.
        description: one line for `mrca data list`.
        origin: `"download"`: fetched when it is missing; `"local"`: brought by the user;
            `"generated"`: written by this package when it is missing.
        files: what there is to download.
    """

    name: str
    description: str
    origin: Literal["download", "local", "generated"]
    files: tuple[RemoteFile, ...] = ()


def _github(
    repository: str, commit: str, folder: str, blobs: Mapping[str, str]
) -> tuple[RemoteFile, ...]:
    """Files of a repository at a commit, with the mirrors that serve it and Git's own digests."""
    return tuple(
        RemoteFile(
            name=name,
            urls=(
                f"https://raw.githubusercontent.com/{repository}/{commit}/{folder}/{name}",
                f"https://github.com/{repository}/raw/{commit}/{folder}/{name}",
                f"https://cdn.jsdelivr.net/gh/{repository}@{commit}/{folder}/{name}",
            ),
            digest=f"git-blob:{blob}",
        )
        for name, blob in blobs.items()
    )


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
                "train.json": "fca9e498a8eb69b25bb370e67f783360380750af",
                "valid.json": "97fc7d1da25ab21256d406a06dd269dd2b69c423",
                "test.json": "31854364ea85336c5e3fb281823c2c94f77fe8d2",
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
                "train.json": "ad25df7a8f0146911f6fcd6b5943e99824525dc6",
                "valid.json": "5b8a767873a082448d53d33f5308c12ea3650090",
                "test.json": "11eb5a50a0ebb651769ed10d0e5f41f8c68e496b",
            },
        ),
    ),
    "nyt_small": CorpusSource(
        "nyt_small",
        "Part of NYT: its official validation split, split again, and its test split. Scores on it "
        "are not scores on NYT",
        "local",
    ),
    "sample": CorpusSource(
        "sample",
        "2,000 invented sentences, 12 relations. It shows the product; no score on it means much",
        "generated",
    ),
}


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
