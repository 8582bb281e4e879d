"""What a worker process does when it cannot work."""

import pytest

pytest.importorskip("keras_tuner")


def test_what_all_trials_need_and_lack_is_the_last_line_of_a_workers_log(
    make_space, tmp_path, monkeypatch, capsys
):
    from mrca.experiments.search import worker
    from mrca.experiments.search.trial_watch import UNAVAILABLE, UnavailableError
    from mrca.experiments.search.workers import WorkerJob

    class Tuner:
        def search(self):
            raise UnavailableError("The corpus was not found. Looked in:\n  here\n  there\n")

    for name in ("beat", "describe_search", "check_unchanged", "make_oracle"):
        monkeypatch.setattr(worker, name, lambda *_: None)
    monkeypatch.setattr(worker, "load_space", lambda _: make_space())
    monkeypatch.setattr(worker, "SearchTuner", lambda *_: Tuner())
    for name in ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"):
        monkeypatch.setenv(name, "1")
    with pytest.raises(SystemExit) as ended:
        worker.main([WorkerJob(tmp_path).to_json()])
    assert ended.value.code == UNAVAILABLE
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "The corpus was not found. Looked in: here there"
