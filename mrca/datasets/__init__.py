"""Corpora: readers, registry, download, statistics.

`load_corpus` gives a named corpus or the user's own folder; `iter_jsonl` streams rows that need
not have labels.
"""

from mrca.datasets.cooccurrence import Cooccurrence, label_cooccurrence
from mrca.datasets.corpus import Corpus, load_corpus
from mrca.datasets.fewrel import read_fewrel
from mrca.datasets.fewrel_lt import fewrel_lt_splits, long_tail_counts
from mrca.datasets.fewrel_sentence import FewRelSentence
from mrca.datasets.group_limits import GROUP_LIMITS, GroupLimits, group_limits
from mrca.datasets.hold_out import hold_out
from mrca.datasets.jsonl import iter_jsonl, row_from_value
from mrca.datasets.locate import fetch_corpus, find_corpus, locate_corpus
from mrca.datasets.reader import iter_rows
from mrca.datasets.registry import CORPORA, SPLITS, CorpusSource, corpus_source
from mrca.datasets.relations_json import read_relations
from mrca.datasets.row import Problem, Row, RowError
from mrca.datasets.statistics import (
    CorpusStatistics,
    LabelStatistics,
    corpus_statistics,
    label_statistics,
    long_tail_groups,
)
from mrca.datasets.write import to_json_row, write_jsonl

__all__ = [
    "CORPORA",
    "GROUP_LIMITS",
    "SPLITS",
    "Cooccurrence",
    "Corpus",
    "CorpusSource",
    "CorpusStatistics",
    "FewRelSentence",
    "GroupLimits",
    "LabelStatistics",
    "Problem",
    "Row",
    "RowError",
    "corpus_source",
    "corpus_statistics",
    "fetch_corpus",
    "fewrel_lt_splits",
    "find_corpus",
    "group_limits",
    "hold_out",
    "iter_jsonl",
    "iter_rows",
    "label_cooccurrence",
    "label_statistics",
    "load_corpus",
    "locate_corpus",
    "long_tail_counts",
    "long_tail_groups",
    "read_fewrel",
    "read_relations",
    "row_from_value",
    "to_json_row",
    "write_jsonl",
]
