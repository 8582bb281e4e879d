from mrca.datasets.readers.left_out import LeftOut, Read, tell_left_out
from mrca.datasets.readers.row import Row
from mrca.text import Document

EVENT = LeftOut("event", "relations of two")
TASK = LeftOut("rejected task", "accepted ones")


def test_what_is_left_out_is_counted_and_told_once_with_the_last_row():
    rows = [Row(number, Document(("A",))) for number in (1, 3)]
    items = [
        *(Read(1, rows[0], (EVENT, EVENT)), Read(2, None, (TASK,)), Read(3, rows[1], (EVENT,))),
        Read(4, None, (TASK,)),
    ]
    first, last = tell_left_out(items, "rows.jsonl")
    assert first == rows[0]
    assert [str(problem) for problem in last.problems] == [
        "rows.jsonl: expected relations of two, received 3 events, left out (the first: item 1)",
        "rows.jsonl: expected accepted ones, received 2 rejected tasks, left out (the "
        "first: item 2)",
    ]
    assert {problem.kind for problem in last.problems} == {"note"}


def test_a_file_of_which_everything_is_left_out_says_so():
    (row,) = tell_left_out([Read(1, None, (TASK,))], "rows.jsonl")
    assert "expected accepted ones, received 1 rejected task" in str(row.error)
    assert row.ends_file
    assert list(tell_left_out([], "rows.jsonl")) == []
