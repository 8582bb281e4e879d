"""Where files are looked for, and how missing ones are fetched and verified."""

from mrca.resources.digest import file_digest, has_digest
from mrca.resources.download import RemoteFile, adopt, adopt_any, fetch
from mrca.resources.search_path import cache_folder, search_folders

__all__ = [
    "RemoteFile",
    "adopt",
    "adopt_any",
    "cache_folder",
    "fetch",
    "file_digest",
    "has_digest",
    "search_folders",
]
