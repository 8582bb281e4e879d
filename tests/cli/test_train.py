import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mrca import training
from mrca.config import dump_config, load_config, load_preset, with_overrides


@pytest.fixture
def tiny(tiny_settings) -> list[str]:
    """`--set` for settings that train within a second or two."""
    settings = [*tiny_settings, "training.epochs=1"]
    return [argument for setting in settings for argument in ("--set", setting)]


@pytest.fixture
def trained(monkeypatch, tiny_run) -> list[tuple]:
    """Stands in for the training, and keeps what it was asked for."""
    asked = []

    def record(config, output, **options):
        asked.append((config, Path(output), options))
        return tiny_run

    monkeypatch.setattr(training, "train", record)
    return asked


def test_train_prints_the_scores_and_writes_the_run(mrca, tiny):
    done = mrca("train", "--dataset", "sample", *tiny)
    assert done.code == 0, done.err
    assert "sample (sample corpus)" in done.out
    assert "micro F1" in done.out
    assert "Best of 1 epoch: 1. Written to saved_models/sample" in done.out
    assert "validation micro F1" in done.err
    assert "validation micro F1" not in done.out
    assert (Path("saved_models") / "sample" / "model.keras").is_file()
    metrics = json.loads(Path("saved_models/sample/metrics.json").read_text())
    assert f"{metrics['splits']['test']['micro']['f1']:.4f}" in done.out
    assert [path.name for path in Path("saved_models").iterdir()] == ["sample"]
    # What it wrote is kept unless told otherwise.
    again = mrca("train", "--dataset", "sample", *tiny)
    assert again.code == 1
    assert "exists already" in again.err
    assert "--overwrite" in again.err


def test_seeds_give_a_run_each_and_their_mean(mrca, tiny):
    options = ["train", "--dataset", "sample", "--name", "tiny", "--output", "runs", *tiny]
    first = mrca(*options, "--seed", 3, "--name", "tiny-seed3")
    assert first.code == 0, first.err
    # A run that is there already is kept by --resume, and the others are trained.
    several = [*options, "--seed", 3, "--seeds", 2, "--resume"]
    done = mrca(*several, "--json")
    assert done.code == 0, done.err
    assert "tiny-seed3 is finished already" in done.err
    assert "tiny-seed4 is finished already" not in done.err
    assert sorted(path.name for path in Path("runs").iterdir()) == ["tiny-seed3", "tiny-seed4"]
    metrics = [
        json.loads((Path("runs") / name / "metrics.json").read_text())
        for name in ("tiny-seed3", "tiny-seed4")
    ]
    printed = json.loads(done.out)  # and nothing else is on stdout
    assert printed["runs"] == metrics
    assert printed["corpus"] == "sample"
    f1 = [one["splits"]["test"]["micro"]["f1"] for one in metrics]
    assert printed["summary"]["test"]["micro"]["f1"]["mean"] == pytest.approx(sum(f1) / 2)

    scores = [one["splits"]["test"]["micro"]["f1"] for one in metrics]
    assert scores[0] != scores[1]
    mean, deviation = sum(scores) / 2, abs(scores[0] - scores[1]) / 2**0.5
    table = re.sub(r"\s+", " ", mrca(*several).out)
    assert f"{mean:.4f} ± {deviation:.4f}" in table
    assert "%" not in table
    assert "tiny (sample corpus): test" in table

    other = mrca(*several, "--set", "model.units=9")
    assert other.code == 1
    assert "another configuration" in other.err


def test_one_run_as_json(mrca, trained, tiny_run):
    done = mrca("train", "--dataset", "sample", "--json")
    assert json.loads(done.out) == tiny_run.metrics
    assert done.err == ""


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
        (["--preset", "webnlg-sigmoid-bce"], "webnlg-sigmoid-bce"),
        (["--preset", "webnlg-bert", "--dataset", "webnlg"], "webnlg-bert"),
        (["--preset", "webnlg-bert", "--dataset", "sample"], "webnlg-bert-sample"),
        (["--preset", "svm", "--dataset", "../corpora/my.corpus"], "svm-my.corpus"),
        (
            [
                *("--dataset", "sample", "--sampler", "square_root", "--encoder"),
                "hub:../bert tiny/",
            ],
            "sample-bert-tiny-square_root",
        ),
        (
            [
                "--preset",
                "webnlg-bert",
                "--encoder",
                "hub:https://tfhub.dev/tensorflow/bert_cased/4",
            ],
            "webnlg-bert-bert_cased",
        ),
        (["--dataset", "../corpora/my.corpus"], "my.corpus"),
        (["--preset", "../given.toml"], "given"),
        (["--preset", "../given.toml", "--dataset", "sample"], "sample"),
    ],
)
def test_the_name_of_a_run(mrca, trained, tmp_path, arguments, name):
    (tmp_path / "given.toml").write_text(dump_config(load_preset("sample")))
    (tmp_path / "corpora" / "my.corpus").mkdir(parents=True)
    (tmp_path / "bert tiny").mkdir()
    assert mrca("train", *arguments).code == 0
    assert trained[0][1] == Path("saved_models") / name


