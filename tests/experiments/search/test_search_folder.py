"""What a search was started with, and whether it is what there is now."""

import shutil

import pytest

from mrca.errors import MrcaError
from mrca.experiments.search import search_folder
from mrca.experiments.search.parameter import Parameter
from mrca.experiments.search.search_folder import check_unchanged, describe_search, start_folder


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
