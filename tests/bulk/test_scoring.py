import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mrca.bulk import Form, SilentReporter
from mrca.bulk.score_shard import StopError
from mrca.errors import MrcaError
from mrca.executor import Ended

HERE = Path(__file__).parent
ALL = [
    {
        "file": "rows.jsonl",
        "line": row + 1,
        "id": str(row),
        "relations": [{"relation": f"word{row}", "score": 1.0}],
    }
    for row in range(40)
]


class Stops(SilentReporter):
    """Has everything stop after so many things that happen."""

    def __init__(self, after: int) -> None:
        self.left = after

    def tick(self) -> None:
        self.rows(0)

    def rows(self, number: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def changed(place):
    """When each file of results was written."""
    return {path.name: path.stat().st_mtime_ns for path in place.output.glob("shard-*")}


# === Each row once, in order ===


def test_names_in_order_are_rows_in_order(place):
    summary = place.score()
    assert place.lines() == ALL
    assert summary.shards > 9
    assert len(summary.records) == summary.shards
    assert summary.results == sorted(place.output.glob("shard-*.jsonl"))
    assert not list(place.output.glob(".*partial"))


def test_several_files_of_several_kinds(place):
    folder = place.rows.parent / "more"
    folder.mkdir()
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "b"}\n\n{"text": "c"}\n'))
    (folder / "a.json").write_text('[{"token": ["x", "y"], "subj_start": 0}]')
    (folder / "empty.jsonl").write_text("")
    summary = place.score("rows.jsonl", "more")
    found = place.lines()[40:]
    assert summary.files == 4
    assert [(line["file"], line["line"]) for line in found] == [
        ("more/a.json", 1),
        ("more/b.jsonl.gz", 1),
        ("more/b.jsonl.gz", 3),
    ]
    assert place.score("rows.jsonl", "more").before == summary.shards


def test_bad_rows_stay_in_their_place_and_are_counted(place):
    lines = place.rows.read_text().splitlines(keepends=True)
    lines[3] = "nonsense\n"
    lines[30] = '{"text": 3}\n'
    lines[31] = '{"text": "long ones"}\n'
    place.rows.write_text("".join(lines))
    summary = place.score()
    found = place.lines()
    assert [line["line"] for line in found if "error" in line] == [4, 31]
    assert set(found[3]) == {"file", "line", "error"}
    assert [line["line"] for line in found] == list(range(1, 41))
    records = summary.records.values()
    assert sum(record.rows for record in records) == 40
    assert sum(record.bad for record in records) == 2
    assert sum(record.noted for record in records) == 1
    assert sum(record.found for record in records) == 38
    first = next(record.first_bad for record in records if record.first_bad)
    assert first.startswith("rows.jsonl, line 4: expected JSON")
    assert "rows.jsonl, line 32: cut" in {record.first_note for record in records}


def test_facts_in_the_form_of_docred_are_a_list_for_each_shard(place):
    summary = place.score(form=Form.DOCRED)
    assert [json.loads(path.read_text()) for path in summary.results] == [[]] * summary.shards
    assert {path.suffix for path in summary.results} == {".json"}


# === Stopped and gone on with ===


@given(st.lists(st.integers(0, 25), max_size=4))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_stopped_anywhere_it_goes_on_with_what_is_missing(place, stops):
    shutil.rmtree(place.output, ignore_errors=True)
    for after in stops:
        with suppress(KeyboardInterrupt):
            place.score(reporter=Stops(after))
    before = changed(place)
    place.score()
    assert place.lines() == ALL
    assert before.items() <= changed(place).items()


def test_a_shard_whose_results_are_gone_or_cut_is_done_again(place):
    summary = place.score()
    before = changed(place)
    summary.results[2].unlink()
    summary.results[4].write_bytes(summary.results[4].read_bytes()[:20])
    (place.output / "shard-00007.done").write_text("nonsense")
    left = place.output / ".shard-00003.jsonl.another-machine.7-x.partial"
    left.mkdir()
    (left / "shard-00003.jsonl").write_text("left by a killed process")
    again = place.score()
    assert place.lines() == ALL
    assert again.before == again.shards - 3
    after = changed(place)
    written = {name for name in after if after[name] != before[name] and name.endswith("jsonl")}
    assert written == {"shard-00003.jsonl", "shard-00005.jsonl", "shard-00007.jsonl"}
    assert not list(place.output.glob(".*partial"))


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import FirstWord
from mrca.bulk import score_files
from mrca.bulk.model import Model

