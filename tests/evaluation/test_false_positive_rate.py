import json

import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.evaluation.false_positive_rate import FalsePositiveRate, false_positive_rate


def test_only_rows_without_a_gold_label_count():
    labels = np.array([[0, 0], [0, 0], [0, 0], [0, 0], [1, 0]])
    predictions = np.array([[1, 1], [0, 1], [0, 0], [0, 0], [0, 1]])
    found = false_positive_rate(labels, predictions)
    assert found == FalsePositiveRate(rate=0.5, false_positives=2, rows=4)
    assert json.loads(json.dumps(found.to_dict())) == {
        "rate": 0.5,
        "false_positives": 2,
        "rows": 4,
    }


def test_without_such_a_row_there_is_no_rate():
    assert false_positive_rate([[1, 0]], [[0, 1]]) == FalsePositiveRate(None, 0, 0)


def test_what_is_not_decided_is_refused():
    with pytest.raises(MrcaError, match="predictions as bool"):
        false_positive_rate([[0, 0]], [[0.2, 0.1]])
    with pytest.raises(MrcaError, match="one shape"):
        false_positive_rate([[0, 0]], [[0, 1], [0, 0]])
