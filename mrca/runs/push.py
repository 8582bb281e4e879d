"""A run as others get it: nothing of its maker's disk in it, and all that it needs."""

import json
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from mrca.config import RunConfig, dump_config
from mrca.datasets import read_relations
from mrca.errors import MrcaError
from mrca.runs import layout
from mrca.runs.card import write_card, write_metadata
from mrca.runs.shared import Address, endpoint, explained, origin
from mrca.vectors import KNOWN_VECTORS

PAGE = "README.md"
# What KerasHub reads of an encoder's folder: no pickles, and not the same weights once more.
_OF_ENCODER = (".json", ".txt", ".h5", ".safetensors")
_BUILT_ON = ("init_from", "representation", "teacher")


class SharedRun(NamedTuple):
    """What is pushed.

    Attributes:
        files: of each name in the repository its content, or the file that has it.
        notes: what the maker should know, a sentence each.
    """

    files: dict[str, bytes | Path]
    notes: list[str]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(
            len(each) if isinstance(each, bytes) else each.stat().st_size
            for each in self.files.values()
        )


class Pushed(NamedTuple):
    """Where a run is now.

    Attributes:
        address: for `mrca.load`.
        page: the address of its page.
    """

    address: Address
    page: str


def shared_run(
    folder: Path, address: Address, *, license: str | None = None, encoder: str | None = None
) -> SharedRun:
    """What a run is pushed as.

    Paths become names, in its settings, in what it says of where it was made and on its page. A
    frozen encoder in a folder is put into the run.

    Args:
        folder: a finished run.
        address: where it will be.
        license: its identifier on the hub, such as `apache-2.0`; by default none is stated.
        encoder: where its frozen encoder is now, if it has moved.

    Raises:
        MrcaError: if it is damaged, or its encoder is not there.
    """
    layout.check_run_folder(folder)
    config = layout.read_config(folder)
    if encoder is not None:
        config = config.changed({"encoder.name": encoder})
    with layout.reading(folder / layout.ENVIRONMENT) as found:
        environment = _environment(found)
        corpus = environment.get("corpus", {}).get("name")
        vectors = environment.get("vectors", {}).get("name")
    metrics = None
    if (folder / layout.METRICS).exists():
        with layout.reading(folder / layout.METRICS) as metrics:
            assert metrics["splits"] is not None
    files: dict[str, bytes | Path] = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _is_of_run(path.relative_to(folder).as_posix())
    }
    files |= _frozen_encoder(folder, config)
    named = _without_paths(config, corpus, vectors)
    if "encoder" in environment:
        environment["encoder"]["name"] = named.encoder.name
    notes = _notes(vectors)
    files[layout.CONFIG] = dump_config(named).encode()
    text = json.dumps(environment, indent=2, ensure_ascii=False)
    files[layout.ENVIRONMENT] = f"{text}\n".encode()
    relations = read_relations(folder / layout.RELATIONS)
    page = write_card(
        str(address), named, relations, metrics, environment, license=license or "", notes=notes
    )
    files[PAGE] = (write_metadata(named, metrics, environment, license) + page).encode()
    return SharedRun(files, notes)


def push(run: SharedRun, address: Address, *, private: bool = False) -> Pushed:
    """Put a run into a repository, which is made if there is none; it replaces an earlier one.

    Args:
        run: what `shared_run` made.
        address: where to; without a revision.
        private: whether a repository that is made is private.

    Raises:
        MrcaError: if there is no token, or the hub refuses or cannot be reached.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    if address.revision is not None:
        raise MrcaError(
            f"A run is pushed as the newest of its repository. Expected {address.repository}, "
            f"received {address}. Tag it afterwards: `hf repo tag create {address.repository} TAG`."
        )
    if get_token() is None:
        raise MrcaError(
            f"Cannot push to {address}: this machine has no token of the hub. Make one that may "
            "write at https://huggingface.co/settings/tokens and log in: `hf auth login`, or the "
            "variable HF_TOKEN."
        )
    api = HfApi(endpoint=endpoint(), library_name="mrca")
    repository = address.repository
    try:
        page = api.create_repo(repository, private=private, exist_ok=True)
        there = api.list_repo_files(repository)
        stale = [name for name in there if _is_of_run(name) and name not in run.files]
        api.create_commit(
            repository,
            [
                *(CommitOperationAdd(name, content) for name, content in run.files.items()),
                *(CommitOperationDelete(name) for name in stale),
            ],
            commit_message="A run of mrca",
        )
    except Exception as error:  # of its HTTP library, of the disk and its own
        raise MrcaError(f"Cannot push to {address}: {explained(error, address)}") from error
    return Pushed(address, str(page))


def _is_of_run(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in layout.FILES)


def _environment(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of where it was made, without places on that disk."""
    environment = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in found.items()
    }
    environment.get("vectors", {}).pop("folder", None)
    for part in _BUILT_ON:
        if part in environment:
            environment[part]["name"] = _run_named(environment[part]["name"])
    return environment


def _without_paths(config: RunConfig, corpus: str | None, vectors: str | None) -> RunConfig:
    """The settings with names where they have paths."""
    kind, colon, place = config.encoder.name.partition(":")
    return config.changed(
        {
            "data.dataset": corpus or _last(config.data.dataset),
            "vectors.name": vectors or _last(config.vectors.name),
            "encoder.name": f"{kind}{colon}{_last(place)}",
            "encoder.vocab_file": _last(config.encoder.vocab_file),
            "classifier.representation": _run_named(config.classifier.representation),
            "loss.teacher": _run_named(config.loss.teacher),
            "training.init_from": _run_named(config.training.init_from),
        }
    )


def _last(place: str) -> str:
    """The last part of a path; an address or a name as it is."""
    return place if "://" in place else place.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _run_named(place: str) -> str:
    """What a run that another one builds on is called; a shared one by its address."""
    return str(origin(Path(place)) or _last(place)) if place else ""


def _frozen_encoder(folder: Path, config: RunConfig) -> dict[str, bytes | Path]:
    """The files of a frozen encoder that lies in a folder, as the run's own."""
    kind, _, place = config.encoder.name.partition(":")
    carried = config.encoder.trainable or (folder / layout.ENCODER).is_dir()
    if not place or carried or "://" in place:
        return {}
    path = Path(place).expanduser()
    if not path.is_dir():
        if _last(place) == place and kind != "hub":
            return {}  # a preset's name
        raise MrcaError(
            f"The run {folder} reads with the encoder {config.encoder.name!r}, which is not there, "
            "so nobody could load the run. Say where it is now: --encoder hub:FOLDER or "
            "keras_hub:FOLDER; it is put into what is pushed."
        )
    return {
        f"{layout.ENCODER}/{name.as_posix()}": path / name
        for name in sorted(each.relative_to(path) for each in path.rglob("*") if each.is_file())
        if not any(part.startswith(".") for part in name.parts)
        and (kind == "hub" or name.suffix in _OF_ENCODER)
    }


def _notes(vectors: str | None) -> list[str]:
    if vectors is None:
        return []
    known = KNOWN_VECTORS.get(vectors)
    if known is not None and known.packaged:
        return []
    if known is not None and known.remote is not None:
        return [
            f"Words that were not in its corpus are looked up in the vectors {vectors!r} once "
            f"`mrca vectors fetch {vectors}` has brought them; until then they are spelled out "
            "from their characters."
        ]
    return [
        "The run carries the vectors of its corpus's words. Other words are spelled out from "
        f"their characters, unless the file of the vectors {vectors!r}, which mrca does not "
        "download, is given with --vectors FILE."
    ]
