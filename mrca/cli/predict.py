"""`mrca predict`."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from mrca.cli.native_logs import quiet_start
from mrca.errors import MrcaError
from mrca.text import counted

if TYPE_CHECKING:
    from mrca.datasets import Row
    from mrca.training import Run


class OnError(StrEnum):
    """What becomes of the rows after one that cannot be used."""

    STOP = "stop"
    SKIP = "skip"


def predict(
    run: Annotated[Path, typer.Argument(help="The run folder, or its name in saved_models/.")],
    file: Annotated[
        str, typer.Argument(help="JSON Lines (docs/data-format.md); - is standard input.")
    ] = "-",
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            metavar="",
            help="Ask about one entity pair at a time and give triples: who with whom.",
        ),
    ] = False,
    on_error: Annotated[
        OnError, typer.Option(help="At a line that cannot be used: stop there, or skip it.")
    ] = OnError.STOP,
    vectors: Annotated[
        str | None, typer.Option(help="Word vectors to look unseen words up in.")
    ] = None,
) -> None:
    """Say which relations hold in each row: JSON Lines in, JSON Lines out, in the same order.

    Each output line has the row's `line` number, its `id` if it has one, and `relations` with
    their scores, best first (with --pairs, `triples`). A skipped line has an `error` instead, and
    the exit code is 1 at the end. Any size of file streams through.
    """
    with quiet_start():
        from mrca import training
        from mrca.datasets import iter_jsonl

    loaded = training.load(run, vectors)
    failed = 0
    unmarked = _Unmarked()
    with ExitStack() as stack:
        source = "standard input" if file == "-" else file
        rows = iter_jsonl(_open(file, stack), source)
        while chunk := list(islice(rows, training.CHUNK)):
            bad = [row for row in chunk if row.error is not None]
            if bad and on_error is OnError.STOP:
                _write(loaded, chunk[: chunk.index(bad[0])], pairs, unmarked)
                unmarked.say()
                assert bad[0].error is not None
                raise MrcaError(
                    f"{bad[0].error}\nStopped there. Go on past such lines with --on-error skip."
                )
            for row in bad:
                typer.echo(f"Skipped: {row.error}", err=True)
            failed += len(bad)
            _write(loaded, chunk, pairs, unmarked)
    unmarked.say()
    if failed:
        were = "was" if failed == 1 else "were"
        raise MrcaError(
            f"{counted(failed, 'line')} of {source} could not be used and {were} skipped."
        )


def _open(file: str, stack: ExitStack) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise MrcaError(
            f"Cannot read {file}: {error.strerror}. Expected a JSON Lines file, or - for standard "
            "input."
        ) from None


class _Unmarked:
    """Counts the rows in which no entity is marked: the model learned from marked ones."""

    def __init__(self) -> None:
        self.count = 0
        self.first_lines: list[int] = []

    def add(self, line: int) -> None:
        self.count += 1
        if len(self.first_lines) < 5:
            self.first_lines.append(line)

    def say(self) -> None:
        if not self.count:
            return
        more = ", …" if self.count > len(self.first_lines) else ""
        lines = "lines " if self.count > 1 else "line "
        lines += ", ".join(map(str, self.first_lines))
        typer.echo(
            f"Note: no entity is marked in {counted(self.count, 'row')} ({lines}{more}). "
            'Give "subjects" and "objects" that stand in the text; without them the relations '
            "are a guess.",
            err=True,
        )


def _write(run: "Run", rows: "list[Row]", pairs: bool, unmarked: _Unmarked) -> None:
    answers = _answers(run, rows, pairs)
    for row in rows:
        line: dict[str, Any] = {"line": row.line}
        if row.example is None:
            line["error"] = str(row.error)
        else:
            if row.example.id:
                line["id"] = row.example.id
            line.update(next(answers))
            if not (row.example.subjects or row.example.objects):
                unmarked.add(row.line)
            for problem in row.problems:
                typer.echo(f"Note: {problem}", err=True)
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _answers(run: "Run", rows: "list[Row]", pairs: bool) -> Iterator[dict[str, Any]]:
    examples = [row.example for row in rows if row.example is not None]
    if pairs:
        for facts in run.predict_triples_iter(examples):
            triples = [{**fact.triple._asdict(), "score": _rounded(fact.score)} for fact in facts]
            yield {"triples": triples}
    else:
        for answer in run.predict_iter(examples):
            relations = [
                {"relation": name, "score": _rounded(score)} for name, score in answer.relations
            ]
            yield {"relations": relations}


def _rounded(score: float) -> float:
    return round(score, 4)
