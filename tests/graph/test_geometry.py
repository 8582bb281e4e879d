import numpy as np
import pytest

from mrca.graph.geometry import arrow_curve, label_centres, node_centres

STEPS = np.linspace(0, 1, 21)[:, None]


def overlaps(boxes: np.ndarray) -> int:
    apart = np.abs(boxes[:, None, :2] - boxes[None, :, :2])
    over = (apart < (boxes[:, None, 2:] + boxes[None, :, 2:]) / 2).all(-1)
    return int((over.sum() - len(boxes)) / 2)


def graph(count: int, links: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
    generator = np.random.default_rng(3)
    sizes = generator.uniform((30, 12), (130, 40), (count, 2))
    return sizes, [tuple(map(int, pair)) for pair in generator.integers(0, count, (links, 2))]


@pytest.mark.parametrize(("count", "links"), [(1, 0), (2, 1), (12, 3), (20, 25), (70, 90)])
def test_no_box_lies_upon_another(count, links):
    sizes, pairs = graph(count, links)
    room = np.full((links, 2), 15.0)
    centres = node_centres(sizes, pairs, room, 100.0, (1.2, 0.8))
    assert overlaps(np.concatenate([centres, sizes], 1)) == 0
    again = node_centres(sizes, pairs, room, 100.0, (1.2, 0.8))
    np.testing.assert_array_equal(centres, again)


def test_linked_boxes_leave_room_for_what_is_written_between_them():
    sizes = np.full((3, 2), (60.0, 20.0))
    centres = node_centres(sizes, [(0, 1), (1, 2)], np.full((2, 2), (90.0, 30.0)), 10.0, (1, 1))
    for a, b in ((0, 1), (1, 2)):
        across, down = np.abs(centres[a] - centres[b])
        assert across >= 149 or down >= 49


def test_an_arrow_goes_from_border_to_border():
    boxes = np.array([[0.0, 0, 40, 20], [200.0, 50, 60, 20]])
    curve = arrow_curve(0, 1, boxes)
    assert np.abs(curve.start - boxes[0, :2]).max() <= 20 + 10
    assert (np.abs(curve.end - boxes[1, :2]) >= (0, 0)).all()
    for point, box in ((curve.start, boxes[0]), (curve.end, boxes[1])):
        assert (np.abs(point - box[:2]) >= box[2:] / 2).any()
    there, back = arrow_curve(0, 1, boxes), arrow_curve(1, 0, boxes)
    middle = np.array([[0.5]])
    assert np.abs(there.at(middle) - back.at(middle)).max() > 10  # two arrows, not one


def test_an_arrow_goes_round_a_box_between_its_ends():
    boxes = np.array([[0.0, 0, 40, 20], [150.0, 18, 60, 20], [300.0, 0, 40, 20]])
    points = arrow_curve(0, 2, boxes).at(STEPS)
    assert not (np.abs(points - boxes[1, :2]) < boxes[1, 2:] / 2).all(1).any()


def test_a_loop_stands_above_its_box():
    curve = arrow_curve(0, 0, np.array([[50.0, 50, 40, 20]]))
    assert curve.bend[1] < curve.start[1] == curve.end[1] == 40


def test_labels_hide_neither_boxes_nor_each_other():
    boxes = np.array([[0.0, 0, 40, 20], [200.0, 0, 40, 20]])
    curves = [arrow_curve(0, 1, boxes), arrow_curve(1, 0, boxes), arrow_curve(0, 1, boxes)]
    sizes = np.full((3, 2), (50.0, 10.0))
    centres, hidden = label_centres(curves, sizes, boxes)
    assert hidden == 0
    assert overlaps(np.concatenate([boxes, np.concatenate([centres, sizes], 1)])) == 0
    everywhere = np.array([[100.0, 0, 900, 900]])
    assert label_centres(curves, sizes, everywhere)[1] == 3
