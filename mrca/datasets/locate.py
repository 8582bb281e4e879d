"""From a corpus's name to the folder that holds it, fetching or building it where it is missing."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from mrca.datasets.build import build_corpus, find_raw, is_outdated
from mrca.datasets.readers.read_file import is_row_folder, iter_rows
from mrca.datasets.registry import CORPORA, SPLITS, CorpusSource, corpus_source
from mrca.datasets.relations_json import RELATIONS, write_relations
from mrca.errors import MrcaError
from mrca.files import adopt_any, cache_folder, fetch, search_folders
from mrca.files.download import Progress

_PACKAGED = Path(__file__).parent
_SHOWN = 10  # files that a message lists
# What published corpora call their files: `dev.json`, `train_annotated.json` (DocRED),
# `test_revised.json` (Re-DocRED), `train_filter.data` (CDR), `Train.PubTator` (BioRED),
# `TRAIN_FILE.TXT` (SemEval-2010).
_NAMES = {
    "train": "train(?:_annotated|_revised|_filter|_file)?",
    "valid": "(?:valid|dev|val)(?:_revised|_filter)?",
    "test": "test(?:_revised|_filter|_file_full)?",
    "distant": "train_distant",
}
_UNLABELLED = {"test": "test_file"}  # SemEval's, which counts where there is no TEST_FILE_FULL
# With the corpus's name before it, such as `wiki80_val.txt`: where no file is called as above.
_NAMED = r"[\w.-]+(?<!train)[_-]"
_ENDING = r"\.(?:jsonl|json|txt|data|tsv|csv|spacy|xml|pubtator|pubtator\.txt)(?:\.gz)?"
_UNREAD = r"\.(?:parquet|arrow|xlsx?|zip|tar|conll|conllu|iob|iob2|bio|ann|html|db|sqlite)(?:\.gz)?"


def split_file(folder: Path, split: str) -> Path | None:
    """The file of a split, such as `train.jsonl`, `dev.json` or `Test.PubTator`, or `None`.

    Of brat and DDI it is a folder, such as `dev`; one that has no such folders is a training split
    itself. Where there is nothing to read, it is a file of that name in a form that is known and
    not read, such as `train.parquet`, for the error that says what to bring instead.

    Args:
        folder: the corpus's.
        split: `"train"`, `"valid"`, `"test"`, or `"distant"`: the automatically labelled documents
            that DocRED publishes beside its training split.

    Raises:
        MrcaError: if there are several.
    """
    files = _files(folder, split)
    if len(files) > 1:
        raise MrcaError(
            f"{folder} holds both {files[0].name} and {files[1].name}. Expected one file for the "
            f"{split} split; remove or rename the other."
        )
    return files[0] if files else None


def split_files(folder: Path) -> dict[str, Path]:
    """The file of each of a corpus's splits.

    Of a published corpus the training split may be missing. Then its validation split is what there
    is to train on: it stands under `"train"`, and a part of it has to be held out. A folder of JSON
    Lines needs a `train.jsonl`.

    Args:
        folder: the corpus's.

    Raises:
        MrcaError: if a split has several.
    """
    files = {split: path for split in SPLITS if (path := split_file(folder, split))}
    if "train" not in files and "valid" in files and is_published(files["valid"]):
        files = {"train": files.pop("valid"), **files}
    return files


def is_published(path: Path) -> bool:
    """Whether a corpus's file is in a published form, by its name: not the user's JSON Lines."""
    return ".jsonl" not in path.suffixes


def _files(folder: Path, split: str) -> list[Path]:
    """All files, and folders of brat's or DDI's, that a split could be read from."""
    if not folder.is_dir():
        return []
    inside = sorted(folder.iterdir())
    if found := _called(inside, _NAMES[split]):
        return found
    if not _called(inside, "|".join(_NAMES.values())):
        if found := _called(inside, f"{_NAMED}(?:{_NAMES[split]})"):
            return found
        if split == "train" and is_row_folder(folder):
            return [folder]
        return _called(inside, _NAMES[split], _UNREAD)
    return _called(inside, _UNLABELLED[split]) if split in _UNLABELLED else []


def _called(paths: Sequence[Path], names: str, ending: str = _ENDING) -> list[Path]:
    """The files of such a name and ending, and the folders of brat's or DDI's of that name."""
    name = re.compile(f"(?:{names})({ending})?", re.IGNORECASE)
    return [
        path
        for path in paths
        if (found := name.fullmatch(path.name))
        and (path.is_file() if found[1] else path.is_dir() and is_row_folder(path))
    ]


def what_is_in(folder: Path) -> str:
    """A folder's files by name, of many the first few, for messages."""
    names = sorted(path.name for path in folder.iterdir())
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "nothing"


