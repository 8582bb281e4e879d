"""Reports as rich tables. Nothing is printed here: the command line decides where they go."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from mrca.datasets import sample_note
from mrca.errors import counted
from mrca.evaluation import (
    DocumentReport,
    ErrorPatterns,
    FactScores,
    PairConfusion,
    PrecisionThreshold,
    Report,
    Score,
)
from mrca.evaluation.document_report import PairGroup
from mrca.reporting.bar import bar
from mrca.text import RelationSet

if TYPE_CHECKING:
    from mrca.models import Prediction

BAR_CELLS = 8
CONFUSED_SHOWN = 5
UNDEFINED = "–"


def document_tables(
    report: DocumentReport, title: str, before: DocumentReport | None = None
) -> list[Table]:
    """Summary, groups of relations, rows, facts and pairs, errors, confused pairs, every relation.

    Args:
        report: what `evaluate_candidates` returned.
        title: what was measured, such as "webnlg, test"; a score of the sample corpus is named a
            sample here.
        before: the same under the decision that was replaced, shown next to it.

    Returns:
        Tables in the order in which they are read; those without content are left out.
    """
    if report.oracle:
        title += "\noracle marks: only the entities of the facts are marked"
    facts = report.candidates
    rows = report.documents or facts
    counted_in_training = "facts" if report.documents else "documents"
    groups = _groups(facts, f"by number of training {counted_in_training}")
    tables = [_summary(report, title, before), groups, _by_relation_count(rows)]
    if report.facts is not None:
        tables.append(_facts(report.facts))
    if report.by_distance:
        tables.append(_pair_groups("by tokens between the entities", report.by_distance))
    if report.by_types:
        tables.append(_pair_groups("by types of subject and object", report.by_types))
    if report.patterns is not None:
        tables.append(_patterns(report.patterns))
    if report.facts is not None:
        tables.append(_pair_confusion(report.facts.confusion))
    if facts.confused:
        tables.append(_confused(facts))
    return [*tables, _relations(facts)]


def run_table(name: str, metrics: Mapping[str, Any]) -> Table:
    """The scores of a run that has just been trained, one line a split.

    Args:
        name: the run's.
        metrics: what its `metrics.json` holds.
    """
    splits = metrics["splits"]
    pairs = any(report["documents"] for report in splits.values())
    oracle = any(report["oracle"] for report in splits.values())
    columns = ["P", "R", "F1", "macro F1"]
    table = _table(
        f"{name}{sample_note(metrics['corpus'])}" + (", oracle marks" if oracle else ""),
        "facts" if pairs else "relations",
        [*columns, "relations of a document: F1", "false positives of empty pairs"]
        if pairs
        else columns,
    )
    for split, report in splits.items():
        cells = [_number(report["micro"][key]) for key in ("precision", "recall", "f1")]
        cells.append(_number(report["macro"]["f1"]))
        if pairs:
            cells.append(_number(report["documents"]["micro"]["f1"]))
            cells.append(_number(report["empty_candidates"]["rate"]))
        table.add_row(split, *cells)
    return table


def examples_table(predictions: Sequence["Prediction"], title: str, *, pairs: bool) -> Table:
    """Documents with what is predicted, ticked where it is gold; what is missed is listed too.

    Args:
        predictions: of documents that say what is gold.
        title: whose documents they are.
        pairs: whether pairs of entities were asked about.
    """
    table = _table(title, "facts" if pairs else "relations", ["score", "gold"])
    table.columns[2].justify = "center"
    for prediction in predictions:
        document = prediction.document
        text = document.text or " ".join(document.tokens)
        table.add_row(Text(text, style="italic"), "", "")
        names = [entity.name for entity in document.entities]
        gold: list[tuple[str, ...]] = (
            [(names[fact.subject], fact.relation, names[fact.object]) for fact in document.facts]
            if pairs
            else [(label,) for label in document.labels]
        )
        found: list[tuple[tuple[str, ...], float]] = (
            [
                ((one.subject_entity.name, one.relation, one.object_entity.name), one.score)
                for one in prediction.facts
            ]
            if pairs
            else [((name,), score) for name, score in prediction.relations]
        )
        for words, score in found:
            table.add_row(_fact_line(words), f"{score:.2f}", "✓" if words in gold else "no")
        for words in dict.fromkeys(gold):
            if words not in [one for one, _ in found]:
                table.add_row(_fact_line(words), "missed", "✓", style="dim")
        table.add_section()
    return table


def runs_table(summary: Mapping[str, Any], title: str) -> Table:
    """Several seeds in one table: mean ± standard deviation.

    Args:
        summary: what `summarise_runs` returned.
        title: what was measured.
    """
    pairs = bool(summary.get("documents"))
    table = _table(
        f"{title}: {counted(summary['runs'], 'run')}, mean ± standard deviation (n - 1)",
        "facts" if pairs else "relations",
        ["precision", "recall", "F1"],
    )
    for key in ("micro", "macro", "macro_present"):
        if summary.get(key):
            table.add_row(key.replace("_", " "), *_spreads(summary[key]))
    for group, measures in summary.get("groups", {}).items():
        if measures:
            table.add_row(f"{group} (micro)", *_spreads(measures["micro"]))
    if pairs:
        table.add_section()
        table.add_row("relations of a document", *_spreads(summary["documents"]["micro"]))
        for name, words in FACTS.items():
            if summary.get(name):
                table.add_row(words, *_spreads(summary[name]))
        table.add_section()
    for what, key in (("pairs", "empty_candidates"), ("documents", "empty_documents")):
        rate = summary.get(key, {}).get("rate")
        if rate and (pairs or what == "documents"):
            table.add_row(f"false positives of empty {what}", "", "", _spread(rate))
    return table


def threshold_table(
    threshold: float | Sequence[float],
    relations: RelationSet,
    reached: PrecisionThreshold | None = None,
    own: Score | None = None,
) -> Table:
    """Thresholds that were chosen on validation, with the relations that they are for.

    Args:
        threshold: one for all relations, or one for each.
        relations: their names.
        reached: what they give on validation, where they were chosen for a precision.
        own: what the decision that they replace gives there.
    """
    columns = ["threshold", *(["P", "R", "gold"] if reached else [])]
    title = "chosen on validation"
    caption = None
    if reached is not None:
        title += f" for a precision of {reached.wish:g}"
        if not reached.reached:
            caption = f"Not reached: {reached.score.precision:.4f} in all."
    table = _table(title, "relation", columns, caption)

    def scored(score: Score | None) -> list[str]:
        if score is None:
            return []
        return [*_cells(score)[:2], str(score.support)]

    if isinstance(threshold, float):
        table.add_row("all", f"{threshold:.4f}", *scored(reached.score if reached else None))
    else:
        notes: dict[int, str] = {}
        if reached is not None:
            notes = dict.fromkeys(reached.unreachable, "never predicted: out of reach")
            notes |= dict.fromkeys(reached.without_own, "that of all: too few gold")
        for column, (name, value) in enumerate(zip(relations, threshold, strict=True)):
            score = reached.relations[column] if reached else None
            note = f"  ({notes[column]})" if column in notes else ""
            table.add_row(Text(name + note), f"{value:.4f}", *scored(score))
        if reached is not None:
            table.add_section()
            table.add_row("all", "", *scored(reached.score))
    if reached is not None and own is not None:
        precise = "  (has it already)" if own.precision >= reached.wish else ""
        table.add_row(f"the decision before{precise}", "", *scored(own))
    return table


def _summary(report: DocumentReport, title: str, before: DocumentReport | None) -> Table:
    facts, documents = report.candidates, report.documents
    notes = list(facts.notes[:2])
    if before and before.calibration_error is None and report.calibration_error is not None:
        notes.append(
            "Before, there was no calibration error: some scores were outside [0, 1], and so no "
            "probabilities."
        )
    table = _table(
        title,
        "facts" if documents else "relations",
        ["P", "R", "F1", "gold", *(["F1 before"] if before else [])],
        " ".join(notes),
    )

    def add(
        name: str, pick: Callable[[DocumentReport], Score | None], style: str | None = None
    ) -> None:
        score, was = pick(report), pick(before) if before else None
        old = [_number(was.f1 if was else None)] if before else []
        table.add_row(name, *_cells(score), str(score.support if score else 0), *old, style=style)

    def tell(name: str, pick: Callable[[DocumentReport], float | None], of: str = "") -> None:
        old = [_number(pick(before))] if before else []
        table.add_row(name, "", "", _number(pick(report)), of, *old)

    def rows(each: DocumentReport) -> Report:
        return each.documents or each.candidates

    add("micro", lambda each: each.candidates.micro, "bold")
    add("macro", lambda each: each.candidates.macro)
    add("macro present", lambda each: each.candidates.macro_present)
    if documents is not None:
        table.add_section()
        add("relations of a document", lambda each: rows(each).micro, "bold")
        add("  macro", lambda each: rows(each).macro)
    table.add_section()
    if documents is not None:
        table.add_row("pairs of entities", "", "", "", f"{facts.rows:,}")
    table.add_row("documents", "", "", "", f"{rows(report).rows:,}")
    tell("  exact match", lambda each: rows(each).exact_match)
    if facts.average_precision is not None:
        tell("average precision", lambda each: each.candidates.average_precision)
    if documents is not None and report.empty_candidates.rows:
        of = f"{report.empty_candidates.rows:,}"
        tell("false positives of empty pairs", lambda each: each.empty_candidates.rate, of)
    if report.empty_documents.rows:
        of = f"{report.empty_documents.rows:,}"
        tell("false positives of empty documents", lambda each: each.empty_documents.rate, of)
    if report.missed:
        table.add_row("facts that no pair asks about", "", "", "", f"{report.missed:,}")
    if report.calibration_error is not None:
        tell("calibration error (highest scores)", lambda each: each.calibration_error)
    return table


def _fact_line(words: tuple[str, ...]) -> Text:
    if len(words) == 1:
        return Text(f"  {words[0]}")
    subject, relation, object_ = words
    return Text.assemble("  ", subject, (f"  {relation}  ", "cyan"), object_)


# What `FactScores` holds, in words.
FACTS = {
    "ign": "not known from training (Ign)",
    "ign_macro": "  macro",
    "ign_distant": "not known from distant texts (Ign)",
    "intra": "intra-sentence",
    "inter": "inter-sentence",
    "infer": "inferable from two others (Infer)",
    "infer_all": "  with those two",
    "related": "pairs that are related at all",
}


def _facts(found: FactScores) -> Table:
    captions = {
        "ign": "Ign: known facts count neither as found nor as predicted; recall is of all facts, "
        "as in DocRED's official scorer.",
        "intra": "Intra-sentence: two mentions share a sentence.",
        "infer": "Infer: (h, t) where facts (h, o) and (o, t) are gold too; precision over all "
        "pairs (h, t) with such a path.",
    }
    caption = " ".join(text for name, text in captions.items() if getattr(found, name))
    table = _table("by kind of fact", "facts", ["P", "R", "F1", "gold"], caption)
    for name, words in FACTS.items():
        score: Score | None = getattr(found, name)
        if score is not None:
            table.add_row(words, *_cells(score), f"{score.support:,}")
    return table


def _pair_confusion(found: PairConfusion) -> Table:
    table = _table(
        "predicted and missed facts",
        "fact",
        ["facts", "share"],
        "Gold facts of a pair for which only other relations are predicted are in neither C nor "
        "MS.",
    )
    for name, words in {
        "correct": "correct (C)",
        "wrong": "wrong relation, of a related pair (W)",
        "more": "predicted of an unrelated pair (MR)",
        "missed": "missed, nothing predicted of the pair (MS)",
    }.items():
        table.add_row(words, f"{getattr(found, name):,}", _number(found.share(name)))
    return table


def _pair_groups(title: str, groups: Sequence[PairGroup]) -> Table:
    table = _table(title, "pair", ["pairs", "gold", "P", "R", "F1"])
    for group in groups:
        scored = group.score if group.score.support else None
        table.add_row(
            Text(group.name), f"{group.candidates:,}", f"{group.score.support:,}", *_cells(scored)
        )
    return table


def _patterns(found: ErrorPatterns) -> Table:
    table = _table("errors", "pattern", ["rows", "share", "what"])
    table.columns[-1].justify = "left"
    irk = None if found.fn_crk_share is None else 1 - found.fn_crk_share
    for name, rows, share, what in (
        ("F of all", found.false, found.false_share, "wrong: FP or FN"),
        ("FP of F", found.fp, found.fp_share, "predicted, and not exactly what is gold"),
        ("FN of F", found.fn, found.fn_share, "gold, and nothing predicted"),
        ("  FN_CRK of FN", found.fn_crk, found.fn_crk_share, "gold ranked first, yet too low"),
        ("  FN_IRK of FN", found.fn_irk, irk, "another relation ranked above gold"),
    ):
        table.add_row(name, f"{rows:,}", _number(share), what)
    return table


def _groups(report: Report, title: str) -> Table:
    columns = [
        "relations",
        "present",
        "P",
        "R",
        "micro F1",
        "macro F1",
        "macro present F1",
    ]
    table = _table(title, "group", columns, report.notes[2])
    for name, group in report.groups.items():
        if group is None:
            table.add_row(name, *[UNDEFINED] * len(columns))
            continue
        table.add_row(
            name,
            str(group.relations),
            str(group.present),
            *_cells(group.micro),
            _number(group.macro.f1),
            _number(group.macro_present.f1),
        )
    return table


def _by_relation_count(report: Report) -> Table:
    table = _table(
        "by number of gold relations in the document",
        "gold",
        [
            "documents",
            "exact",
            "FP",
            "P",
            "R",
            "micro F1",
            "macro F1",
            "macro present F1",
        ],
        "exact: exact match; FP: false positives",
    )
    for count, entry in report.by_relation_count.items():
        table.add_row(
            count,
            str(entry.rows),
            _number(entry.exact_match),
            str(entry.false_positives),
            *_cells(entry.micro),
            _number(entry.macro.f1 if entry.macro else None),
            _number(entry.macro_present.f1 if entry.macro_present else None),
        )
    return table


def _confused(report: Report) -> Table:
    table = _table(
        "most often confused",
        "missed",
        ["predicted instead", "rows", "rows missed"],
        "rows: those in which the first is gold and missed, the second predicted wrongly",
    )
    table.columns[1].justify = "left"
    table.columns[1].overflow = "fold"
    for pair in report.confused[:CONFUSED_SHOWN]:
        table.add_row(
            Text(pair.missed), Text(pair.predicted), str(pair.rows), str(pair.rows_missed)
        )
    return table


def _relations(report: Report) -> Table:
    all_present = all(entry.score.support for entry in report.relations.values())
    table = _table(
        "by relation, most frequent in training first",
        "relation",
        ["train", "gold", "pred.", "P", "R", "F1"],
        None if all_present else f"{UNDEFINED}: no positive in this split",
    )
    table.add_column("", justify="left", no_wrap=True, min_width=BAR_CELLS)
    order = report.limits.names.index
    ranked = sorted(
        report.relations.items(),
        key=lambda item: (order(item[1].group), -item[1].train_count, item[0]),
    )
    group = ranked[0][1].group
    for name, entry in ranked:
        if entry.group != group:
            table.add_section()
            group = entry.group
        present = entry.score.support > 0
        table.add_row(
            Text(name),  # a Text, so that brackets in a name are not read as markup
            str(entry.train_count),
            str(entry.score.support),
            str(entry.predicted),
            *_cells(entry.score if present else None),
            bar(entry.score.f1, BAR_CELLS) if present else "",
            style=None if present else "dim",
        )
    return table


def _table(title: str, first: str, columns: list[str], caption: str | None = None) -> Table:
    table = Table(
        title=Text(title, style="bold"),
        caption=Text(caption) if caption else None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column(first, overflow="fold", min_width=_longest_word(first))
    for column in columns:
        table.add_column(column, justify="right", min_width=_longest_word(column))
    return table


def _longest_word(heading: str) -> int:
    """A heading breaks between words, never within one."""
    return max(map(len, heading.split()))


def _cells(score: Score | None) -> list[str]:
    if score is None:
        return [UNDEFINED] * 3
    return [_number(value) for value in (score.precision, score.recall, score.f1)]


def _number(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.4f}"


def _spreads(score: Mapping[str, Any]) -> list[str]:
    return [_spread(score[name]) for name in ("precision", "recall", "f1")]


def _spread(measure: Mapping[str, float | None]) -> str:
    mean, deviation = measure["mean"], measure["deviation"]
    return _number(mean) + ("" if deviation is None else f" ± {_number(deviation)}")
