"""Runs on Hugging Face's hub: their addresses, and how they come to this machine."""

import os
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mrca.errors import MrcaError

_NAME = r"[A-Za-z0-9][\w.-]*"
# A path has one slash where an address has two.
_ADDRESS = re.compile(rf"hf:/{{1,2}}(?P<repository>{_NAME}/{_NAME})(@(?P<revision>.+))?", re.ASCII)
_CACHED = re.compile(r"models--(?P<user>.+?)--(?P<name>.+)")


class Address(NamedTuple):
    """Where a shared run is.

    Attributes:
        repository: `user/name`.
        revision: a branch, tag or commit; `None` for the newest.
    """

    repository: str
    revision: str | None = None

    @property
    def name(self) -> str:
        """What to call the run."""
        return self.repository.rpartition("/")[2]

    def __str__(self) -> str:
        return f"hf://{self.repository}{f'@{self.revision}' if self.revision else ''}"


def parse_address(given: str | Path) -> Address | None:
    """The address of a shared run; `None` of what does not begin like one.

    Args:
        given: such as `hf://user/name` or `hf://user/name@REVISION`, also as a path.

    Raises:
        MrcaError: if it begins like one and is none.

    Example:
        >>> parse_address(Path("hf://ada/webnlg@v1"))
        Address(repository='ada/webnlg', revision='v1')
    """
    text = given if isinstance(given, str) else given.as_posix()
    if not text.startswith("hf:"):
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise MrcaError(
            f"{text!r} is no address of a run. Expected hf://user/name or hf://user/name@REVISION."
        )
    return Address(found["repository"], found["revision"])


def fetch(address: Address, files: Sequence[str]) -> Path:
    """The folder of a shared run in Hugging Face's own cache, downloaded where it is not there.

    Args:
        address: of the run.
        files: patterns of the files that are a run's; no others are downloaded.

    Raises:
        MrcaError: if it cannot be had.
    """
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            address.repository,
            revision=address.revision,
            allow_patterns=list(files),
            cache_dir=os.environ.get("HF_HUB_CACHE") or None,
            endpoint=endpoint(),
            library_name="mrca",
        )
    except Exception as error:  # of its HTTP library, of the disk and its own
        raise MrcaError(f"Cannot fetch the run {address}: {explained(error, address)}") from error
    return Path(folder)


def endpoint() -> str | None:
    """Another server than huggingface.co, as `HF_ENDPOINT` says; `None` for that one."""
    return os.environ.get("HF_ENDPOINT") or None


def origin(folder: Path) -> Address | None:
    """Where a run in Hugging Face's cache is from; `None` of any other folder."""
    folder = folder.absolute()
    found = _CACHED.fullmatch(folder.parent.parent.name)
    if folder.parent.name != "snapshots" or found is None:
        return None
    return Address(f"{found['user']}/{found['name']}", folder.name)


def explained(error: Exception, address: Address) -> str:
    """What went wrong between this machine and the hub, and what to do, in sentences.

    Args:
        error: what `huggingface_hub` raised.
        address: of the run.
    """
    from huggingface_hub import errors

    login = "`hf auth login`, or the variable HF_TOKEN"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.GatedRepoError):
        return (
            f"it is gated, that is, its owner lets in whom they choose. Ask on the page of "
            f"{address.repository}, then log in: {login}."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return (
            f"{address.repository} has no revision {address.revision!r}. Expected a branch, a tag "
            "or a commit; leave @REVISION out for the newest."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"there is no repository {address.repository}, or it is private and you are not logged "
            f"in. Check the name; to log in: {login}."
        )
    if status in (401, 403):
        return (
            f"the token of this machine may not do that (status {status}). Log in with one that "
            f"may write to {address.repository}: {login}."
        )
    if status is not None:
        return f"{_shortened(error)} (status {status})."
    offline = isinstance(error, errors.LocalEntryNotFoundError | ConnectionError)
    if not offline and (isinstance(error, ValueError) or getattr(error, "errno", None)):
        return _shortened(error)  # a name or a license that is none, or the disk
    return (
        f"the hub was not reached ({_shortened(error)}). Check the connection and HF_HUB_OFFLINE. "
        "A run can be brought as a folder, too."
    )


def _shortened(error: Any) -> str:
    return textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__