def corpora_beside(path: Path) -> list[str]:
    """Folders with a training split that lie where `path` would, for suggestions."""
    try:
        return [str(folder) for folder in sorted(path.parent.iterdir()) if _files(folder, "train")]
    except OSError:
        return []


def find_corpus(name: str, data_dir: Path | None = None) -> Path | None:
    """The first `<search folder>/<name>` that holds all three splits, or `None`.

    A corpus that the user brings needs something to train and something to test on. One that was
    built by an earlier version of its recipe is passed over.

    Args:
        name: a registered name.
        data_dir: a folder to look in before all others.
    """
    source = corpus_source(name)
    places = search_folders("data", data_dir)
    if source.origin == "packaged":  # the cache may hold what an earlier version wrote
        places = [*(place for place in places if place != cache_folder("data")), _PACKAGED]
    folders = (place / each for place in places for each in (name, source.folder) if each)
    return next((folder for folder in folders if _is_complete(folder, source)), None)


def _is_complete(folder: Path, source: CorpusSource) -> bool:
    if source.origin == "local":
        return {"train", "test"} <= split_files(folder).keys()
    if not all(split_file(folder, split) for split in SPLITS):
        return False
    return source.recipe is None or not is_outdated(folder, source.recipe)


def check_corpus_name(name_or_folder: str) -> None:
    """Check that there is a corpus of this name, or a folder, without fetching or reading it.

    Raises:
        MrcaError: if not, with what there is.
    """
    folder = Path(name_or_folder).expanduser()
    if name_or_folder in CORPORA:
        return
    if folder.is_file():
        raise MrcaError(
            f"{folder} is a file. Expected a corpus's name, or a folder with train.jsonl "
            "and, where there are any, valid.jsonl and test.jsonl. Make one of this file: "
            f"mrca data convert {shlex.quote(str(folder))} my_corpus/train.jsonl"
        )
    if not (name_or_folder and folder.is_dir()):
        corpus_source(name_or_folder, corpora_beside(folder))  # the error