def test_options_become_settings(mrca, trained, tmp_path):
    arguments = ["--seed", 7, "--loss", "dice", "--deterministic", "--tensorboard", "--overwrite"]
    settings = ["--set", "training.batch_size=64", "--set", 'features.padding="fixed"']
    assert mrca("train", "--dataset", "sample", *arguments, *settings).code == 0
    config, _, options = trained[0]
    assert config == with_overrides(
        load_preset("sample"),
        [
            *("training.seed=7", "loss.name=dice", "training.deterministic=true"),
            *("training.tensorboard=true", "training.batch_size=64", "features.padding=fixed"),
        ],
    )
    assert options["overwrite"] is True
    assert options["resume"] is False


def test_another_loss_leaves_the_presets_arguments(mrca, trained, tmp_path):
    preset = with_overrides(load_preset("sample"), ["loss.options.smooth=0.1"])
    (tmp_path / "mine.toml").write_text(dump_config(preset))
    mrca("train", "--preset", tmp_path / "mine.toml", "--loss", "focal")
    mrca("train", "--preset", tmp_path / "mine.toml", "--loss", "rc_dice")
    assert trained[0][0].loss.options == {}
    assert trained[1][0].loss.options == {"smooth": 0.1}


def test_a_distillation_trains_its_teacher_first(mrca, tiny):
    options = ["train", "--dataset", "sample", "--loss", "distillation_kl", *tiny]
    done = mrca(*options, "--json")
    assert done.code == 0, done.err
    assert {path.name for path in Path("saved_models").iterdir()} == {
        "sample-distillation_kl",
        "sample-distillation_kl-teacher",
    }
    folder = Path("saved_models").resolve() / "sample-distillation_kl-teacher"
    assert load_config(folder / "config.toml").loss.name == "adaptive_focal"
    student = Path("saved_models/sample-distillation_kl")
    assert load_config(student / "config.toml").loss.teacher == str(folder)
    assert json.loads(done.out) == json.loads((student / "metrics.json").read_text())
    # The teacher that is there is used again, and one that is given is used as it is.
    again = mrca(*options, "--name", "again", "--teacher", folder)
    assert again.code == 0, again.err
    assert not (Path("saved_models") / "again-teacher").exists()
    assert load_config(Path("saved_models/again/config.toml")).loss.teacher == str(folder)


def test_seeds_of_a_distillation_have_a_teacher_each(mrca, trained):
    mrca("train", "--dataset", "sample", "--loss", "distillation_mse", "--seeds", 2)
    names = ["sample-distillation_mse-seed1", "sample-distillation_mse-seed2"]
    asked = [(output.name, config.training.seed) for config, output, _ in trained]
    assert asked[:2] == [(f"{name}-teacher", 1 + number) for number, name in enumerate(names)]
    assert asked[2:] == [(name, 1 + number) for number, name in enumerate(names)]
    assert Path(trained[3][0].loss.teacher).name == f"{names[1]}-teacher"


def test_a_preset_is_chosen_by_the_corpus(mrca, trained, tmp_path):
    (tmp_path / "mine").mkdir()
    mrca("train", "--dataset", "webnlg")
    mrca("train", "--dataset", tmp_path / "mine")
    mrca("train", "--dataset", tmp_path / "mine", "--preset", "sample")
    configs = [config for config, _, _ in trained]
    assert configs[0] == load_preset("webnlg")
    assert configs[1].model == load_preset("paper").model
    assert configs[1].data.dataset == str(tmp_path / "mine")
    assert configs[2].model == load_preset("sample").model


def test_a_runs_configuration_repeats_it(mrca, trained, tiny_run):
    assert mrca("train", "--preset", tiny_run.folder / "config.toml", "--name", "again").code == 0
    assert trained[0][0] == tiny_run.config == load_config(tiny_run.folder / "config.toml")


