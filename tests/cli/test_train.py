import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mrca import training
from mrca.config import dump_config, load_config, load_recipe
from mrca.runs import layout


@pytest.fixture
def tiny(tiny_settings) -> list[str]:
    """`--set` for settings that train within seconds."""
    return [argument for setting in tiny_settings for argument in ("--set", setting)]


@pytest.fixture
def trained(monkeypatch, tiny_run) -> list[tuple]:
    """Stands in for the training, and keeps what it was asked for."""
    asked = []

    def record(config, output, **options):
        asked.append((config, Path(output), options))
        return tiny_run

    monkeypatch.setattr(training, "train", record)
    return asked


@pytest.fixture
def finished(tiny_run, tiny_config) -> Callable[..., dict]:
    """Makes `runs/NAME` a finished run of a seed, with a micro F1 of its own on test."""

    def make(name: str, seed: int, f1: float) -> dict:
        folder = shutil.copytree(tiny_run.folder, Path("runs") / name)
        config = tiny_config.changed({"training.seed": seed})
        (folder / "config.toml").write_text(dump_config(config), "utf-8")
        metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
        metrics["splits"]["test"]["micro"]["f1"] = f1
        (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
        return metrics

    return make


def test_train_prints_the_scores_and_writes_the_run(mrca, tiny):
    options = [*tiny, "--set", "training.epochs=1"]
    done = mrca("train", "--dataset", "sample", *options)
    assert done.code == 0, done.err
    first, *_ = done.out.splitlines()
    assert first.strip() == "sample (sample corpus)"
    assert "Written to saved_models/sample" in done.out
    assert "Its epochs as a figure: saved_models/sample/history.png" in done.out
    assert "validation micro F1" in done.err
    assert "validation micro F1" not in done.out
    assert "Note: Entities are listed by the corpus" in done.err
    assert "Next: mrca evaluate saved_models/sample" in done.err
    assert (Path("saved_models") / "sample" / "model.keras").is_file()
    metrics = json.loads(Path("saved_models/sample/metrics.json").read_text())
    assert f"{metrics['splits']['test']['micro']['f1']:.4f}" in done.out
    assert [path.name for path in Path("saved_models").iterdir()] == ["sample"]
    # What it wrote is kept unless told otherwise.
    again = mrca("train", "--dataset", "sample", *options)
    assert again.code == 1
    assert "exists already" in again.err
    assert "--overwrite" in again.err


def test_it_ends_with_facts_of_documents_that_it_was_not_trained_on(
    mrca, monkeypatch, tiny_pairs_run, slice_rows
):
    monkeypatch.setattr(training, "train", lambda *_, **__: tiny_pairs_run)
    done = mrca("train", "--dataset", "sample")
    assert done.code == 0, done.err
    examples = done.out.partition("the first documents of the test split that state something")[2]
    stated = [row for row in slice_rows if row["facts"]][:3]
    predicted = tiny_pairs_run.predict(stated)
    for row, prediction in zip(stated, predicted, strict=True):
        assert row["text"][:40] in examples
        found = {fact[:3] for fact in prediction.facts}
        for fact in found:
            assert "  ".join(fact) in examples
        missed = {tuple(fact) for fact in row["facts"]} - found
        assert all("  ".join(fact) in examples for fact in missed)
    assert examples.count("missed") >= len(missed)
    assert "✓" in examples


def test_seeds_give_their_mean(mrca, tiny, finished):
    metrics = [finished("tiny-seed3", 3, 0.4), finished("tiny-seed4", 4, 0.5)]
    options = ["train", "--recipe", "mrca", "--dataset", "sample", "--name", "tiny", *tiny]
    # Runs that are there already are kept by --resume.
    several = [*options, "--output", "runs", "--seed", 3, "--seeds", 2, "--resume"]
    done = mrca(*several, "--json")
    assert done.code == 0, done.err
    assert "tiny-seed3 is finished already" in done.err
    assert "tiny-seed4 is finished already" in done.err
    printed = json.loads(done.out)  # and nothing else is on stdout
    assert printed["runs"] == metrics
    assert printed["corpus"] == "sample"
    assert printed["summary"]["test"]["micro"]["f1"]["mean"] == pytest.approx(0.45)

    table = re.sub(r"\s+", " ", mrca(*several).out)
    assert f"0.4500 ± {0.1 / 2**0.5:.4f}" in table
    assert "%" not in table
    assert "tiny (sample corpus): test" in table

    other = mrca(*several, "--set", "model.units=9")
    assert other.code == 1
    assert "another configuration" in other.err


def test_seeds_may_be_named(mrca, trained):
    assert mrca("train", "--dataset", "sample", "--seeds", "42,5").code == 0
    asked = [(output.name, config.training.seed) for config, output, _ in trained]
    assert asked == [("sample-seed42", 42), ("sample-seed5", 5)]
    both = mrca("train", "--dataset", "sample", "--seeds", "42,5", "--seed", 1)
    assert both.code == 2
    assert "Give --seed, or a list of --seeds, not both" in both.err


@pytest.fixture
def elsewhere(monkeypatch, tiny_run) -> list[tuple]:
    """In place of workers and of their training: copies of a run; keeps what was asked for."""
    from mrca import executor
    from mrca.experiments import train_planned

    asked = []

    def open_here(workers, ray):
        asked.append((workers, ray))
        return executor.open_executor()

    def copy(config, folder, **options):
        asked.append((folder.name, config.training.seed, options["overwrite"]))
        assert options["resume"] is True
        assert not folder.with_name(f"{folder.name}.unfinished").exists()
        shutil.copytree(tiny_run.folder, folder, dirs_exist_ok=True)

    monkeypatch.setattr(train_planned, "open_executor", open_here)
    monkeypatch.setattr(train_planned, "train", copy)
    return asked


def test_seeds_on_workers(mrca, trained, elsewhere, tiny_run):
    options = ["train", "--dataset", "sample", "--recipe", "mrca", "--vectors", "sample"]
    options += ["--seeds", 2, "--workers", 3]
    done = mrca(*options, "--json")
    assert done.code == 0, done.err
    assert trained == []
    runs = [("sample-mrca-seed1", 1, False), ("sample-mrca-seed2", 2, False)]
    assert elsewhere == [(3, None), *runs]
    assert json.loads(done.out)["runs"] == [tiny_run.metrics] * 2
    assert "2 of 2 runs finished" in done.err
    # An unfinished one is not resumed when runs are to be replaced.
    layout.unfinished_folder(Path("saved_models/sample-mrca-seed2")).mkdir()
    del elsewhere[:]
    again = mrca(*options, "--overwrite", "--ray", "auto")
    assert again.code == 0, again.err
    assert elsewhere == [(3, "auto"), *((name, seed, True) for name, seed, _ in runs)]
    assert again.out.count("Written to saved_models/sample-mrca-seed") == 2
    assert "state something" in again.out


def test_one_run_as_json(mrca, trained, tiny_run):
    done = mrca("train", "--dataset", "sample", "--json")
    assert json.loads(done.out) == tiny_run.metrics
    assert "epoch" not in done.err


def test_nothing_is_trained_if_one_of_several_runs_cannot_be_written(mrca, trained, run_copy):
    run_copy.rename(run_copy.with_name("sample-seed2"))
    done = mrca("train", "--dataset", "sample", "--seeds", 2, "--output", run_copy.parent)
    assert done.code == 1
    assert "sample-seed2 exists already" in done.err
    assert trained == []


@pytest.mark.parametrize(
    "arguments, name",
    [
        (["--dataset", "sample"], "sample"),
        (["--dataset", "sample", "--loss", "dice"], "sample-dice"),
        (["--dataset", "sample", "--loss", "dice", "--name", "mine"], "mine"),
        (["--recipe", "webnlg-sigmoid-bce"], "webnlg-sigmoid-bce"),
        (
            ["--dataset", "tacred", "--recipe", "mrca", "--loss", "categorical_crossentropy"],
            "tacred-mrca-categorical_crossentropy",
        ),
        (["--recipe", "webnlg-bert", "--dataset", "webnlg"], "webnlg-bert"),
        (["--recipe", "webnlg-bert", "--dataset", "sample"], "sample-webnlg-bert"),
        (["--recipe", "svm", "--dataset", "../corpora/my.corpus"], "my.corpus-svm"),
        (
            [
                *("--dataset", "sample", "--sampler", "square_root", "--encoder"),
                "hub:../bert tiny/",
            ],
            "sample-bert-tiny-square_root",
        ),
        (
            [
                "--recipe",
                "webnlg-bert",
                "--encoder",
                "hub:https://tfhub.dev/tensorflow/bert_cased/4",
            ],
            "webnlg-bert-bert_cased",
        ),
        (["--dataset", "../corpora/my.corpus"], "my.corpus"),
        (["--recipe", "../given.toml"], "given"),
        (["--recipe", "../given.toml", "--dataset", "sample"], "sample"),
    ],
)
def test_the_name_of_a_run(mrca, trained, tmp_path, arguments, name):
    (tmp_path / "given.toml").write_text(dump_config(load_recipe("sample")))
    (tmp_path / "corpora" / "my.corpus").mkdir(parents=True)
    (tmp_path / "bert tiny").mkdir()
    assert mrca("train", *arguments).code == 0
    assert trained[0][1] == Path("saved_models") / name


def test_options_become_settings(mrca, trained, monkeypatch):
    monkeypatch.setattr("mrca.training.checks.check_installed", lambda *_: None)
    arguments = ["--seed", 7, "--loss", "dice", "--deterministic", "--tensorboard", "--overwrite"]
    arguments += ["--on-error", "skip"]
    settings = ["--set", "training.batch_size=64", "--set", 'model.entity_pooling="mean"']
    assert mrca("train", "--dataset", "sample", *arguments, *settings).code == 0
    config, _, options = trained[0]
    assert config == load_recipe("sample").changed(
        {
            "data.on_error": "skip",
            "training.seed": 7,
            "training.deterministic": True,
            "training.tensorboard": True,
            "training.batch_size": 64,
            "loss": {"name": "dice"},
            "model.entity_pooling": "mean",
        }
    )
    assert options["overwrite"] is True
    assert options["resume"] is False


def test_another_loss_leaves_the_recipes_arguments(mrca, trained, tmp_path):
    recipe = load_recipe("mrca").changed({"loss.options.smooth": 0.1})
    (tmp_path / "mine.toml").write_text(dump_config(recipe))
    options = ["train", "--dataset", "sample", "--recipe", tmp_path / "mine.toml", "--loss"]
    mrca(*options, "focal")
    mrca(*options, "rc_dice")
    assert trained[0][0].loss.options == {}
    assert trained[1][0].loss.options == {"smooth": 0.1}


def test_a_recipe_for_any_corpus_asks_for_one(mrca, trained):
    done = mrca("train", "--recipe", "pairs")
    assert done.code == 2
    assert "Say what to train on with --dataset" in done.err
    assert mrca("train", "--recipe", "pairs", "--set", "data.dataset=sample").code == 0
    assert len(trained) == 1


def test_a_distillation_trains_its_teacher_first(mrca, trained, tiny_run):
    done = mrca("train", "--dataset", "sample", "--loss", "distillation_kl")
    assert done.code == 0, done.err
    (teacher, folder, options), (student, second, _) = trained
    assert folder.name == "sample-distillation_kl-teacher"
    assert second.name == "sample-distillation_kl"
    assert teacher.loss.name == "adaptive_focal"
    assert student.loss.teacher == str(folder.resolve())
    assert options["resume"] is True  # one that is there is used again
    assert done.out.count("Written to") == 2
    # One that is given is used as it is.
    given = mrca(
        *("train", "--dataset", "sample", "--loss", "distillation_kl", "--name", "again"),
        *("--teacher", tiny_run.folder),
    )
    assert given.code == 0, given.err
    assert len(trained) == 3
    assert trained[2][0].loss.teacher == str(tiny_run.folder.resolve())


def test_seeds_of_a_distillation_have_a_teacher_each(mrca, trained):
    mrca("train", "--dataset", "sample", "--loss", "distillation_mse", "--seeds", 2)
    names = ["sample-distillation_mse-seed1", "sample-distillation_mse-seed2"]
    asked = [(output.name, config.training.seed) for config, output, _ in trained]
    assert asked[:2] == [(f"{name}-teacher", 1 + number) for number, name in enumerate(names)]
    assert asked[2:] == [(name, 1 + number) for number, name in enumerate(names)]
    assert Path(trained[3][0].loss.teacher).name == f"{names[1]}-teacher"


def test_the_corpus_has_a_recipe_of_its_own(mrca, trained, news):
    mrca("train", "--dataset", "webnlg")
    mrca("train", "--dataset", news, "--recipe", "sample")
    configs = [config for config, _, _ in trained]
    assert configs[0] == load_recipe("webnlg")
    assert configs[1].model == load_recipe("sample").model
    assert configs[1].data.dataset == str(news)


def corpus_of(folder: Path, *rows: dict) -> Path:
    folder.mkdir()
    for split in ("train", "valid"):
        (folder / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.mark.parametrize(
    ("row", "recipe", "why"),
    [
        (
            {"text": "Ada met Bo", "entities": ["Ada", "Bo"], "facts": [["Ada", "met", "Bo"]]},
            "pairs",
            "the training rows have facts",
        ),
        ({"text": "Ada met Bo", "facts": [["Ada", "met", "Bo"]]}, "pairs", "rows have facts"),
        ({"text": "Ada", "entities": ["Ada"], "facts": []}, "pairs", "rows have entities"),
        ({"text": "Ada met Bo", "labels": ["met"]}, "mrca", "the training rows have labels alone"),
        (
            {"text": "Ada met Bo", "subjects": ["Ada"], "objects": ["Bo"], "labels": ["met"]},
            "mrca",
            "rows have labels alone",
        ),
    ],
)
def test_a_recipe_that_fits_the_rows_is_chosen_and_said(mrca, trained, tmp_path, row, recipe, why):
    corpus = corpus_of(tmp_path / "mine", row)
    done = mrca("train", "--dataset", corpus)
    assert done.code == 0, done.err
    config, folder, _ = trained[0]
    assert config == load_recipe(recipe).changed({"data.dataset": str(corpus)})
    assert folder == Path("saved_models/mine")
    assert f"Note: recipe {recipe}: " in done.err
    assert why in done.err
    assert "--recipe takes another one" in done.err
    told = mrca("train", "--dataset", corpus, "--recipe", recipe)
    assert "Note: recipe" not in told.err


# === From another run ===


def test_init_from_takes_the_settings_of_a_run(mrca, trained, tiny_pairs_run, news):
    run = tiny_pairs_run.folder
    assert mrca("train", "--init-from", run).code == 0
    assert mrca("train", "--init-from", run, "--dataset", news, "--freeze").code == 0
    started = tiny_pairs_run.config.changed({"training.init_from": str(run)})
    (same, first, _), (other, second, _) = trained
    assert same == started
    assert first == Path("saved_models/pairs-continued")
    assert other == started.changed({"data.dataset": str(news), "training.freeze": True})
    assert second == Path("saved_models/news-continued")


def test_init_from_trains_on_a_corpus_with_other_relations(mrca, tiny_pairs_run, news):
    once = ["--set", "training.epochs=1", "--vectors", "sample"]
    done = mrca("train", "--init-from", tiny_pairs_run.folder, "--dataset", news, *once)
    assert done.code == 0, done.err
    relations = json.loads(Path("saved_models/news-continued/relations.json").read_text())
    assert relations == ["Live_In", "Work_For"]
    environment = json.loads(Path("saved_models/news-continued/environment.json").read_text())
    assert environment["init_from"]["name"] == str(tiny_pairs_run.folder)
    assert "Ada Lane of Arden works for Quill Labs." in done.out


def test_starts_that_contradict(mrca, run_copy):
    for options, code, reason in (
        (["--init-from", run_copy, "--stages", 2], 2, "not both"),
        (["--init-from", run_copy, "--representation", run_copy], 2, "not both"),
        (["--init-from", run_copy, "--recipe", "sample"], 2, "leave --recipe out"),
        (["--init-from", "nowhere"], 1, "There is no run at"),
        (["--dataset", "sample", "--freeze"], 1, "Name the run with --init-from RUN"),
    ):
        done = mrca("train", *options)
        assert (done.code, done.out) == (code, "")
        assert reason in done.err


def test_a_runs_configuration_repeats_it(mrca, trained, tiny_run):
    assert mrca("train", "--recipe", tiny_run.folder / "config.toml", "--name", "again").code == 0
    assert trained[0][0] == tiny_run.config == load_config(tiny_run.folder / "config.toml")


def test_ctrl_c_is_no_traceback(mrca, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupt)
    done = mrca("train", "--dataset", "sample")
    assert done.code == 130
    assert done.err == ""  # nothing was begun


@pytest.mark.parametrize("epochs, where", [(0, "before its first epoch"), (1, "after epoch 1")])
def test_ctrl_c_says_how_to_resume(mrca, trained, tiny, monkeypatch, epochs, where):
    def interrupt(config, output, **options):
        unfinished = layout.unfinished_folder(Path(output))
        unfinished.mkdir(parents=True)
        (unfinished / "config.toml").write_text(dump_config(config), "utf-8")
        (unfinished / layout.HISTORY).write_text("epoch,loss\n" + "1,0.5\n" * epochs)
        raise KeyboardInterrupt

    monkeypatch.setattr(layout, "is_resumable", lambda folder: folder.is_dir())
    with monkeypatch.context() as patched:
        patched.setattr(training, "train", interrupt)
        done = mrca("train", "--dataset", "sample", "--name", "my run", *tiny)
    assert done.code == 130
    assert f"my run stopped {where}" in done.err
    command = done.err.partition("Resume it with: ")[2].strip()
    assert command.endswith("--resume")
    again = mrca(*shlex.split(command)[1:])
    assert again.code == 0, again.err
    assert "nothing to resume" not in again.err
    config, folder, options = trained[0]
    assert (folder, options["resume"]) == (Path("saved_models/my run"), True)
    assert config == load_config(layout.unfinished_folder(folder) / "config.toml")


def test_resume_says_if_there_is_nothing_to_resume(mrca, trained, run_copy):
    assert "nothing to resume" in mrca("train", "--dataset", "sample", "--resume").err
    assert "nothing to resume" not in mrca("train", "--dataset", "sample").err
    config = run_copy / "config.toml"
    options = ["--recipe", config, "--output", run_copy.parent, "--resume"]
    assert "nothing to resume" not in mrca("train", *options).err
    assert "nothing to resume" in mrca("train", *options, "--overwrite").err


def test_the_help_of_loss_says_where_the_names_are(mrca):
    assert "`mrca losses`" in mrca("train", "--help").out


@pytest.mark.processes
def test_a_wrong_setting_is_told_before_keras_is_loaded():
    code = (
        "import sys; sys.argv = ['mrca', 'train', '--dataset', 'sample', '--set', 'model.unit=1']\n"
        "from mrca.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        "    print(end.code, sorted({'tensorflow', 'keras', 'gensim'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 []\n"
    assert "model.unit: there is no such setting" in done.stderr


# === Encoders, classifiers, stages ===


def test_two_stages_are_two_runs(mrca, trained):
    options = ["--recipe", "mrca", "--dataset", "sample", "--name", "two", "--stages", 2]
    done = mrca("train", *options, "--sampler", "class_balanced", "--loss", "focal")
    assert done.code == 0, done.err
    (first, folder, _), (second, last, _) = trained
    assert (folder.name, last.name) == ("two-stage1", "two")
    assert (first.loss.name, first.training.sampler) == ("rc_dice", "instance_balanced")
    assert (second.loss.name, second.training.sampler) == ("focal", "class_balanced")
    assert Path(second.classifier.representation) == Path("saved_models/two-stage1").resolve()
    assert first.classifier.representation == ""
    assert done.out.count("Written to") == 2
    assert "Next: mrca evaluate saved_models/two or: mrca predict saved_models/two" in done.err


def test_a_second_stage_on_a_run_takes_its_settings(mrca, run_copy, trained):
    done = mrca(
        "train", "--representation", run_copy, "--classifier", "bilateral_branch", "--loss", "focal"
    )
    assert done.code == 0, done.err
    config, folder, _ = trained[0]
    kept = load_config(run_copy / "config.toml")
    assert config.model == kept.model
    assert config.vectors == kept.vectors
    assert config.classifier.representation == str(run_copy.resolve())
    assert folder.name == "tiny-focal-bilateral_branch"
    mrca("train", "--representation", run_copy, "--name", "other")
    assert trained[1][0].loss == kept.loss
    mrca("train", "--representation", run_copy)
    assert trained[2][1].name == "tiny-stage2"


def test_stages_that_contradict(mrca, run_copy):
    for options, reason in (
        (["--stages", 2, "--representation", run_copy], "not both"),
        (["--representation", run_copy, "--recipe", "sample"], "leave --recipe out"),
        (["--stages", 3], "Invalid value for '--stages'"),
    ):
        done = mrca("train", *options)
        assert done.code == 2
        assert reason in done.err


def test_an_encoder_in_a_folder_is_named_by_its_whole_path(mrca, trained, tmp_path):
    Path("module").mkdir()
    for given, named in (
        ("hub:module", f"hub:{Path('module').resolve()}"),
        ("keras_hub:bert_base_en", "keras_hub:bert_base_en"),
    ):
        mrca("train", "--dataset", "sample", "--encoder", given)
        assert trained[-1][0].encoder.name == named


def test_an_svm_is_trained_evaluated_and_predicts(mrca):
    done = mrca("train", "--recipe", "svm", "--dataset", "sample")
    assert done.code == 0, done.err
    assert "Best of" not in done.out
    decision = Path("saved_models/sample-svm/decision.json")
    before = decision.read_bytes()
    for tune in ("per-relation", "none"):
        assert mrca("evaluate", "sample-svm", "--tune", tune, "--save", "--no-plots").code == 0
        assert (decision.read_bytes() == before) == (tune == "none")
    text = '{"text": "Ada met Bob."}\n'
    predicted = mrca("predict", "sample-svm", "-", stdin=text)
    assert json.loads(predicted.out)["line"] == 1
    assert "marked" not in predicted.err  # to an SVM entities make no difference


def test_an_svm_has_no_seeds_and_no_stages(mrca, trained):
    options = ["train", "--recipe", "svm", "--dataset", "sample"]
    assert "every seed gives the same" in mrca(*options, "--seeds", 2).err
    assert "every seed" not in mrca(*options, "--seed", 2).err
    done = mrca(*options, "--stages", 2)
    assert done.code == 1
    assert "An SVM has no stages" in done.err


def test_stages_that_cannot_work_are_refused_before_the_first(mrca):
    for options, reason in (
        (["--classifier", "tau_normalised"], "the largest score"),
        (["--sampler", "nonsense"], "Unknown sampler"),
        (["--classifier", "tau_normalized"], "Did you mean 'tau_normalised'"),
        (["--set", "model.units=0"], "Nothing before the classifier is trained"),
    ):
        base = ["--recipe", "mrca", "--dataset", "sample", "--stages", 2]
        done = mrca("train", *base, *options)
        assert done.code == 1
        assert reason in done.err
    assert not Path("saved_models").exists()


def test_another_classifier_leaves_the_options_of_the_first(mrca, trained, tmp_path):
    config = tmp_path / "arr.toml"
    config.write_text(
        '[data]\ndataset = "sample"\n[classifier]\n'
        'name = "attentive_relation_routing"\noptions = {iterations = 3}\n'
    )
    done = mrca("train", "--recipe", config, "--classifier", "linear")
    assert done.code == 0, done.err
    assert trained[0][0].classifier.options == {}
