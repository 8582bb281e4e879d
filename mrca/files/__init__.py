"""Files and downloads: written atomically, verified, found."""

from mrca.files.digest import file_digest, has_digest
from mrca.files.download import RemoteFile, adopt, adopt_any, fetch
from mrca.files.durable_file import durable_file
from mrca.files.kept_array import kept_array
from mrca.files.only_process import only_process, only_writer
from mrca.files.search_path import cache_folder, search_folders
from mrca.files.whole_file import (
    replace_folder,
    require_room,
    temporary_folder,
    whole_file,
    whole_folder,
)

__all__ = [
    "RemoteFile",
    "adopt",
    "adopt_any",
    "cache_folder",
    "durable_file",
    "fetch",
    "file_digest",
    "has_digest",
    "kept_array",
    "only_process",
    "only_writer",
    "replace_folder",
    "require_room",
    "search_folders",
    "temporary_folder",
    "whole_file",
    "whole_folder",
]
