import pytest

from mrca import __version__
from mrca.cli import data, main
from mrca.errors import MrcaError


def test_help_lists_the_commands_and_where_to_begin(mrca):
    done = mrca("--help")
    assert done.code == 0
    for command in ("train", "evaluate", "predict", "compare", "data", "vectors", "losses"):
        assert f"│ {command} " in done.out
    assert "Try it offline: mrca train --dataset sample" in done.out


def test_without_a_command_there_is_the_help(mrca):
    done = mrca()
    assert done.code == 2
    assert "Usage: " in done.out + done.err


def test_version(mrca):
    assert mrca("--version") == (0, f"mrca {__version__}\n", "")


def fail_with(monkeypatch, error: Exception) -> None:
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(data, "find_corpus", broken)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MrcaError("Nothing is here. Look there."), "Error: Nothing is here. Look there. "),
        (
            FileNotFoundError(2, "No such file or directory", "rows.jsonl"),
            "Error: No such file or directory (rows.jsonl). ",
        ),
        (MemoryError(), "Error: there is not enough memory. Lower training.batch_size"),
        (
            ZeroDivisionError("by zero"),
            "something that mrca did not expect went wrong: ZeroDivisionError: by zero",
        ),
    ],
)
def test_an_error_is_one_message(mrca, monkeypatch, error, said):
    fail_with(monkeypatch, error)
    done = mrca("data", "list")
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_an_unexpected_error_says_how_to_see_where(mrca, monkeypatch):
    fail_with(monkeypatch, ZeroDivisionError())
    assert "Set MRCA_DEBUG=1 to see where, and please report it." in mrca("data", "list").err
    monkeypatch.setenv("MRCA_DEBUG", "1")
    monkeypatch.setattr("sys.argv", ["mrca", "data", "list"])
    with pytest.raises(ZeroDivisionError):
        main.main()