def locate_corpus(
    name_or_folder: str,
    data_dir: Path | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Path:
    """The folder of a corpus, by its registered name or by its path.

    A registered name goes before a folder of the same name; write `./nyt` for the folder.

    Args:
        name_or_folder: such as `"webnlg"` or `"my/corpus"`.
        data_dir: a folder to look in before all others.
        download: whether a missing corpus may be downloaded or built.
        progress: called with the bytes so far and in all while a file is downloaded.

    Raises:
        MrcaError: if there is no such corpus or it cannot be had.
    """
    check_corpus_name(name_or_folder)
    if name_or_folder not in CORPORA:
        return Path(name_or_folder).expanduser()
    source = corpus_source(name_or_folder)
    found = find_corpus(source.name, data_dir)
    if found is not None:
        return found
    if download and source.origin != "local":
        if source.recipe is not None:
            target = cache_folder("data") / source.name
            return _build(source, target, find_raw(source.recipe, data_dir), progress)
        return fetch_corpus(source.name, progress=progress)
    looked = "\n".join(f"  {folder / source.name}" for folder in search_folders("data", data_dir))
    raise MrcaError(
        f"The corpus {source.name!r} was not found. Looked for {', '.join(SPLITS)} (.json or "
        f".jsonl) in:\n{looked}\n{_remedy(source)}"
    )


def fetch_corpus(
    name: str,
    data_dir: Path | None = None,
    *,
    brought: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Path:
    """Download a corpus, or build it, and return its folder.

    The folder gets a `relations.json` too, the sorted relations of all splits, so that it can also
    be loaded by its path.

    Args:
        name: a registered name.
        data_dir: where its folder is to be made; the user's cache if not given.
        brought: files that the user downloaded elsewhere; each is recognised by its digest, or by
            its content where a corpus is built from it. Such a corpus is built anew if it was
            built from other files.
        progress: called with the bytes so far and in all while a file is downloaded.

    Raises:
        MrcaError: if the corpus cannot be had from anywhere.
    """
    source = corpus_source(name)
    if source.origin == "packaged" and not brought:
        return _PACKAGED / name
    folder = (data_dir if data_dir is not None else cache_folder("data")) / name
    if source.recipe is not None:
        if not brought and _is_complete(folder, source):
            return folder
        return _build(source, folder, brought or find_raw(source.recipe, data_dir), progress)
    if brought and not source.files:
        raise MrcaError(f"{name!r} has no published files to bring. {_remedy(source)}")
    if source.origin == "local":
        raise MrcaError(f"The corpus {name!r} cannot be downloaded. {_remedy(source)}")
    for path in brought:
        adopt_any(path, source.files, folder)
    for file in source.files:
        fetch(file, folder, progress, offline_hint=_remedy(source))
    if not (folder / RELATIONS).is_file():
        _write_all_relations(folder)
    return folder


def _build(
    source: CorpusSource,
    folder: Path,
    files: Sequence[Path] | None,
    progress: Progress | None,
) -> Path:
    """Build a corpus from these files, else from those that can be downloaded."""
    assert source.recipe is not None
    if not files:
        if not source.files:
            raise MrcaError(
                f"The corpus {source.name!r} is built from a file that was not found here and is "
                f"not downloaded. {_remedy(source)}"
            )
        place = cache_folder("data") / source.recipe.folder
        hint = _remedy(source)
        files = [fetch(file, place, progress, offline_hint=hint) for file in source.files]
    return build_corpus(source.recipe, files, folder)


def _write_all_relations(folder: Path) -> None:
    names: set[str] = set()
    for split in SPLITS:
        if path := split_file(folder, split):
            for row in iter_rows(path):
                names.update(row.document.labels if row.document else ())
    try:
        write_relations(sorted(names), folder)
    except OSError as error:
        raise MrcaError(f"Cannot write {folder / RELATIONS}: {error.strerror or error}.") from error


def _remedy(source: CorpusSource) -> str:
    if source.origin == "packaged":
        return f"It comes with mrca: mrca data fetch {source.name}"
    if source.recipe is not None:
        ways = [
            f"  mrca data fetch {source.name} "
            + " ".join(f"--from-file {Path(name).name}" for name in names)
            for names in source.recipe.raw
        ]
        places = " or ".join(f"<folder>/{Path(names[0]).parent}/" for names in source.recipe.raw)
        site = f" ({source.site})" if source.site else ""
        return (
            f"Bring what it is built from{site} and run:\n"
            + "\nor\n".join(ways)
            + f"\nor put it into {places} and set MRCA_DATA_DIR=<folder>."
        )
    if source.origin == "download":
        names = ", ".join(file.name for file in source.files)
        options = " ".join(f"--from-file {file.name}" for file in source.files)
        return (
            f"On a machine without internet, bring {names} from one of the addresses above or "
            f"from {source.files[0].urls[0].rpartition('/')[0]}/ and run:\n"
            f"  mrca data fetch {source.name} {options}"
        )
    return (
        f"Put its {', '.join(source.published)} into <folder>/{source.name}/ and pass "
        "--data-dir <folder>, or set MRCA_DATA_DIR=<folder>."
    )
