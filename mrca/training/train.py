"""From a configuration to a run folder."""

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mrca import losses
from mrca.config import RunConfig, dump_config, load_config
from mrca.datasets import Corpus, LabelStatistics, label_statistics, load_corpus
from mrca.errors import MrcaError
from mrca.evaluation import Report, evaluate, plot_history
from mrca.features import EpochBatches, Vocabulary, training_words
from mrca.metrics import MicroF1
from mrca.models import MRCA
from mrca.text import Example
from mrca.training import run_folder
from mrca.training.card import write_card
from mrca.training.checkpoint import Checkpoint
from mrca.training.determinism import enable_determinism
from mrca.training.environment import describe_environment
from mrca.training.epoch_setup import EpochSetup
from mrca.training.reporter import Reporter, ReporterCallback, SilentReporter
from mrca.training.run import Run, encode_for, load
from mrca.training.tensorboard import check_tensorboard, tensorboard_callback
from mrca.vectors import VectorStore, resolve_vectors, word_vectors

# Rows of the word table kept free for words that are first met at prediction.
SPARE_ROWS = 1024
_VALIDATION_BATCH_SIZE = 128


def train(
    config: RunConfig,
    output: str | Path,
    *,
    data_dir: Path | None = None,
    vectors_dir: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
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
        resume: go on with an unfinished run of the same configuration, if there is one.
        overwrite: replace a finished or unfinished run of that name.
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
    loss = losses.get(config.loss.name, **config.loss.options)
    corpus = load_corpus(config.data.dataset, data_dir, unmatched=config.data.unmatched)
    for note in corpus.notes:
        reporter.message(str(note))
    if corpus.unmatched:
        kept = "kept without the mark" if config.data.unmatched == "keep" else "dropped"
        reporter.message(
            f"{len(corpus.unmatched)} mentions are not in their sentence; their rows are {kept} "
            f"(see `mrca data validate {corpus.folder}`)."
        )
    counts = label_statistics(corpus.splits["train"], corpus.relations)
    _check_labels(corpus, counts)
    vectors = _open_vectors(config, corpus, vectors_dir)
    environment = describe_environment(corpus, vectors, config.training.seed)

    keras.utils.set_random_seed(config.training.seed)
    if config.training.tensorboard:
        check_tensorboard()
    if config.training.deterministic:
        enable_determinism()
    goes_on = resume and run_folder.is_resumable(unfinished)
    if not goes_on and unfinished.exists():
        shutil.rmtree(unfinished)
    vocabulary = _prepare_folder(unfinished, config, corpus, counts, vectors, environment)
    model = _build_model(config, vocabulary, vectors, loss.columns(len(corpus.relations)))
    checkpoint = Checkpoint(unfinished, config.training.patience)
    try:
        _check_room(unfinished, checkpoint.bytes_needed(model))
    except MrcaError:
        if not goes_on:
            shutil.rmtree(unfinished)
        raise
    _fit(model, loss, config, corpus, vocabulary, checkpoint, reporter)

    checkpoint.restore_best()
    run = Run(unfinished, config, model, corpus.relations, counts, loss.decision_rule, vocabulary)
    metrics = {
        "epochs": checkpoint.next_epoch,
        "best_epoch": checkpoint.best["epoch"],
        "splits": {
            split: evaluate_split(run, corpus, split).to_dict()
            for split in ("valid", "test")
            if split in corpus.splits
        },
    }
    model.save(unfinished / run_folder.MODEL)
    run_folder.write_json(unfinished / run_folder.DECISION, loss.decision_rule.get_config())
    run_folder.write_json(unfinished / run_folder.METRICS, metrics)
    run_folder.write_text(
        unfinished / run_folder.CARD,
        write_card(folder.name, config, corpus.relations, metrics, environment),
    )
    figure = plot_history(checkpoint.history, title=f"{folder.name}: training on {corpus.name}")
    figure.savefig(unfinished / run_folder.HISTORY_FIGURE, dpi=150)
    run_folder.finish(unfinished, folder, overwrite)
    Checkpoint(folder, config.training.patience).remove()
    return load(folder)


def evaluate_split(run: Run, corpus: Corpus, split: str) -> Report:
    """How well a run does on a split of a corpus, at its own decision rule.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the run.
    """
    examples = split_examples(run, corpus, split)
    scores, holds = run.decide(run.outputs(examples))
    labels = run.relations.multi_hot([example.labels for example in examples])
    return evaluate(labels, holds, run.relations, run.label_counts.counts, scores)


def split_examples(run: Run, corpus: Corpus, split: str) -> list[Example]:
    """A split's examples, checked against the run that is to be evaluated on them.

    Raises:
        MrcaError: if the corpus has no such split, or other relations than the run.
    """
    if split not in corpus.splits:
        raise MrcaError(
            f"The corpus {corpus.name!r} has no {split} split. It has: {', '.join(corpus.splits)}."
        )
    unknown = sorted(set(corpus.relations) - set(run.relations))
    if unknown:
        raise MrcaError(
            f"The corpus {corpus.name!r} has relations that the run {run.folder} was not trained "
            f"on: {', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}. Evaluate on the "
            "corpus that it was trained on, or on one with the same relations."
        )
    return corpus.splits[split]


def check_output(config: RunConfig, folder: Path, *, resume: bool, overwrite: bool) -> None:
    """See that a run may be written where it is to be: what `train` checks first.

    Raises:
        MrcaError: if there is something already that may not be replaced or gone on with.
    """
    unfinished = run_folder.unfinished_folder(folder)
    if resume and overwrite:
        raise MrcaError("Give --resume or --overwrite, not both.")
    if folder.exists() and not overwrite:
        raise MrcaError(
            f"{folder} exists already. Choose another name with --name, or replace it with "
            "--overwrite."
        )
    if overwrite and folder.exists():
        # Only what a run wrote is ever replaced.
        run_folder.check_run_folder(folder)
    if unfinished.is_dir():
        run_folder.check_unfinished_folder(unfinished)
    if resume and run_folder.is_resumable(unfinished):
        kept = load_config(unfinished / run_folder.CONFIG)
        if kept != config:
            raise MrcaError(
                f"The unfinished run {unfinished} has another configuration: "
                f"{_differences(kept, config)}. Resume with the options that it was started with, "
                "or start over with --overwrite."
            )
    elif unfinished.exists() and not (resume or overwrite):
        raise MrcaError(
            f"{unfinished} holds an unfinished run. Go on with --resume, or start over with "
            "--overwrite."
        )


def _differences(kept: RunConfig, config: RunConfig) -> str:
    old, new = kept.model_dump(), config.model_dump()
    return ", ".join(
        f"{section}.{name} was {value!r} and is now {new[section][name]!r}"
        for section, values in old.items()
        for name, value in values.items()
        if new[section][name] != value
    )


def _check_labels(corpus: Corpus, counts: LabelStatistics) -> None:
    if not any(counts.counts):
        raise MrcaError(
            f"No training row of {corpus.name!r} holds a relation, so there is nothing to learn. "
            'Give "triples" or "labels" in its train.jsonl.'
        )
    if not any(example.labels for example in corpus.splits["valid"]):
        raise MrcaError(
            f"No validation row of {corpus.name!r} holds a relation, so no epoch can be told from "
            "another. Expected at least one label in its validation split."
        )


def _open_vectors(config: RunConfig, corpus: Corpus, vectors_dir: Path | None) -> VectorStore:
    if config.vectors.name == "corpus":
        return VectorStore.open(corpus.folder / run_folder.VECTORS)
    return resolve_vectors(config.vectors.name, vectors_dir)


def _prepare_folder(
    unfinished: Path,
    config: RunConfig,
    corpus: Corpus,
    counts: LabelStatistics,
    vectors: VectorStore,
    environment: dict[str, Any],
) -> Vocabulary:
    """Write what is known before training, or see that nothing has changed since it was."""
    if unfinished.exists():
        kept = run_folder.read_json(unfinished / run_folder.ENVIRONMENT)
        for what in ("corpus", "vectors"):
            if kept[what]["fingerprint"] != environment[what]["fingerprint"]:
                raise MrcaError(
                    f"The {what} {environment[what]['name']!r} has changed since the unfinished "
                    f"run {unfinished} was started. Start over with --overwrite."
                )
    else:
        words = training_words(example for rows in corpus.splits.values() for example in rows)
        matrix, _ = word_vectors(vectors, words)
        try:
            unfinished.mkdir(parents=True)
            VectorStore.write(unfinished / run_folder.VECTORS, words, matrix, name=vectors.name)
            run_folder.write_text(unfinished / run_folder.CONFIG, dump_config(config))
            run_folder.write_json(unfinished / run_folder.RELATIONS, list(corpus.relations))
            run_folder.write_json(
                unfinished / run_folder.LABEL_COUNTS,
                {
                    "num_samples": counts.num_samples,
                    "counts": dict(zip(corpus.relations, counts.counts, strict=True)),
                },
            )
            run_folder.write_json(unfinished / run_folder.ENVIRONMENT, environment)
        except BaseException as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if isinstance(error, OSError):
                raise MrcaError(
                    f"Cannot write the run {unfinished}: {error.strerror or error}."
                ) from error
            raise
    store = VectorStore.open(unfinished / run_folder.VECTORS)
    # Never fewer than one sentence can bring.
    return Vocabulary(store, vectors, spare=max(SPARE_ROWS, config.features.max_length))


def _build_model(
    config: RunConfig, vocabulary: Vocabulary, vectors: VectorStore, columns: int
) -> MRCA:
    model = MRCA(
        num_words=vocabulary.num_rows,
        dim=vectors.dim,
        feature_value=vectors.feature_value,
        columns=columns,
        units=config.model.units,
        pool_size=config.model.pool_size,
        strides=config.model.strides,
        max_length=config.features.max_length,
        dropout=config.model.dropout,
    )
    model.token_features.assign_vectors(np.asarray(vocabulary.store.vectors))
    return model


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MrcaError(
            f"Not enough room on the disk for {folder}: training needs about "
            f"{needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free. Make room, or choose another "
            "place with --output."
        )


def _fit(
    model: MRCA,
    loss: losses.MultiLabelLoss,
    config: RunConfig,
    corpus: Corpus,
    vocabulary: Vocabulary,
    checkpoint: Checkpoint,
    reporter: Reporter,
) -> None:
    settings = config.training
    backend = keras.backend.backend()
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=loss,
        metrics=[MicroF1(loss.decision_rule)],
        # XLA makes the recurrence slower on TensorFlow; JAX has nothing else.
        jit_compile="auto" if backend == "jax" else False,
    )
    checkpoint.restore(model)
    batches = {
        split: EpochBatches(
            encode_for(config, corpus.splits[split], vocabulary),
            corpus.relations.multi_hot([example.labels for example in corpus.splits[split]]),
            size,
            padding=config.features.padding,
            max_length=config.features.max_length,
            seed=seed,
        )
        for split, size, seed in (
            ("train", settings.batch_size, settings.seed),
            ("valid", _VALIDATION_BATCH_SIZE, None),
        )
    }
    callbacks = [
        EpochSetup(batches["train"], settings.learning_rate, settings.learning_rate_decay),
        checkpoint,
        ReporterCallback(reporter, checkpoint),
    ]
    if settings.tensorboard:
        callbacks.append(tensorboard_callback(checkpoint.folder))
    reporter.training_starts(settings.epochs, checkpoint.next_epoch, len(batches["train"]))
    try:
        if not checkpoint.finished:
            model.fit(
                batches["train"].for_keras(),
                validation_data=batches["valid"].for_keras(),
                initial_epoch=checkpoint.next_epoch,
                epochs=settings.epochs,
                callbacks=callbacks,
                shuffle=False,  # the plan has shuffled
                verbose=0,
            )
    finally:
        reporter.training_ends()
