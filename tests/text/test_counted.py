import pytest

from mrca.text import counted


@pytest.mark.parametrize("number, text", [(0, "0 rows"), (1, "1 row"), (1234, "1,234 rows")])
def test_one_is_singular(number, text):
    assert counted(number, "row") == text
