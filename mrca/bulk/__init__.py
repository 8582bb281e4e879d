"""Rows of any number of files, scored in shards, on one machine or many; killed, it goes on.

What is said of rows and how it is written (`answers`, `results`) is that of `mrca predict`, too.
Nothing is loaded before a process scores.
"""

from mrca.bulk.answers import Form
from mrca.bulk.model import Asked
from mrca.bulk.scoring import SHARD_BYTES, Reporter, SilentReporter, Summary, score_files

__all__ = [
    "SHARD_BYTES",
    "Asked",
    "Form",
    "Reporter",
    "SilentReporter",
    "Summary",
    "score_files",
]
