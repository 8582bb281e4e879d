import pytest

from mrca.datasets import CORPORA, corpus_source, sample_note
from mrca.errors import MrcaError


def test_every_corpus_can_be_had_in_the_way_that_it_says():
    for name, source in CORPORA.items():
        assert source.name == name
        assert len(source.description) < 120 and "\n" not in source.description
        assert bool(source.files) == (source.origin == "download" or name == "fewrel-lt")
        assert (source.recipe is not None) == (source.origin == "built")


def test_an_unknown_name_is_answered_with_the_nearest():
    assert corpus_source("ddi").origin == "built"
    with pytest.raises(MrcaError, match=r"'dii'.*Did you mean 'ddi'\?"):
        corpus_source("dii")
    with pytest.raises(MrcaError, match=r"Did you mean 'my/corpus'\?"):
        corpus_source("my/corpu", ["my/corpus"])


def test_scores_on_the_sample_are_named_so():
    assert sample_note("sample") == " (sample corpus)"
    assert sample_note("webnlg") == ""
