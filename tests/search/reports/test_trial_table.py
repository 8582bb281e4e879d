import csv
import io

from rich.console import Console

from mrca.search.trial_table import trial_table, trials_csv, trials_markdown


def shown(table, width=160):
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue()


def test_the_best_comes_first_and_every_setting_that_was_searched_is_shown(make_trials):
    trials = make_trials(12)
    best = max((each for each in trials if each.status == "done"), key=lambda each: each.score)
    text = shown(trial_table(trials, "micro.f1", "a search"))
    rows = [line for line in text.splitlines() if line.strip().startswith("00")]
    assert len(rows) == 12
    assert rows[0].split()[:6] == [best.id, "done", f"{best.score:.4f}", "0.0141", "1,234,567",
                                   "1:02:05"]  # fmt: skip
    assert all(word in text for word in ("rc_dice", "case true", "case false", "units 16"))
    assert "learning_rate 0.00" in text
    assert "The loss is [NaN] | no number." in text  # and brackets are no markup
    assert "micro.f1 on the validation split" in text


def test_markdown_has_the_same_rows_and_keeps_its_columns(make_trials):
    lines = trials_markdown(make_trials(12), "micro.f1").splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    assert len(rows) == 12
    assert rows[0].startswith("| **00")
    assert all(row.replace("\\|", "").count("|") == 8 for row in rows)
    assert "*The loss is [NaN] \\| no number.*" in rows[-1]


def test_csv_has_every_setting_unrounded(make_trials):
    trials = make_trials(12)
    rows = list(csv.DictReader(io.StringIO(trials_csv(trials))))
    assert len(rows) == 12
    by_id = {trial.id: trial for trial in trials}
    for row in rows:
        trial = by_id[row["trial"]]
        assert float(row["training.learning_rate"]) == trial.settings["training.learning_rate"]
        assert row["features.case"] == str(trial.settings["features.case"]).lower()
        assert (row["loss.options.gamma"] == "") == (trial.settings["loss.name"] == "rc_dice")
        assert row["score"] == ("" if trial.score is None else str(trial.score))
