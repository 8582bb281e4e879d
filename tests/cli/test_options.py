import shlex

import pytest

from mrca.cli.options import resume_command, say_next, typed_command


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
