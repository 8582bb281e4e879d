"""Corpora: readers, registry, download, candidates, statistics.

`load_corpus` gives a named corpus or the user's own folder; `iter_jsonl` streams rows that need
not have labels.
"""

from mrca.datasets.candidates import (
    Candidate,
    Candidates,
    CandidateSelection,
    LabelledCandidates,
    distance,
    stated_types,
)
from mrca.datasets.corpus import Corpus, load_corpus, marks_in_words, marks_line
from mrca.datasets.fewrel_lt import fewrel_lt_splits, long_tail_counts
from mrca.datasets.hold_out import hold_out
from mrca.datasets.locate import fetch_corpus, find_corpus, locate_corpus
from mrca.datasets.long_tail import GROUP_LIMITS, GroupLimits, group_limits
from mrca.datasets.readers.docred_result import read_docred_result
from mrca.datasets.readers.fewrel import FewRelSentence, read_fewrel
from mrca.datasets.readers.jsonl import iter_jsonl, row_from_value
from mrca.datasets.readers.read_file import is_plain_jsonl, iter_rows, opened
from mrca.datasets.readers.row import Problem, Row, RowError
from mrca.datasets.registry import CORPORA, SPLITS, CorpusSource, corpus_source, sample_note
from mrca.datasets.relations_json import read_relations
from mrca.datasets.repeats import RepeatCounter, Repeats
from mrca.datasets.statistics import (
    Cooccurrence,
    CorpusStatistics,
    LabelCounts,
    corpus_statistics,
    label_cooccurrence,
)
from mrca.datasets.write import to_json_row, write_jsonl

__all__ = [
    "CORPORA",
    "GROUP_LIMITS",
    "SPLITS",
    "Candidate",
    "CandidateSelection",
    "Candidates",
    "Cooccurrence",
    "Corpus",
    "CorpusSource",
    "CorpusStatistics",
    "FewRelSentence",
    "GroupLimits",
    "LabelCounts",
    "LabelledCandidates",
    "Problem",
    "RepeatCounter",
    "Repeats",
    "Row",
    "RowError",
    "corpus_source",
    "corpus_statistics",
    "distance",
    "fetch_corpus",
    "fewrel_lt_splits",
    "find_corpus",
    "group_limits",
    "hold_out",
    "is_plain_jsonl",
    "iter_jsonl",
    "iter_rows",
    "label_cooccurrence",
    "load_corpus",
    "locate_corpus",
    "long_tail_counts",
    "marks_in_words",
    "marks_line",
    "opened",
    "read_docred_result",
    "read_fewrel",
    "read_relations",
    "row_from_value",
    "sample_note",
    "stated_types",
    "to_json_row",
    "write_jsonl",
]
