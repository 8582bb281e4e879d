"""Files looked for, fetched and verified where they are missing, and written whole."""

from mrca.resources.digest import file_digest, has_digest
from mrca.resources.download import RemoteFile, adopt, adopt_any, fetch
from mrca.resources.search_path import cache_folder, search_folders
from mrca.resources.whole_file import replace_folder, require_room, whole_file

__all__ = [
    "RemoteFile",
    "adopt",
    "adopt_any",
    "cache_folder",
    "fetch",
    "file_digest",
    "has_digest",
    "replace_folder",
    "require_room",
    "search_folders",
    "whole_file",
]
