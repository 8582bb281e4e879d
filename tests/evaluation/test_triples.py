import pytest

from mrca.errors import MrcaError
from mrca.evaluation.scores import Score
from mrca.evaluation.triples import triple_score
from mrca.text import Triple

BORN = Triple("Ada", "born_in", "London")
LIVED = Triple("Ada", "lived_in", "Paris")
LED = Triple("Bo", "led", "Acme")


def test_triples_are_counted_over_all_rows():
    gold = [{BORN, LIVED}, {LED}, set()]
    predicted = [{BORN}, {LED, BORN}, {LIVED}]
    assert triple_score(gold, predicted) == Score(0.5, 2 / 3, 4 / 7, 3)


def test_every_part_of_a_triple_must_match_in_its_own_row():
    swapped = Triple(BORN.object, BORN.relation, BORN.subject)
    assert triple_score([{BORN}], [{swapped}]).f1 == 0.0
    assert triple_score([{BORN}, set()], [set(), {BORN}]).f1 == 0.0


def test_nothing_to_find_and_nothing_found_is_zero():
    assert triple_score([], []) == Score(0.0, 0.0, 0.0, 0)
    assert triple_score([set()], [set()]) == Score(0.0, 0.0, 0.0, 0)


def test_a_missing_row_is_refused():
    with pytest.raises(MrcaError, match="2 rows of gold and 1 of predicted"):
        triple_score([{BORN}, set()], [{BORN}])
