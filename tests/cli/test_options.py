import shlex
import subprocess
import sys

import pytest
import typer

from mrca.cli.options import ignore_option, parse_seeds, resume_command, say_next, typed_command


@pytest.fixture(autouse=True)
def typed(monkeypatch):
    """What stands on the command line."""
    words = ["mrca", "train", "--name", "my run", "--resume"]
    monkeypatch.setattr("sys.argv", words)


def test_what_was_typed_can_be_typed_again():
    assert typed_command() == "mrca train --name 'my run' --resume"


def test_resume_is_added_once():
    assert shlex.split(resume_command()) == ["mrca", "train", "--name", "my run", "--resume"]


def test_the_next_step_is_no_result(capsys):
    say_next("mrca evaluate saved_models/mine")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Next: mrca evaluate saved_models/mine\n")


def test_seeds_are_a_number_or_themselves():
    assert (parse_seeds("3"), parse_seeds("1,5, 42")) == (3, (1, 5, 42))
    for wrong in ("", "0", "-1", "three", "1,", "1,1", "1;5", "1,4294967296"):
        with pytest.raises(typer.BadParameter, match="Expected a number of runs"):
            parse_seeds(wrong)


def test_each_of_several_next_steps_has_a_line(capsys):
    say_next("mrca evaluate saved_models/mine", "mrca predict saved_models/mine ROWS.jsonl")
    assert capsys.readouterr().err == (
        "Next: mrca evaluate saved_models/mine\n  or: mrca predict saved_models/mine ROWS.jsonl\n"
    )


def test_a_run_that_is_not_there_is_said_before_keras_is_loaded(tmp_path):
    commands = [
        ["evaluate", "none"],
        ["predict", "none", "rows.jsonl"],
        ["export", "none"],
        ["demo", "none"],
        ["compare", "none", "other"],
        ["train", "--dataset", "sample", "--teacher", "none"],
        ["train", "--init-from", "none"],
    ]
    script = f"""
import sys
from mrca.cli.main import main
for arguments in {commands}:
    sys.argv = ["mrca", *arguments]
    try:
        main()
    except SystemExit as ended:
        print(ended.code, "keras" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["1 False"] * len(commands)
    assert done.stderr.count("There is no run at") == len(commands)


def test_what_official_scores_leave_out_is_an_option():
    assert ignore_option(["born_in", "no_relation"]) == " --ignore no_relation"
    assert ignore_option(["born_in", "another"]) == ""
