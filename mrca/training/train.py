"""From a configuration to a run folder."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras

from mrca import losses
from mrca.config import RunConfig, dump_config
from mrca.datasets import Corpus, LabelStatistics, label_statistics, load_corpus
from mrca.datasets.sample_note import sample_note
from mrca.errors import MrcaError, check_installed
from mrca.evaluation import plot_history
from mrca.resources import replace_folder, require_room
from mrca.samplers import Sampler
from mrca.training import run_folder
from mrca.training.card import write_card
from mrca.training.checkpoint import Checkpoint
from mrca.training.combinations import BILATERAL_BRANCH, check_combination
from mrca.training.determinism import enable_determinism
from mrca.training.distillation import load_teacher
from mrca.training.environment import describe_environment
from mrca.training.evaluate_split import evaluate_split
from mrca.training.learn import learn
from mrca.training.preflight import check_labels, check_loss, check_output
from mrca.training.reporter import Reporter, SilentReporter
from mrca.training.run import Run, load
from mrca.training.source import Source, open_source


def train(
    config: RunConfig,
    output: str | Path,
    *,
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    splits: Sequence[str] = ("valid", "test"),
    keep_state: bool = False,
    reporter: Reporter | None = None,
) -> Run:
    """Train a model and write its run folder.

    Until it is finished the run lives in `<output>.unfinished`, whence `resume` takes it up after
    the last whole epoch; then it gets its name in one rename.

    Args:
        config: what to train; see `mrca.load_preset`.
        output: the run folder to write, such as `saved_models/webnlg`.
        data_dir: a folder of corpora to look in first.
        vectors_dir: a folder of word vectors to look in first.
        resume: go on with an unfinished run of the same configuration, if there is one; a finished
            one is returned as it is.
        overwrite: replace a finished run of that name, and an unfinished one unless `resume`.
        splits: what the finished run is evaluated on, where the corpus has it.
        keep_state: leave what `resume` needs in the finished run, so that a copy of it can be
            trained for more epochs.
        reporter: told about progress.

    Returns:
        The finished run, ready to predict.

    Raises:
        MrcaError: before anything is written, if the training cannot work.
    """
    reporter = reporter or SilentReporter()
    folder = Path(output)
    unfinished = run_folder.unfinished_folder(folder)
    check_output(config, folder, resume=resume, overwrite=overwrite)
    if folder.exists() and not overwrite:
        reporter.message(f"{folder} is finished already.")
        return load(folder)
    losses.check(config.loss.name, config.loss.options)
    corpus = load_corpus(
        config.data.dataset,
        data_dir,
        unmatched=config.data.unmatched,
        progress=partial(reporter.preparing, f"fetching {config.data.dataset}"),
    )
    counts = label_statistics(corpus.splits["train"], corpus.relations)
    check_labels(corpus, counts)
    loss = losses.for_corpus(
        config.loss.name, config.loss.options, counts.counts, counts.num_samples
    )
    check_combination(config, loss)
    columns = loss.columns(len(corpus.relations))
    teacher = load_teacher(config, corpus.relations, columns)
    check_loss(loss, len(corpus.relations))
    sampler = _sampler(config, corpus)
    source = open_source(config, corpus, vectors_dir, reporter)
    built_on = source.describe()
    if teacher is not None:
        fingerprint = run_folder.fingerprint_of_run(teacher.folder)
        built_on["teacher"] = {"name": str(teacher.folder), "fingerprint": fingerprint}
    environment = describe_environment(corpus, built_on, config.training.seed)
    if config.training.tensorboard:
        check_installed("training.tensorboard", "tensorboard", "tensorboard")
    goes_on = resume and run_folder.is_resumable(unfinished)
    if not goes_on:
        _check_room(folder, source.bytes_needed(columns))
    _tell_about_rows(corpus, config, loss, source, reporter)

    keras.utils.set_random_seed(config.training.seed)
    if config.training.deterministic:
        enable_determinism()
    if goes_on:
        _check_unchanged(unfinished, environment)
    else:
        if unfinished.exists():
            shutil.rmtree(unfinished)
        _write_start(unfinished, config, corpus, counts, source, environment)
    checkpoint = Checkpoint(unfinished, config.training.patience)
    learnt = learn(source, config, corpus, loss, teacher, sampler, checkpoint, reporter)

    run = Run(unfinished, config, learnt.model, corpus.relations, counts, learnt.rule)
    metrics = {
        "corpus": corpus.name,
        "epochs": checkpoint.next_epoch,
        "best_epoch": checkpoint.best["epoch"] if checkpoint.history else 0,
        **learnt.found,
        "splits": {
            split: evaluate_split(run, corpus, split).to_dict()
            for split in splits
            if split in corpus.splits
        },
    }
    learnt.model.save(unfinished)
    run_folder.write_json(unfinished / run_folder.DECISION, learnt.rule.get_config())
    run_folder.write_json(unfinished / run_folder.METRICS, metrics)
    run_folder.write_text(
        unfinished / run_folder.CARD,
        write_card(folder.name, config, corpus.relations, metrics, environment),
    )
    if checkpoint.history:
        title = f"{folder.name}: training on {corpus.name}{sample_note(corpus.name)}"
        figure = plot_history(checkpoint.history, title=title)
        figure.savefig(unfinished / run_folder.HISTORY_FIGURE, dpi=150)
    if folder.exists() and not overwrite:
        raise MrcaError(
            f"{folder} has appeared while this run was trained, and is left as it is. Rename it "
            "and finish this one with --resume."
        )
    replace_folder(unfinished, folder)
    if not keep_state:
        Checkpoint(folder, config.training.patience).remove()
    return load(folder)


def _tell_about_rows(
    corpus: Corpus,
    config: RunConfig,
    loss: losses.MultiLabelLoss,
    source: Source,
    reporter: Reporter,
) -> None:
    for note in corpus.notes:
        reporter.message(str(note))
    if corpus.unmatched:
        reporter.message(
            f"Mentions that are not in their sentence: {len(corpus.unmatched):,} (see `mrca data "
            f"validate {corpus.folder}`); data.unmatched is {config.data.unmatched!r}."
        )
    if source.note:
        reporter.message(source.note)
    if cut := source.cut_rows(corpus):
        reporter.message(
            f"Sentences cut at {config.features.max_length} {source.unit}: {cut:,} "
            "(features.max_length)."
        )
    follows_epochs = (
        config.training.sampler == "progressively_balanced"
        or config.classifier.name == BILATERAL_BRANCH
    )
    if follows_epochs and config.training.patience < config.training.epochs:
        reporter.message(
            f"The balance moves over all {config.training.epochs} epochs, but training stops "
            f"{config.training.patience} epochs after the best one. To see it through, set "
            f"training.patience={config.training.epochs}."
        )
    rows = corpus.splits["train"]
    others = sum(len(row.labels) != 1 for row in rows)
    if others and isinstance(loss.decision_rule, losses.LargestScore):
        reporter.message(
            f"{others} of {len(rows)} training rows have no relation or several, and the loss "
            f"{config.loss.name!r} decides for exactly one in each row."
        )


def _sampler(config: RunConfig, corpus: Corpus) -> Sampler:
    return Sampler(
        config.training.sampler,
        corpus.relations.multi_hot([example.labels for example in corpus.splits["train"]]),
        seed=config.training.seed,
        epochs=config.training.epochs,
    )


def _check_room(folder: Path, needed: int) -> None:
    place = next(parent for parent in folder.resolve().parents if parent.exists())
    require_room(place, needed, f"the run {folder}")


def _check_unchanged(unfinished: Path, environment: dict[str, Any]) -> None:
    parts = [
        name
        for name, value in environment.items()
        if isinstance(value, dict) and "fingerprint" in value
    ]
    with run_folder.reading(unfinished / run_folder.ENVIRONMENT) as kept:
        started_with = {what: kept[what]["fingerprint"] for what in parts}
    for what, fingerprint in started_with.items():
        if fingerprint != environment[what]["fingerprint"]:
            raise MrcaError(
                f"The {what} {environment[what]['name']!r} has changed since the unfinished run "
                f"{unfinished} was started. Start over with --overwrite."
            )


def _write_start(
    unfinished: Path,
    config: RunConfig,
    corpus: Corpus,
    counts: LabelStatistics,
    source: Source,
    environment: dict[str, Any],
) -> None:
    """Write what is known before training, or nothing."""
    label_counts = dict(zip(corpus.relations, counts.counts, strict=True))
    try:
        unfinished.mkdir(parents=True)
        run_folder.write_text(unfinished / run_folder.CONFIG, dump_config(config))
        source.write(unfinished)
        run_folder.write_json(unfinished / run_folder.RELATIONS, list(corpus.relations))
        run_folder.write_json(
            unfinished / run_folder.LABEL_COUNTS,
            {"num_samples": counts.num_samples, "counts": label_counts},
        )
        run_folder.write_json(unfinished / run_folder.ENVIRONMENT, environment)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, OSError):
            raise MrcaError(
                f"Cannot write the run {unfinished}: {error.strerror or error}."
            ) from error
        raise
