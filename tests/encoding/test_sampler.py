import numpy as np
import pytest
from scipy.sparse import csr_array

from mrca.encoding import SAMPLERS, Sampler
from mrca.errors import MrcaError

# A head relation, a medium one and a tail one; rows with several and with none.
LABELS = np.zeros((200, 3), int)
LABELS[:120, 0] = 1
LABELS[110:140, 1] = 1
LABELS[138:142, 2] = 1


def sampler(name, labels=LABELS, seed=1, epochs=5):
    return Sampler(name, labels, seed=seed, epochs=epochs)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_row_can_be_drawn_and_the_draw_follows_the_probabilities(name):
    drawn = sampler(name)
    for epoch in (0, 4):
        chances = drawn.probabilities(epoch)
        assert chances.min() > 0  # those without relations too
        assert chances.sum() == pytest.approx(1, abs=1e-12)
    counts = sum(
        np.bincount(sampler(name, seed=seed).draw(2), minlength=200) for seed in range(400)
    )
    expected = drawn.probabilities(2) * 200 * 400
    assert np.abs(counts - expected).max() < 6 * np.sqrt(expected.max())


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_draw_depends_on_seed_and_epoch_alone(name):
    first = sampler(name).draw(3)
    assert first.shape == (200,)
    np.testing.assert_array_equal(first, sampler(name).draw(3))
    assert (first != sampler(name).draw(2)).any()
    assert (first != sampler(name, seed=2).draw(3)).any()


def test_instance_balanced_shows_every_row_once():
    assert sorted(sampler("instance_balanced").draw(0)) == list(range(200))


def test_classes_share_the_draws_as_their_counts_to_the_power_q():
    single = np.repeat(np.eye(3, dtype=int), [64, 16, 4], axis=0)

    def shares(name, epoch=0):
        return single.T @ sampler(name, single).probabilities(epoch)

    np.testing.assert_allclose(shares("class_balanced"), [1 / 3] * 3)
    np.testing.assert_allclose(shares("square_root"), np.array([8, 4, 2]) / 14)
    np.testing.assert_allclose(shares("reversed"), np.array([1, 4, 16]) / 21)
    np.testing.assert_allclose(shares("progressively_balanced", 0), np.array([64, 16, 4]) / 84)
    np.testing.assert_allclose(shares("progressively_balanced", 4), [1 / 3] * 3)
    np.testing.assert_allclose(shares("progressively_balanced", 9), [1 / 3] * 3)


def test_several_labels_add_up_and_none_is_a_class():
    labels = [[1, 0], [1, 0], [1, 1], [0, 0]]
    # Three classes with 3, 1 and 1 rows share the draws evenly.
    expected = np.array([1 / 9, 1 / 9, 1 / 9 + 1 / 3, 1 / 3])
    np.testing.assert_allclose(sampler("class_balanced", labels).probabilities(0), expected)


def test_relations_without_rows_and_a_single_epoch_are_no_trouble():
    labels = [[1, 0, 0], [0, 1, 0]]
    for name in SAMPLERS:
        np.testing.assert_allclose(sampler(name, labels, epochs=1).probabilities(0), [0.5, 0.5])


def test_unknown_names_and_shapes_are_told():
    with pytest.raises(MrcaError, match=r"'clas_balanced'.*Did you mean 'class_balanced'"):
        sampler("clas_balanced")
    for labels in ([], [1, 0]):
        with pytest.raises(MrcaError, match=r"\(rows, relations\)"):
            sampler("reversed", labels)


@pytest.mark.parametrize("name", SAMPLERS)
def test_sparse_labels_are_drawn_by_as_arrays_are(name):
    expected, found = sampler(name), sampler(name, csr_array(LABELS))
    for epoch in (0, 4):
        assert found.draw(epoch).tolist() == expected.draw(epoch).tolist()
    assert found.named("reversed").draw(1).tolist() == expected.named("reversed").draw(1).tolist()
