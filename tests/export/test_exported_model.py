import numpy as np
import pytest

from mrca.errors import MrcaError
from mrca.evaluation import Isotonic, Temperature
from mrca.losses import (
    FixedThreshold,
    LargestScore,
    SegmentThresholds,
    ThresholdColumn,
    ZeroThreshold,
)
from mrca.models import Decision

tf = pytest.importorskip("tensorflow")

from mrca.export.exported_model import (  # noqa: E402
    CHUNK,
    FEATURES,
    SERVING_DEFAULT,
    TOKENS,
    ExportedModel,
)

RELATIONS = ["born in", "contains", "lives in"]
RULES = [
    FixedThreshold(0.5),
    FixedThreshold([0.1, 0.5, 0.9], "sigmoid"),
    ThresholdColumn(),
    ThresholdColumn(top_k=2),
    ZeroThreshold(),
    FixedThreshold(0.1, top_k=1),
    SegmentThresholds([0, 1, 0]),
    SegmentThresholds([0, 1, 0], lam=1.5, top_k=1),
    LargestScore(),
]


class Numbers(tf.Module):
    """Reads words that are numbers."""

    def __call__(self, text):
        words = tf.strings.split(text).to_tensor(shape=(None, None))
        read = self.from_tokens(words, tf.zeros_like(words, tf.int32))
        return {**read, "problem": tf.where(text == "", "empty", "")}

    def from_tokens(self, tokens, role):
        there = tokens != ""
        return {
            "numbers": tf.strings.to_number(tf.where(there, tokens, "0")),
            "role": tf.cast(role, tf.int8),
            "lengths": tf.math.count_nonzero(there, axis=1, dtype=tf.int32),
            "problem": tf.fill(tf.shape(tokens)[:1], ""),
        }


class FirstNumbers(tf.Module):
    """Gives a row's first numbers as its outputs, the first one more for each subject."""

    def __init__(self, columns):
        super().__init__()
        self.columns = columns
        self.calls, self.longest = tf.Variable(0), tf.Variable(0)
        self.inputs = {
            "numbers": tf.TensorSpec((None, None), tf.float32),
            "role": tf.TensorSpec((None, None), tf.int8),
            "lengths": tf.TensorSpec((None,), tf.int32),
        }

    def __call__(self, inputs):
        self.calls.assign_add(1)
        self.longest.assign(tf.maximum(self.longest, tf.shape(inputs["numbers"])[1]))
        padded = tf.pad(inputs["numbers"], [[0, 0], [0, self.columns]])[:, : self.columns]
        subjects = tf.reduce_sum(tf.cast(inputs["role"], tf.float32), axis=1, keepdims=True)
        outputs = tf.concat([padded[:, :1] + subjects, padded[:, 1:]], axis=1)
        return tf.ensure_shape(outputs, (None, self.columns))


def exported(rule, calibration=None):
    before = {ThresholdColumn: 1, ZeroThreshold: 1, SegmentThresholds: 2}
    columns = before.get(type(rule), 0) + 3
    decision = Decision(rule, calibration=calibration)
    return ExportedModel(Numbers(), FirstNumbers(columns), 10, decision, RELATIONS)


def rows_of_numbers(count, columns, seed=0):
    outputs = np.random.default_rng(seed).normal(size=(count, columns)).round(3)
    return outputs.astype(np.float32)


def written(outputs):
    return [" ".join(map(str, row.tolist())) for row in outputs]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.get_config()))
def test_relations_scores_and_labels_are_the_rule_s(rule):
    model = exported(rule)
    outputs = rows_of_numbers(40, model.network.columns)
    answer = model.functions[SERVING_DEFAULT](text=tf.constant(written(outputs)))
    scores, labels = np.asarray(rule.scores(outputs)), np.asarray(rule.labels(outputs))
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-6)
    np.testing.assert_array_equal(answer["labels"], labels)
    for row in range(len(outputs)):
        best = sorted(np.flatnonzero(labels[row]), key=lambda place: -scores[row, place])
        padding = answer["relations"].shape[1] - len(best)
        names = [name.decode() for name in answer["relations"][row].numpy()]
        assert names == [RELATIONS[place] for place in best] + [""] * padding
        np.testing.assert_allclose(
            answer["relation_scores"][row], [*scores[row, best], *[0] * padding], atol=1e-6
        )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.get_config()))
