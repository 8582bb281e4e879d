import json
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrca.errors import MrcaError
from mrca.evaluation.report import evaluate
from mrca.evaluation.seeds import mean_and_deviation, summarise_runs
from mrca.text import RelationSet


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_mean_and_sample_deviation_equal_the_standard_library(values):
    mean, deviation = mean_and_deviation(values)
    assert mean == pytest.approx(statistics.mean(values))
    assert deviation == pytest.approx(statistics.stdev(values), abs=1e-12)


def test_one_run_has_no_deviation():
    assert mean_and_deviation([0.93]) == (0.93, None)


def test_every_measure_of_the_reports_is_summarised():
    labels = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    relations = RelationSet(["often", "sometimes", "absent"])
    predictions = [labels.copy() for _ in range(3)]
    predictions[1][0, 0] = False
    predictions[2][0, 2] = True
    reports = [evaluate(labels, p, relations, [500, 50, 5]).to_dict() for p in predictions]
    summary = summarise_runs([json.loads(json.dumps(report)) for report in reports])

    assert summary["runs"] == 3
    f1s = [report["micro"]["f1"] for report in reports]
    assert summary["micro"]["f1"] == {
        "mean": pytest.approx(statistics.mean(f1s)),
        "deviation": pytest.approx(statistics.stdev(f1s)),
    }
    recalls = [report["relations"]["often"]["recall"] for report in reports]
    assert summary["relations"]["often"]["recall"]["mean"] == pytest.approx(
        statistics.mean(recalls)
    )
    # counts are no measures: kept where the runs agree, left out where not
    assert summary["rows"] == 3
    assert summary["relations"]["often"]["train_count"] == 500
    assert "predicted" not in summary["relations"]["often"]
    # undefined stays undefined
    assert summary["groups"]["tail"] is None
    assert summary["average_precision"] is None
    json.dumps(summary, allow_nan=False)


def test_a_measure_undefined_in_one_run_is_undefined_in_the_summary():
    assert summarise_runs([{"a": 0.5, "b": 1.0}, {"a": None}]) == {"runs": 2, "a": None}


@pytest.mark.parametrize("function", [mean_and_deviation, summarise_runs])
def test_no_run_is_refused(function):
    with pytest.raises(MrcaError, match="Received: none"):
        function([])
