"""From a configuration to a run folder."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mrca import losses
from mrca.config import RunConfig, dump_config
from mrca.datasets import Corpus, LabelStatistics, label_statistics, load_corpus
from mrca.datasets.sample_note import sample_note
from mrca.errors import MrcaError
from mrca.evaluation import plot_history
from mrca.features import EpochBatches, Vocabulary, training_words
from mrca.metrics import MicroF1
from mrca.models import MRCA
from mrca.resources import replace_folder, require_room
from mrca.samplers import Sampler
from mrca.training import run_folder
from mrca.training.card import write_card
from mrca.training.checkpoint import Checkpoint
from mrca.training.determinism import enable_determinism
from mrca.training.distillation import load_teacher, targets
from mrca.training.environment import describe_environment
from mrca.training.epoch_setup import EpochSetup
from mrca.training.evaluate_split import evaluate_split
from mrca.training.preflight import bytes_needed, check_labels, check_loss, check_output
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
        resume: go on with an unfinished run of the same configuration, if there is one; a finished
            one is returned as it is.
        overwrite: replace a finished run of that name, and an unfinished one unless `resume`.
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
    columns = loss.columns(len(corpus.relations))
    teacher = load_teacher(config, corpus.relations, columns)
    check_loss(loss, len(corpus.relations))
    sampler = _sampler(config, corpus)
    vectors = _open_vectors(config, corpus, vectors_dir, reporter)
    environment = describe_environment(corpus, vectors, config.training.seed)
    if config.training.tensorboard:
        check_tensorboard()
    goes_on = resume and run_folder.is_resumable(unfinished)
    words = training_words(example for rows in corpus.splits.values() for example in rows)
    if not goes_on:
        _check_room(folder, bytes_needed(config, len(words), vectors.dim, columns))
    _tell_about_rows(corpus, config, loss, reporter)

    keras.utils.set_random_seed(config.training.seed)
    if config.training.deterministic:
        enable_determinism()
    if goes_on:
        _check_unchanged(unfinished, environment)
    else:
        if unfinished.exists():
            shutil.rmtree(unfinished)
        _write_start(unfinished, config, corpus, counts, words, vectors, environment)
    vocabulary = Vocabulary(
        VectorStore.open(unfinished / run_folder.VECTORS),
        vectors,
        # Never fewer than one sentence can bring.
        spare=max(SPARE_ROWS, config.features.max_length),
    )
    model = _build_model(config, vocabulary, vectors, columns)
    checkpoint = Checkpoint(unfinished, config.training.patience)
    _fit(model, loss, config, corpus, vocabulary, teacher, sampler, checkpoint, reporter)

    checkpoint.restore_best()
    run = Run(unfinished, config, model, corpus.relations, counts, loss.decision_rule, vocabulary)
    metrics = {
        "corpus": corpus.name,
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
    title = f"{folder.name}: training on {corpus.name}{sample_note(corpus.name)}"
    figure = plot_history(checkpoint.history, title=title)
    figure.savefig(unfinished / run_folder.HISTORY_FIGURE, dpi=150)
    if folder.exists() and not overwrite:
        raise MrcaError(
            f"{folder} has appeared while this run was trained, and is left as it is. Rename it "
            "and finish this one with --resume."
        )
    replace_folder(unfinished, folder)
    Checkpoint(folder, config.training.patience).remove()
    return load(folder)


def _tell_about_rows(
    corpus: Corpus, config: RunConfig, loss: losses.MultiLabelLoss, reporter: Reporter
) -> None:
    for note in corpus.notes:
        reporter.message(str(note))
    if corpus.unmatched:
        reporter.message(
            f"Mentions that are not in their sentence: {len(corpus.unmatched):,} (see `mrca data "
            f"validate {corpus.folder}`); data.unmatched is {config.data.unmatched!r}."
        )
    longest = config.features.max_length
    cut = sum(len(row.tokens) > longest for rows in corpus.splits.values() for row in rows)
    if cut:
        reporter.message(f"Sentences cut at {longest} tokens: {cut:,} (features.max_length).")
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


def _open_vectors(
    config: RunConfig, corpus: Corpus, vectors_dir: Path | None, reporter: Reporter
) -> VectorStore:
    if config.vectors.name == "corpus":
        return VectorStore.open(corpus.folder / run_folder.VECTORS)
    return resolve_vectors(config.vectors.name, vectors_dir, progress=reporter.preparing)


def _check_room(folder: Path, needed: int) -> None:
    place = next(parent for parent in folder.resolve().parents if parent.exists())
    require_room(place, needed, f"the run {folder}")


def _check_unchanged(unfinished: Path, environment: dict[str, Any]) -> None:
    with run_folder.reading(unfinished / run_folder.ENVIRONMENT) as kept:
        started_with = {what: kept[what]["fingerprint"] for what in ("corpus", "vectors")}
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
    words: list[str],
    vectors: VectorStore,
    environment: dict[str, Any],
) -> None:
    """Write what is known before training, or nothing."""
    matrix, _ = word_vectors(vectors, words)
    label_counts = dict(zip(corpus.relations, counts.counts, strict=True))
    try:
        unfinished.mkdir(parents=True)
        VectorStore.write(unfinished / run_folder.VECTORS, words, matrix, name=vectors.name)
        run_folder.write_text(unfinished / run_folder.CONFIG, dump_config(config))
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
        head=config.classifier.name,
        head_options=config.classifier.options,
    )
    model.token_features.assign_vectors(np.asarray(vocabulary.store.vectors))
    return model


def _fit(
    model: MRCA,
    loss: losses.MultiLabelLoss,
    config: RunConfig,
    corpus: Corpus,
    vocabulary: Vocabulary,
    teacher: Run | None,
    sampler: Sampler,
    checkpoint: Checkpoint,
    reporter: Reporter,
) -> None:
    settings = config.training
    backend = keras.backend.backend()
    model.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate),
        loss=loss,
        metrics=[MicroF1(loss.decision_rule)],
        # XLA makes the recurrence slower on TensorFlow (on a GPU it has no cuDNN either way); JAX
        # has nothing else.
        jit_compile="auto" if backend == "jax" else False,
    )
    checkpoint.restore(model)
    # Every row once is what a plan without a sampler does.
    draw = None if sampler.name == "instance_balanced" else sampler.draw
    batches = {
        split: EpochBatches(
            encode_for(config, corpus.splits[split], vocabulary),
            targets(corpus.splits[split], corpus.relations, teacher),
            size,
            padding=config.features.padding,
            max_length=config.features.max_length,
            seed=seed,
            draw=rows,
        )
        for split, size, seed, rows in (
            ("train", settings.batch_size, settings.seed, draw),
            ("valid", _VALIDATION_BATCH_SIZE, None, None),
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