def test_scores_are_calibrated_as_the_run_s_are(rule):
    calibration = Temperature(0.3)
    model = exported(rule, calibration)
    outputs = rows_of_numbers(40, model.network.columns)
    answer = model.functions[SERVING_DEFAULT](text=tf.constant(written(outputs)))
    expected = Decision(rule, calibration=calibration).scores(outputs)
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-6)
    np.testing.assert_array_equal(answer["labels"], np.asarray(rule.labels(outputs)))


def test_a_threshold_chosen_after_the_calibration_moves_no_score():
    decision = Decision(FixedThreshold(0.5), calibration=Temperature(0.3))
    tuned = decision.with_rule(FixedThreshold(0.1))
    model = ExportedModel(Numbers(), FirstNumbers(3), 10, tuned, RELATIONS)
    outputs = rows_of_numbers(40, 3)
    answer = model.functions[SERVING_DEFAULT](text=tf.constant(written(outputs)))
    np.testing.assert_allclose(answer["scores"], decision.scores(outputs), atol=1e-6)
    np.testing.assert_array_equal(answer["labels"], outputs >= 0.1)


def test_curves_of_a_calibration_are_refused():
    calibration = Isotonic([None, None, None], ([0.0, 1.0], [0.1, 0.9]))
    with pytest.raises(MrcaError, match=r"isotonic curves.*--calibrate temperature --save"):
        exported(FixedThreshold(0.5), calibration)


@pytest.mark.parametrize("count", [0, 1, CHUNK, 3 * CHUNK + 5])
def test_any_number_of_rows_in_their_order(count):
    model = exported(FixedThreshold(0.5))
    outputs = rows_of_numbers(count, 3)
    lengths = np.random.default_rng(1).integers(3, 9, size=count)
    texts = [
        " ".join([text, *["7"] * int(length - 3)])
        for text, length in zip(written(outputs), lengths, strict=True)
    ]
    answer = model.functions[SERVING_DEFAULT](text=tf.constant(texts, tf.string))
    np.testing.assert_allclose(answer["scores"], outputs.reshape(count, 3), atol=1e-6)
    assert answer["labels"].shape == (count, 3)


def test_short_rows_are_not_computed_on_beside_long_ones():
    model = exported(FixedThreshold(0.5))
    texts = ["1 2 3 4 5 6 7 8", "1"] * CHUNK
    model.functions[SERVING_DEFAULT](text=tf.constant(texts))
    assert model.network.calls == 2
    model.network.longest.assign(0)
    model.functions[SERVING_DEFAULT](text=tf.constant(texts[1::2]))
    assert model.network.longest == 1


def test_where_nothing_holds_there_are_no_names():
    answer = exported(FixedThreshold(0.5)).functions[SERVING_DEFAULT](text=tf.constant(["0", ""]))
    assert answer["relations"].shape == (2, 0)
    assert answer["problem"].numpy().tolist() == [b"", b"empty"]


def test_tokens_and_features_say_the_same_as_text():
    model = exported(FixedThreshold(0.5))
    tokens = tf.constant([["0.2", "0.7", "", ""], ["0.6", "1", "2", "3"]])
    role = tf.constant([[1, 0, 0, 0], [0, 0, 0, 0]])
    answer = model.functions[TOKENS](tokens=tokens, role=role)
    np.testing.assert_allclose(answer["scores"], [[1.2, 0.7, 0], [0.6, 1, 2]], atol=1e-6)
    assert answer["relations"][0].numpy().tolist() == [b"born in", b"contains", b""]
    numbers = tf.constant([[0.2, 0.7, 0, 0, 9], [0.6, 1, 2, 3, 9]])
    again = model.functions[FEATURES](
        numbers=numbers, role=tf.pad(role, [[0, 0], [0, 1]]), lengths=tf.constant([2, 4])
    )
    assert "problem" not in again
    for name, value in again.items():
        np.testing.assert_array_equal(value, answer[name])


def test_lengths_beyond_the_longest_are_cut():
    model = exported(FixedThreshold(0.5))
    answer = model.functions[FEATURES](
        numbers=tf.ones((1, 50)), role=tf.zeros((1, 50), tf.int32), lengths=tf.constant([50])
    )
    assert answer["labels"].numpy().all()
    assert model.network.longest == 10