class Slow(FirstWord):
    def __call__(self, documents):
        time.sleep(0.02)
        return super().__call__(documents)

model = Model("run", Path("run").absolute(), "sha256:1")
sys.modules["mrca.bulk.scoring"].find_model = lambda given, asked: model
sys.modules["mrca.bulk.score_shard"].answers_of = lambda model, asked: Slow()
score_files("run", ["rows.jsonl"], "out", shard_bytes=250)
"""


@pytest.mark.slow
@pytest.mark.processes
def test_killed_again_and_again_each_row_is_there_once(place):
    command = [sys.executable, "-c", KILLED, os.fspath(HERE)]
    drawn = random.Random(3)
    kills = 0
    while True:
        before = len(list(place.output.glob("*.done")))
        process = subprocess.Popen(command)
        while process.poll() is None and len(list(place.output.glob("*.done"))) == before:
            time.sleep(0.01)
        with suppress(subprocess.TimeoutExpired):
            process.wait(drawn.uniform(0, 0.1))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert process.wait() == 0
    assert kills
    assert place.lines() == ALL
    assert not list(place.output.glob(".*partial"))


# === What has changed is refused ===


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda place: place.rows.write_text('{"text": "a"}\n'), "rows.jsonl has 14 bytes"),
        (lambda place: os.utime(place.rows, ns=(1, 1)), "rows.jsonl was written again since"),
    ],
)
def test_changed_files_are_refused(place, change, message):
    place.score()
    before = changed(place)
    change(place)
    with pytest.raises(MrcaError, match=message) as refused:
        place.score()
    assert "choose another --output" in str(refused.value)
    assert changed(place) == before


def test_another_model_or_other_options_are_refused(place, fingerprint, monkeypatch):
    place.score()
    (place.rows.parent / "other.jsonl").write_text('{"text": "a"}\n')
    for given_, options, message in (
        ([], {"threshold": 0.5}, "--threshold was not given, is 0.5"),
        ([], {"form": Form.DOCRED}, "--format was jsonl, is docred"),
        ([], {"shard_bytes": 7}, "--shard-mb was 0.0001, is 7e-06"),
        (["rows.jsonl", "other.jsonl"], {}, "other.jsonl is not among them before"),
    ):
        with pytest.raises(MrcaError, match=message):
            place.score(*given_, **options)
    fingerprint[0] = "sha256:2"
    with pytest.raises(MrcaError, match=r"the model .*run is another one"):
        place.score()
    fingerprint[0] = "sha256:1"
    monkeypatch.setattr("mrca.__version__", "9.9")
    with pytest.raises(MrcaError, match=r"mrca was .*, is 9\.9"):
        place.score()


def test_a_file_that_changes_while_it_is_read_is_noticed(place):
    class Writes(SilentReporter):
        def rows(self, number: int) -> None:
            place.rows.write_text(place.rows.read_text().replace("word", "werd"))

    with pytest.raises(StopError, match=r"rows\.jsonl has changed while it was read"):
        place.score(reporter=Writes())
    assert not list(place.output.glob("shard-*.jsonl"))


def test_a_folder_that_holds_something_else_is_refused(place):
    place.output.mkdir()
    (place.output / "shard-00001.jsonl").write_text("mine")
    with pytest.raises(MrcaError, match=r"not empty and has no manifest\.json"):
        place.score()
    assert (place.output / "shard-00001.jsonl").read_text() == "mine"


def test_one_process_at_a_time(place):
    class Meets(SilentReporter):
        def rows(self, number: int) -> None:
            with pytest.raises(MrcaError, match="Another process is writing to out"):
                place.score()

    place.score(reporter=Meets())
    assert place.lines() == ALL


# === A manifest of somebody else ===


def test_nothing_outside_the_folder_is_written_or_deleted(place):
    """Whatever a manifest and the files beside it say."""
    outside = place.rows.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    place.score()
    manifest = place.output / "manifest.json"
    stored = json.loads(manifest.read_text())
    names = ["../outside/precious", os.fspath(outside / "precious")]
    for hostile in (
        {**stored, "results": names},
        {**stored, "inputs": [{**stored["inputs"][0], "path": names[0]}]},
        {**stored, "shards": [["../outside/precious", 0, None, 1]]},
    ):
        manifest.write_text(json.dumps(hostile))
        with pytest.raises(MrcaError):
            place.score()
    manifest.write_text(json.dumps(stored))
    for name in ("shard-00001.jsonl", "shard-00001.done", "shard-00002.done"):
        (place.output / name).unlink()
        (place.output / name).symlink_to(outside / "precious")
    (place.output / ".shard-00009.jsonl.1.partial").symlink_to(outside)
    place.score()
    assert place.lines() == ALL
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious": "precious"}


@pytest.mark.parametrize(
    "shards",
    [
        [],
        [[0, 0, 50, 1]],
        [[0, 0, None, 1], [0, 0, None, 1]],
        [[0, 5, None, 1]],
        [[1, 0, None, 1]],
        [[-1, 0, None, 1]],
        [[0, 0, 9, 1], [0, 5, "SIZE", 2]],
        [[0, 0, 9, 7], [0, 9, "SIZE", 8]],
        [[0, 9, "SIZE", 1], [0, 0, 9, 1]],
        [[0, 0, 0, 1], [0, 0, "SIZE", 1]],
        [[0, 0, None, 1, 1]],
        "nonsense",
    ],
)
def test_a_manifest_that_does_not_read_each_row_once_is_refused(place, shards):
    place.score()
    path = place.output / "manifest.json"
    stored = json.loads(path.read_text())
    size = stored["inputs"][0]["size"]
    path.write_text(json.dumps({**stored, "shards": shards}).replace('"SIZE"', str(size)))
    with pytest.raises(MrcaError, match=r"manifest\.json is damaged"):
        place.score()


def test_a_cut_inside_a_line_gives_no_rows(place):
    place.score()
    path = place.output / "manifest.json"
    stored = json.loads(path.read_text())
    size = stored["inputs"][0]["size"]
    path.write_text(json.dumps({**stored, "shards": [[0, 0, 9, 1], [0, 9, size, 2]]}))
    (place.output / "shard-00002.done").unlink()
    assert "No line of rows.jsonl begins at byte 9" in place.score().failed["shard-00002"]


# === Shards that fail ===


def test_a_shard_that_fails_is_listed_and_the_rest_goes_on(place):
    lines = place.rows.read_text().splitlines(keepends=True)
    lines[20] = '{"text": "a boom"}\n'
    place.rows.write_text("".join(lines))
    packed = place.rows.parent / "broken.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"text": "a"}\n' * 99)[:-12])
    summary = place.score("broken.jsonl.gz", "rows.jsonl")
    (broken, boom), said = summary.failed, summary.failed
    assert broken == "shard-00001"
    assert "broken.jsonl.gz is a broken gzip file" in said[broken]
    assert said[boom] == "ArithmeticError: boom"
    assert len(summary.records) == summary.shards - 2
    assert len(place.lines()) == 36  # without the shard of the row that is too much
    assert place.score("broken.jsonl.gz", "rows.jsonl").failed.keys() == said.keys()


def test_a_shard_whose_workers_die_is_listed(place, monkeypatch):
    class Dying:
        places, is_here = 2, False

        def __init__(self):
            self.tasks = []

        def submit(self, key, job, *arguments):
            self.tasks.append((key, job, arguments))
            assert len(self.tasks) <= 4  # not all at once

        def wait(self, seconds):
            key, job, arguments = self.tasks.pop(0)
            if key == "shard-00003":
                return [Ended(key, error=MrcaError("3 workers died of it"), deaths=3)]
            return [Ended(key, job(*arguments))]

    @contextmanager
    def dying(*arguments, **options):
        yield Dying()

    monkeypatch.setattr("mrca.bulk.scoring.open_executor", dying)
    summary = place.score()
    assert summary.failed == {"shard-00003": "3 workers died of it"}
    assert len(summary.records) == summary.shards - 1


def test_what_is_wrong_with_the_model_is_no_shards_fault(place, monkeypatch):
    def damaged(model, asked):
        raise MrcaError("The run is damaged.")

    monkeypatch.setattr("mrca.bulk.score_shard.answers_of", damaged)
    with pytest.raises(MrcaError, match=r"The run is damaged\."):
        place.score()


def test_no_room_stops_everything_and_is_said(place, monkeypatch):
    def full(self, number, record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mrca.bulk.score_shard.Results.write_record", full)
    with pytest.raises(MrcaError, match="Cannot write to out: No space left on device"):
        place.score()
