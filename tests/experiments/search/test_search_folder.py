"""What a search was started with, and whether it is what there is now."""

import shutil

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search import search_folder
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.search_folder import check_unchanged, describe_search, start_folder

pytest.importorskip("keras_tuner")
# KerasTuner names threads in the way of old.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")


def test_what_has_changed_is_named(make_space, sample_slice, tmp_path, monkeypatch, notes):
    space = make_space()
    described = describe_search(space, sample_slice, None, notes)
    start_folder(tmp_path / "found", space, described)
    check_unchanged(tmp_path / "found", describe_search(space, sample_slice, None, notes))
    other = make_space(objective="macro.f1", max_trials=99)
    monkeypatch.setattr(search_folder, "_code", lambda: "edited")
    corpus = shutil.copytree(sample_slice, tmp_path / "data") / "sample"
    train = corpus / "train.jsonl"
    train.write_text("".join(train.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    changed = describe_search(other, corpus.parent, None, notes)
    with pytest.raises(MrcaError) as error:
        check_unchanged(tmp_path / "found", changed)
    for part in (
        "the space (objective was micro.f1, is now macro.f1)",
        f"the corpus (sample; read from was {sample_slice / 'sample'}, is now {corpus})",
        "the code",
    ):
        assert part in str(error.value)
    assert "vectors" not in str(error.value)
    assert "backend" not in str(error.value)


def test_what_a_searched_setting_reads_with_may_not_change_either(
    make_space, sample_slice, tmp_path, notes
):
    parameters = (Parameter(field="encoder.name", choices=["word_vectors", "tfidf"]),)
    space = make_space(parameters=parameters)
    described = describe_search(space, sample_slice, None, notes)
    assert {"vectors", "corpus", "code"} < set(described)
    start_folder(tmp_path / "found", space, described)
    vectors = {**described["vectors"], "fingerprint": "another"}
    with pytest.raises(MrcaError, match=r"Changed: the vectors \("):
        check_unchanged(tmp_path / "found", {**described, "vectors": vectors})
    without = {part: about for part, about in described.items() if part != "vectors"}
    with pytest.raises(MrcaError, match=r"the vectors \(was .*, is now none\)"):
        check_unchanged(tmp_path / "found", without)
    missing = make_space(
        parameters=(Parameter(field="vectors.name", choices=["sample", "nosuch"]),)
    )
    with pytest.raises(MrcaError, match="nosuch"):
        describe_search(missing, sample_slice, None, notes)


@pytest.mark.parametrize("part", ["classifier.representation", "training.init_from"])
def test_what_trials_build_on_may_not_change_either(
    make_space, tiny_config, tiny_run, sample_slice, tmp_path, notes, part
):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "run")
    space = make_space().changed(base=tiny_config.changed({part: str(folder)}))
    described = describe_search(space, sample_slice, None, notes)
    assert described["vectors"]["name"] == "sample"  # what that run reads with
    start_folder(tmp_path / "found", space, described)
    check_unchanged(tmp_path / "found", described)
    (folder / "model.keras").write_bytes(b"another training")
    with pytest.raises(MrcaError, match=rf"Changed: the {part.partition('.')[2]} \(.*run"):
        check_unchanged(tmp_path / "found", describe_search(space, sample_slice, None, notes))


@pytest.mark.parametrize("place", ["trials", "trials/0000", "trials/0000/trial-0000", ".lock"])
def test_a_link_in_a_search_is_refused_and_what_it_leads_to_stays(
    fake_training, make_space, tmp_path, place
):
    from mrca.experiments.search.report_search import report_search
    from mrca.experiments.search.search import search

    search(make_space(max_trials=2), tmp_path / "found")
    (tmp_path / "found" / ".lock").touch()  # as a process that is killed leaves it
    elsewhere = tmp_path / "elsewhere"
    link = tmp_path / "found" / place
    link.rename(elsewhere)
    link.symlink_to(elsewhere)
    before = {path: path.stat().st_mtime for path in sorted(elsewhere.rglob("*"))}
    for again in (
        lambda: search(make_space(max_trials=9), tmp_path / "found", resume=True, keep=1),
        lambda: report_search(tmp_path / "found"),
    ):
        with pytest.raises(MrcaError, match="is a link, and leads out of the search"):
            again()
    assert {path: path.stat().st_mtime for path in sorted(elsewhere.rglob("*"))} == before


def test_deleting_follows_no_link(fake_training, make_space, tmp_path):
    from mrca.experiments.search.search import search

    search(make_space(max_trials=1), tmp_path / "found", keep=1)
    model = tmp_path / "elsewhere" / "model.keras"
    model.parent.mkdir()
    model.touch()
    trial = tmp_path / "found" / "trials" / "0000"
    (trial / "more").symlink_to(model.parent)
    (trial / "trial-0000" / "folder").symlink_to(model.parent)
    search_folder.prune(tmp_path / "found", 0, needed=set())
    assert model.is_file()
    assert not (trial / "trial-0000" / "model.keras").exists()


@pytest.mark.parametrize("name", ["..", "x", "0000 ", "٠٠٠٠"])
def test_a_trial_is_called_as_our_own_are(make_trials, tmp_path, name):
    from mrca.experiments.search import read_trials, write_trial

    [trial] = make_trials(1)
    write_trial(trial, tmp_path)
    path = tmp_path / "trials" / "0000" / "trial.json"
    path.write_text(path.read_text("utf-8").replace('"0000"', f'"{name}"'), "utf-8")
    with pytest.raises(MrcaError, match=r"trial\.json is damaged: id: "):
        read_trials(tmp_path)


def test_a_search_of_an_earlier_version_is_refused_in_words(
    fake_training, make_space, tmp_path, monkeypatch
):
    """It has no order, and its trials can still be reported."""
    from mrca.experiments.search.report_search import report_search
    from mrca.experiments.search.search import search

    search(make_space(max_trials=2), tmp_path / "found")
    (tmp_path / "found" / "order.json").unlink()
    with pytest.raises(MrcaError, match="`mrca tune report` shows what was tried"):
        search(make_space(max_trials=2), tmp_path / "found", resume=True)
    assert report_search(tmp_path / "found").table.row_count == 2


def test_a_report_reads_nothing_outside_of_the_folder(fake_training, make_space, tmp_path):
    from mrca.experiments.search.report_search import report_search
    from mrca.experiments.search.search import search

    search(make_space(max_trials=1), tmp_path / "found")
    path = tmp_path / "found" / "space.toml"
    path.write_text(path.read_text("utf-8").replace("start.toml", "../other.toml"), "utf-8")
    with pytest.raises(MrcaError, match="is damaged"):
        report_search(tmp_path / "found")
