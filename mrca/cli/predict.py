"""`mrca predict`."""

import shlex

from mrca.bulk.answers import Form, RunAnswers
from mrca.cli.options import MovedEncoder, OtherVectors, RunFolder
from mrca.cli.prediction_lines import (
    AtError,
    OnError,
    ResultForm,
    RowsFile,
    Threshold,
    Top,
    write_predictions,
)
from mrca.quiet import quiet_start


def predict(
    run: RunFolder,
    file: RowsFile = "-",
    threshold: Threshold = None,
    top: Top = None,
    form: ResultForm = Form.JSONL,
    on_error: AtError = OnError.STOP,
    vectors: OtherVectors = None,
    encoder: MovedEncoder = None,
) -> None:
    """Say who is related to whom in each row: rows in, JSON Lines out, in the same order.

    Each output line has the row's `line` number, its `id` if it has one, and `facts`: subject and
    object with their text, offsets, type and id, the relation, and a score, best first. (Of a run
    that asks about whole texts, `relations` with their scores.) A skipped line has an `error`
    instead, and the exit code is 1 at the end. Any size of file streams through.
    """
    with quiet_start():
        from mrca import training

    loaded = training.load(run, vectors, encoder)
    write_predictions(
        file,
        on_error,
        RunAnswers(loaded, form, threshold, top),
        form=form,
        then=f"mrca evaluate {shlex.quote(str(run))}",
    )
