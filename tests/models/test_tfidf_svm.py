import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from mrca.errors import MrcaError
from mrca.files import file_digest
from mrca.models import TfidfSVM, tfidf_svm

SUBJECTS = [["wheat", "harvest"], ["oil", "barrel"], ["rate", "bank"]]
COMMON = ["the", "said", "year", "prices", "rose"]


def corpus(number=60, seed=0):
    """Texts whose topics (none, one or several) can be seen from their words, and the topics."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((number, 3)) < 0.4).astype(int)
    texts = []
    for row in labels:
        words = [word for topic in np.flatnonzero(row) for word in SUBJECTS[topic]]
        words += generator.choice(COMMON, size=6).tolist()
        texts.append(generator.permutation(words).tolist())
    return texts, labels


@pytest.fixture(scope="module")
def fitted():
    return TfidfSVM(3).fit(*corpus())


def test_it_learns_what_texts_are_about(fitted):
    texts, labels = corpus(200, seed=1)
    outputs = fitted.outputs(texts)
    assert outputs.dtype == np.float32
    assert outputs.shape == (200, 3) == (200, fitted.columns)
    assert ((outputs > 0) == labels).mean() > 0.98


@pytest.mark.parametrize("options", [{}, {"max_ngram": 2, "min_df": 2}, {"sublinear_tf": False}])
@pytest.mark.parametrize("weights", [{}, {"C": 0.3, "class_weight": "balanced"}])
def test_equals_scikit_learn_on_the_joined_text(options, weights):
    texts, labels = corpus()
    vectoriser = TfidfVectorizer(
        token_pattern=r"\S+",
        ngram_range=(1, options.get("max_ngram", 1)),
        min_df=options.get("min_df", 1),
        sublinear_tf=options.get("sublinear_tf", True),
    )
    matrix = vectoriser.fit_transform(" ".join(text) for text in texts)
    reference = OneVsRestClassifier(LinearSVC(**weights, dual=False, tol=1e-8))
    expected = reference.fit(matrix, labels).decision_function(matrix)
    svm = TfidfSVM(3, **options, **weights).fit(texts, labels)
    assert svm.terms == vectoriser.get_feature_names_out().tolist()
    np.testing.assert_allclose(svm.outputs(texts), expected, atol=1e-4)


def test_tokens_are_lower_cased_and_not_cut_anew():
    texts = [["U.S.", "re-elected"], ["AT&T", "x"]]
    svm = TfidfSVM(1).fit(texts, [[1], [0]])
    assert svm.terms == ["at&t", "re-elected", "u.s.", "x"]
    np.testing.assert_array_equal(
        svm.outputs([["U.S."], ["u.s."]])[0], svm.outputs([["U.S."], ["u.s."]])[1]
    )


def test_relations_that_never_or_always_hold_have_a_constant_score():
    texts, labels = corpus()
    never_and_always = np.column_stack([labels[:, 0], np.zeros(60, int), np.ones(60, int)])
    outputs = TfidfSVM(3).fit(texts, never_and_always).outputs([*texts, []])
    assert (outputs[:, 1] == -1).all()
    assert (outputs[:, 2] == 1).all()
    assert np.ptp(outputs[:, 0]) > 0.5
    assert (TfidfSVM(1).fit([["a"]], [[1]]).outputs([["a"], ["b"]]) == 1).all()


def test_a_row_without_known_terms_has_the_intercepts(fitted):
    empty, unknown = fitted.outputs([[], ["zebra"]])
    np.testing.assert_array_equal(empty, unknown)
    # And such rows may be trained on.
    texts, labels = corpus()
    svm = TfidfSVM(3).fit([*texts, []], np.vstack([labels, [0, 0, 0]]))
    assert np.isfinite(svm.outputs([[]])).all()
    assert fitted.outputs([]).shape == (0, 3)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_rows_is_of_no_account(fitted, order):
    texts, labels = corpus()
    outputs = fitted.outputs(texts)
    shuffled = [texts[row] for row in order]
    np.testing.assert_array_equal(fitted.outputs(shuffled), outputs[order])
    again = TfidfSVM(3).fit(shuffled, labels[order])
    np.testing.assert_allclose(again.outputs(texts), outputs, atol=1e-4)


def test_the_same_rows_give_the_same_bits(fitted):
    texts, labels = corpus()
    again = TfidfSVM(3).fit(iter(texts), labels.astype(bool))
    np.testing.assert_array_equal(again.outputs(texts), fitted.outputs(texts))


def test_weights_that_do_not_settle_are_told_once(monkeypatch):
    monkeypatch.setattr(tfidf_svm, "_MAX_STEPS", 1)
    with pytest.warns(UserWarning, match="3 of 3 relations did not settle") as caught:
        TfidfSVM(3, C=1000).fit(*corpus())
    assert len(caught) == 1


@pytest.mark.processes
def test_a_fresh_process_gives_the_same_outputs(fitted, tmp_path):
    folder = tmp_path / "new" / "svm"
    options = {"C": 2.0, "class_weight": "balanced", "min_df": 2, "max_ngram": 2}
    svm = TfidfSVM(3, **options, sublinear_tf=False).fit(*corpus())
    svm.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["svm.json", "svm.npz"]
    texts, _ = corpus(20, seed=2)
    texts.append([])
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    code = (
        "import json, sys, numpy as np\n"
        "from mrca.models import TfidfSVM\n"
        "folder, texts, out = sys.argv[1:]\n"
        "svm = TfidfSVM.load(folder)\n"
        "np.save(out, svm.outputs(json.load(open(texts))))\n"
        "print(json.dumps(svm.get_config()))\n"
    )
    arguments = [str(folder), str(tmp_path / "texts.json"), str(tmp_path / "out.npy")]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == svm.get_config()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), svm.outputs(texts))
    # Saving again replaces it.
    fitted.save(folder)
    np.testing.assert_array_equal(TfidfSVM.load(folder).outputs(texts), fitted.outputs(texts))


def test_odd_tokens_survive_the_file(tmp_path):
    texts = [["\ud800", '"', "é\n"], ["日本"]]
    svm = TfidfSVM(1).fit(texts, [[1], [0]])
    svm.save(tmp_path)
    np.testing.assert_array_equal(TfidfSVM.load(tmp_path).outputs(texts), svm.outputs(texts))


def edited(path, **changes):
    described = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in described.items() if value != ""}))


def stored_again(folder, **changes):
    """Change arrays so that the digest still holds."""
    with np.load(folder / "svm.npz", allow_pickle=False) as file:
        arrays = {**file, **changes}
    np.savez(folder / "svm.npz", **arrays)
    edited(folder / "svm.json", weights=file_digest(folder / "svm.npz", "sha256"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "svm.npz").unlink(),
        lambda folder: (folder / "svm.json").unlink(),
        lambda folder: (folder / "svm.npz").write_bytes(b"PK"),
        lambda folder: (folder / "svm.json").write_text("{"),
        lambda folder: (folder / "svm.json").write_text("[" * 100_000),
        lambda folder: edited(folder / "svm.json", format="other"),
        lambda folder: edited(folder / "svm.json", format_version=2),
        lambda folder: edited(folder / "svm.json", weights=""),
        lambda folder: edited(folder / "svm.json", weights=7),
        lambda folder: edited(folder / "svm.json", options={"columns": 3, "colour": "red"}),
        lambda folder: edited(folder / "svm.json", options={"columns": 4}),
        lambda folder: edited(folder / "svm.json", terms=[]),
        lambda folder: edited(folder / "svm.json", terms=["a", 1]),
        lambda folder: edited(folder / "svm.json", terms=["a", "b"]),
        lambda folder: edited(folder / "svm.json", terms=["a"] * 11),
        lambda folder: stored_again(folder, bias=np.zeros(2, np.float32)),
        lambda folder: stored_again(folder, bias=np.zeros(3)),
        lambda folder: stored_again(folder, bias=np.full(3, np.nan, np.float32)),
        lambda folder: stored_again(folder, bias=np.array([{}, 1, 2])),
    ],
)
def test_damaged_files_are_told(damage, fitted, tmp_path):
    assert len(fitted.terms) == 11
    fitted.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(MrcaError, match=r"Cannot read the SVM in .*Train it again"):
        TfidfSVM.load(tmp_path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(
    field=st.sampled_from(["format", "format_version", "options", "weights", "terms"]),
    value=_JSON,
    cut=st.integers(0, 400),
)
def test_any_other_description_gives_an_error_for_users(
    fitted, tmp_path_factory, field, value, cut
):
    assume(field != "format_version" or value != 1)
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    fitted.save(folder)
    edited(folder / "svm.json", **{field: value})
    with pytest.raises(MrcaError):
        TfidfSVM.load(folder)
    fitted.save(folder)
    content = (folder / "svm.json").read_bytes()
    (folder / "svm.json").write_bytes(content[: cut % (len(content) - 2)])
    with pytest.raises(MrcaError):
        TfidfSVM.load(folder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": 0},
        {"C": 0},
        {"C": float("inf")},
        {"C": "1"},
        {"class_weight": "even"},
        {"min_df": 0},
        {"min_df": 0.5},
        {"max_ngram": 3},
        {"sublinear_tf": 1},
    ],
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(MrcaError, match=f"`{next(iter(wrong))}`"):
        TfidfSVM(**{"columns": 3, **wrong})


def test_what_does_not_fit_is_told(tmp_path):
    texts, labels = corpus(4)
    svm = TfidfSVM(3)
    for wrong in (labels[:3], labels[:, :2], labels * 2, labels[0]):
        with pytest.raises(MrcaError, match=r"labels 0/1 of shape \(4, 3\)"):
            svm.fit(texts, wrong)
    with pytest.raises(MrcaError, match="at least one text"):
        svm.fit([], np.zeros((0, 3)))
    with pytest.raises(MrcaError, match="no sequence of tokens"):
        svm.fit(["oil prices"], labels[:1])
    with pytest.raises(MrcaError, match=r"at least 1 of the 4 training rows.*min_df"):
        svm.fit([[]] * 4, labels)
    with pytest.raises(MrcaError, match=r"at least 9 of the 4 training rows"):
        TfidfSVM(3, min_df=9).fit(texts, labels)
    for use in (lambda: svm.outputs(texts), lambda: svm.save(tmp_path)):
        with pytest.raises(MrcaError, match="learnt nothing yet"):
            use()
    (tmp_path / "file").write_text("")
    with pytest.raises(MrcaError, match="Cannot write the SVM"):
        TfidfSVM(3).fit(texts, labels).save(Path(tmp_path / "file"))
