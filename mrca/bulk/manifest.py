"""What a folder of results was begun with."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

import mrca
from mrca.bulk.inputs import Input, changes
from mrca.bulk.model import Asked, Model
from mrca.bulk.shards import Shard
from mrca.errors import MrcaError, first_problem
from mrca.files import durable_file

MANIFEST = "manifest.json"
_SHOWN = 5  # changes that an error names


class Manifest(BaseModel):
    """Everything that results follow from, and how the files were cut.

    It says what is read, and nothing of where is written: that follows from the numbers of shards.

    Attributes:
        manifest: the version of this form.
        mrca: the version of the package.
        model: a fingerprint of all that its answers follow from.
        asked: how it is asked.
        shard_bytes: how large a shard is.
        inputs: the files.
        shards: of all files, in their order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    manifest: Literal[1] = 1
    mrca: str = mrca.__version__
    model: str
    asked: Asked
    shard_bytes: int
    inputs: list[Input]
    shards: list[Shard]

    def changes(
        self, model: Model, asked: Asked, shard_bytes: int, inputs: Sequence[Input]
    ) -> list[str]:
        """What is another one now, in words; nothing if results would be the same.

        Args:
            model: which is asked now.
            asked: how it is asked now.
            shard_bytes: how large a shard would be.
            inputs: the files as they are now.
        """
        said = changes(self.inputs, inputs)
        if model.fingerprint != self.model:
            said.append(f"the model {model.folder} is another one, or decides otherwise")
        # No answer depends on trust, which is given or not each time.
        now, then = (
            each.model_dump(mode="json", exclude={"trust"}) for each in (asked, self.asked)
        )
        options = {**now, "shard-mb": shard_bytes / 1e6}
        before = {**then, "shard-mb": self.shard_bytes / 1e6}
        for name, value in options.items():
            if value != before[name]:
                option = {"form": "format"}.get(name, name)
                was = "not given" if before[name] is None else before[name]
                said.append(f"--{option} was {was}, is {'not given' if value is None else value}")
        if self.mrca != mrca.__version__:
            said.append(f"mrca was {self.mrca}, is {mrca.__version__}")
        return said

    def check(
        self, folder: Path, model: Model, asked: Asked, shard_bytes: int, inputs: Sequence[Input]
    ) -> None:
        """Check that what is wanted now is what the folder was begun with; see `changes`.

        Raises:
            MrcaError: if it is not.
        """
        said = self.changes(model, asked, shard_bytes, inputs)
        if said:
            more = [f"and {len(said) - _SHOWN:,} more"] if len(said) > _SHOWN else []
            raise MrcaError(
                f"The results in {folder} were begun with something else, and would not fit "
                f"together: {'; '.join([*said[:_SHOWN], *more])}. Put that back, or choose another "
                "--output."
            )

    def write(self, folder: Path) -> None:
        """Write it into a folder.

        Raises:
            OSError: if that fails.
        """
        with durable_file(folder / MANIFEST) as file:
            file.write(self.model_dump_json().encode() + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a folder.

    Raises:
        MrcaError: if it is damaged, or does not say of each file that it is read once.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise MrcaError(f"Cannot read {path}: {error.strerror or error}.") from error
    except ValidationError as error:
        raise _damaged(path, first_problem(error)) from None
    of_files = {
        number: list(shards)
        for number, shards in groupby(manifest.shards, key=lambda shard: shard.input)
    }
    numbers = range(len(manifest.inputs))
    if [shard for each in sorted(of_files) for shard in of_files[each]] != manifest.shards or any(
        each not in numbers for each in of_files
    ):
        raise _damaged(path, "its shards are not in the order of its files")
    for number in numbers:
        if not _is_whole(number, manifest.inputs[number].size, of_files.get(number, [])):
            raise _damaged(path, f"its shards are not those of {manifest.inputs[number].path}")
    return manifest


def _is_whole(number: int, size: int, shards: Sequence[Shard]) -> bool:
    """Whether each byte of a file is in one of its shards."""
    if any(shard.end is None for shard in shards):
        return shards == [Shard(number)]
    ends = [0, *(shard.end or 0 for shard in shards)]
    return (
        [*(shard.start for shard in shards), size] == ends
        and sorted(set(ends)) == ends
        and all(shard.line == 1 for shard in shards[:1])
    )


def _damaged(path: Path, problem: str) -> MrcaError:
    return MrcaError(
        f"{path} is damaged, or not of `mrca bulk`: {problem}. Delete its folder and begin again, "
        "or choose another --output."
    )