def test_ctrl_c_is_no_traceback(mrca, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupt)
    done = mrca("train", "--dataset", "sample")
    assert done.code == 130
    assert done.err == ""  # nothing was begun


@pytest.mark.parametrize("stop_after, where", [(0, "before its first epoch"), (1, "after epoch 1")])
def test_ctrl_c_says_how_to_go_on(mrca, tiny, monkeypatch, stop_after, where):
    def interrupt(self, batch):
        if self._epoch == stop_after:
            raise KeyboardInterrupt

    options = ["train", "--dataset", "sample", "--name", "my run", *tiny]
    options += ["--set", "training.epochs=2"]
    with monkeypatch.context() as patched:
        patched.setattr("mrca.cli.training_progress.TrainingProgress.batch_ends", interrupt)
        done = mrca(*options)
    assert done.code == 130
    assert f"my run stopped {where}" in done.err
    command = done.err.partition("Go on with: ")[2].strip()
    assert command.endswith("--resume")
    again = mrca(*shlex.split(command)[1:])
    assert again.code == 0, again.err
    assert "nothing to resume" not in again.err
    assert Path("saved_models/my run/model.keras").is_file()


def test_resume_says_if_there_is_nothing_to_resume(mrca, trained, run_copy):
    assert "nothing to resume" in mrca("train", "--dataset", "sample", "--resume").err
    assert "nothing to resume" not in mrca("train", "--dataset", "sample").err
    config = run_copy / "config.toml"
    options = ["--preset", config, "--output", run_copy.parent, "--resume"]
    assert "nothing to resume" not in mrca("train", *options).err
    assert "nothing to resume" in mrca("train", *options, "--overwrite").err


def test_an_early_stop_is_said(mrca, tiny):
    patience = ["--set", "training.epochs=9", "--set", "training.patience=1"]
    still = ["--set", "training.learning_rate=1e-9", "--set", "training.learning_rate_decay=0"]
    done = mrca("train", "--dataset", "sample", *tiny, *patience, *still)
    assert done.code == 0, done.err
    assert "stopped: no better validation micro F1 for 1 epoch" in done.err
    assert "epoch 2/9" in done.err
    assert "epoch 3/9" not in done.err


def test_the_help_of_loss_says_where_the_names_are(mrca):
    assert "`mrca losses`" in mrca("train", "--help").out


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


def test_two_stages_are_two_runs(mrca, tiny):
    options = ["--dataset", "sample", "--name", "two", "--stages", 2, *tiny]
    done = mrca("train", *options, "--sampler", "class_balanced", "--loss", "focal")
    assert done.code == 0, done.err
    first, second = (
        load_config(Path(f"saved_models/{name}/config.toml")) for name in ("two-stage1", "two")
    )
    assert (first.loss.name, first.training.sampler) == ("rc_dice", "instance_balanced")
    assert (second.loss.name, second.training.sampler) == ("focal", "class_balanced")
    assert Path(second.classifier.representation) == Path("saved_models/two-stage1").resolve()
    assert first.classifier.representation == ""


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
        (["--representation", run_copy, "--preset", "sample"], "leave --preset out"),
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
    done = mrca("train", "--preset", "svm", "--dataset", "sample")
    assert done.code == 0, done.err
    assert "Best of" not in done.out
    decision = Path("saved_models/svm-sample/decision.json")
    before = decision.read_bytes()
    for tune in ("per-relation", "none"):
        assert mrca("evaluate", "svm-sample", "--tune", tune, "--save", "--no-plots").code == 0
        assert (decision.read_bytes() == before) == (tune == "none")
    text = '{"text": "Ada met Bob."}\n'
    assert json.loads(mrca("predict", "svm-sample", "-", stdin=text).out)["line"] == 1


def test_an_svm_has_no_seeds_and_no_stages(mrca, trained):
    options = ["train", "--preset", "svm", "--dataset", "sample"]
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
        done = mrca("train", "--dataset", "sample", "--stages", 2, *options)
        assert done.code == 1
        assert reason in done.err
    assert not Path("saved_models").exists()


def test_another_classifier_leaves_the_options_of_the_first(mrca, trained, tmp_path):
    config = tmp_path / "arr.toml"
    config.write_text(
        '[data]\ndataset = "sample"\n[classifier]\n'
        'name = "attentive_relation_routing"\noptions = {iterations = 3}\n'
    )
    done = mrca("train", "--preset", config, "--classifier", "linear")
    assert done.code == 0, done.err
    assert trained[0][0].classifier.options == {}
