"""From what the user says after `hub:` to a folder with a TF Hub module."""

import hashlib
import os
import tarfile
import tempfile
import textwrap
from pathlib import Path

from mrca.errors import MrcaError
from mrca.files import cache_folder, replace_folder
from mrca.files.download import request_reason

_TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds without a byte
_CHUNK = 1 << 20
_MODULE = "saved_model.pb"


def resolve_hub_handle(handle: str) -> Path:
    """The folder of a TF Hub module, downloaded if it is not on this machine yet.

    A handle is the address of a module, such as
    `https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4`, which the server answers with an
    archive when asked for `?tf-hub-format=compressed`. Modules that other programs have put into
    `$TFHUB_CACHE_DIR` are found; new ones go there, or else into the cache of `mrca`. The package
    `tensorflow_hub` does the same, but does not import beside a recent setuptools, and holds
    TensorFlow back.

    Args:
        handle: an address, or a folder.

    Raises:
        MrcaError: if there is no such folder, if it holds no module, or if the module cannot be
            downloaded; it says what to bring.
    """
    if not handle.startswith(("https://", "http://")):
        return _checked_folder(Path(handle).expanduser())
    cache = os.environ.get("TFHUB_CACHE_DIR")
    folder = Path(cache).expanduser() if cache else cache_folder("vectors") / "hub"
    folder /= hashlib.sha1(handle.encode()).hexdigest()
    if not (folder / _MODULE).is_file():
        _download(handle, folder)
    return folder


def _checked_folder(folder: Path) -> Path:
    if (folder / _MODULE).is_file():
        return folder
    if folder.is_dir():
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise MrcaError(
            f"{folder} holds no TF Hub module: expected {_MODULE} and variables/ in it, found "
            f"{found}."
        )
    raise MrcaError(
        f"No TF Hub module at {folder}. Expected a folder with {_MODULE} and variables/ in it, or "
        "a module's address, such as "
        "hub:https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4."
    )


def _download(handle: str, folder: Path) -> None:
    import requests

    bring = (
        f"Without a connection: open {handle} on a machine that has one, download the TF2 "
        "SavedModel (.tar.gz), unpack it into a folder here, and give --encoder hub:FOLDER."
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as temporary:
            archive, module = Path(temporary, "archive"), Path(temporary, "module")
            with (
                requests.get(
                    handle,
                    params={"tf-hub-format": "compressed"},
                    stream=True,
                    timeout=_TIMEOUT,
                ) as response,
                archive.open("wb") as file,
            ):
                if response.status_code != 200:
                    reason = f"HTTP {response.status_code} {response.reason or ''}".rstrip()
                    raise MrcaError(f"Could not download {handle}: {reason}. {bring}")
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
            with tarfile.open(archive) as tar:
                tar.extractall(module, filter="data")
            _checked_folder(module)
            replace_folder(module, folder)
    except requests.RequestException as error:
        raise MrcaError(f"Could not download {handle}: {request_reason(error)}. {bring}") from error
    except (tarfile.TarError, EOFError) as error:
        raise MrcaError(
            f"{handle} is no archive of a TF Hub module: "
            f"{textwrap.shorten(str(error), 200, placeholder=' …')}. {bring}"
        ) from error
    except OSError as error:
        raise MrcaError(
            f"Cannot store {handle} in {folder}: {error.strerror or error}. Free some room, or "
            "set TFHUB_CACHE_DIR to another folder."
        ) from error
