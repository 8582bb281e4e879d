import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.evaluation import row_blocks as module
from mrca.evaluation.row_blocks import row_blocks


@given(st.integers(0, 20), st.integers(0, 5), st.integers(1, 12))
def test_every_row_is_in_one_block_and_no_block_is_too_large(rows, columns, cells):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CELLS", cells)
        blocks = list(row_blocks(np.zeros((rows, columns))))
    assert [row for block in blocks for row in range(block.start, block.stop)] == list(range(rows))
    assert all((block.stop - block.start) * columns <= max(cells, columns) for block in blocks)


def test_an_array_of_one_dimension_has_rows_of_one_cell(monkeypatch):
    monkeypatch.setattr(module, "_CELLS", 2)
    assert [block.stop for block in row_blocks(np.zeros(5))] == [2, 4, 5]
