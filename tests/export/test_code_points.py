import re

import numpy as np
import pytest

from mrca.export import code_points

SAMPLE = "aAZ_09 \t\n\x1c\x85\xa0\u3000éÉßŁΣσςİıǅª²Ⅷⓐ一٣𝐀𐐀😀\u0301\u200d'’.:·\ufeff\U0010ffff\0"


def holds(edges, character):
    return np.searchsorted(edges, ord(character), side="right") % 2 == 1


@pytest.mark.parametrize("pattern", [r"\s", r"\w", r"[^\W\d_]", "[a-c']"])
def test_sets_hold_what_the_expression_matches(pattern):
    edges = code_points.matching(pattern)
    for character in SAMPLE:
        assert holds(edges, character) == bool(re.fullmatch(pattern, character)), character


def test_upper_case_is_python_s():
    for character in SAMPLE:
        assert holds(code_points.upper_case(), character) == character.isupper(), character


def test_lower_case_is_python_s():
    upper, lower = code_points.lower_case()
    table = {int(code): row[row >= 0] for code, row in zip(upper, lower, strict=True)}
    for character in SAMPLE:
        codes = table.get(ord(character), [ord(character)])
        assert "".join(map(chr, codes)) == character.lower()
    assert len(table[ord("İ")]) == 2


@pytest.mark.parametrize(
    ("character", "cased", "ignorable"),
    [("a", True, False), ("1", False, False), ("'", False, True), ("\u0301", False, True)],
)
def test_what_sigma_looks_at(character, cased, ignorable):
    assert holds(code_points.cased(), character) == cased
    assert holds(code_points.case_ignorable(), character) == ignorable
