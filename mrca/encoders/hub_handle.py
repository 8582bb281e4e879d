"""From what the user says after `hub:` to a folder with a TF Hub module."""

import textwrap
import warnings
from pathlib import Path
from typing import Any

from mrca.errors import MrcaError

_MODULE = "saved_model.pb"


def resolve_hub_handle(handle: str) -> Path:
    """The folder of a TF Hub module, downloaded if it is not on this machine yet.

    An address, such as `https://tfhub.dev/tensorflow/bert_en_cased_L-12_H-768_A-12/4` (which leads
    to Kaggle Models today) or `https://www.kaggle.com/models/…`, is resolved by the package
    `tensorflow_hub`: its cache is `$TFHUB_CACHE_DIR`, or else a temporary folder, and its other
    variables hold as well. A folder needs no package.

    Args:
        handle: an address, or a folder.

    Raises:
        MrcaError: if there is no such folder, if it holds no module, or if the module cannot be
            downloaded; it says what to bring.
    """
    if "://" not in handle:
        return _checked_folder(Path(handle).expanduser())
    hub = _import_tensorflow_hub()
    try:
        folder = Path(hub.resolve(handle))
    except Exception as error:  # of urllib, tarfile, TensorFlow's file systems and its own
        reason = str(error).rstrip(". ") or type(error).__name__
        reason = textwrap.shorten(reason, 300, placeholder=" …")
        raise MrcaError(
            f"TF Hub cannot bring {handle}: {reason}. Without a connection: open {handle} on a "
            "machine that has one, download the TF2 SavedModel (.tar.gz), unpack it into a folder "
            "here, and give --encoder hub:FOLDER. Modules are kept in $TFHUB_CACHE_DIR."
        ) from error
    return _checked_folder(folder)


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


def _import_tensorflow_hub() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its last release still asks for pkg_resources
            import tensorflow_hub
    except ImportError as error:
        raise MrcaError(
            f"A module's address needs tensorflow-hub, which cannot be imported ({error}). Type: "
            "pip install tensorflow-hub 'setuptools<81'"
        ) from error
    return tensorflow_hub
