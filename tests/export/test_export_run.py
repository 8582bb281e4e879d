import json
import shutil

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mrca
from mrca.config import dump_config
from mrca.datasets import load_corpus
from mrca.errors import MrcaError
from mrca.export import marked, parse_marked
from mrca.export.probes import probes
from mrca.export.token_arrays import token_arrays
from mrca.text import Example

tf = pytest.importorskip("tensorflow")

from mrca.export import export_run as module  # noqa: E402
from mrca.export.card import write_card  # noqa: E402
from mrca.export.export_run import export_run  # noqa: E402
from mrca.export.exported_files import WARM_UP  # noqa: E402
from mrca.export.exported_parts import exported_parts  # noqa: E402
from mrca.export.verification import Request, Verified, verify  # noqa: E402
from mrca.export.warm_up import read_warm_up  # noqa: E402


@pytest.fixture(scope="module")
def loaded(exported_run):
    return tf.saved_model.load(str(exported_run))


@pytest.fixture(scope="module")
def examples(sample_slice):
    return load_corpus("sample", sample_slice).splits["test"]


def of_text(loaded, texts):
    answer = loaded.signatures["serving_default"](text=tf.constant(texts, tf.string))
    return {name: value.numpy() for name, value in answer.items()}


def of_examples(loaded, examples):
    arrays = {name: tf.constant(array) for name, array in token_arrays(examples).items()}
    return {name: value.numpy() for name, value in loaded.signatures["tokens"](**arrays).items()}


def assert_as_predicted(run, answer, examples):
    scores, labels = run.decide(run.outputs(examples))
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(answer["labels"], labels)
    for row, prediction in enumerate(run.predict(examples)):
        held = [name.decode() for name in answer["relations"][row] if name]
        assert held == [name for name, _ in prediction.relations]
        np.testing.assert_allclose(
            answer["relation_scores"][row, : len(held)],
            [score for _, score in prediction.relations],
            atol=1e-5,
        )
        assert not answer["relations"][row, len(held) :].astype(bool).any()


def test_it_gives_what_predict_gives(loaded, tiny_run, examples):
    assert_as_predicted(tiny_run, of_text(loaded, [marked(row) for row in examples]), examples)
    assert_as_predicted(tiny_run, of_examples(loaded, examples), examples)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["<s>", "</s>", "<o>", "</o>", "Ada", "was", "born", ".", "&lt;", "😀"])
            | st.text(max_size=5),
            max_size=30,
        ).map(" ".join),
        max_size=5,
    )
)
@example([])
@example(probes(["born", "city"], count=3).texts)
def test_any_text_is_answered_as_python_answers_it(loaded, tiny_run, texts):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    answer = of_text(loaded, texts)
    read = [parse_marked(text) for text in texts]
    assert [problem.decode() for problem in answer["problem"]] == [each.problem for each in read]
    assert_as_predicted(
        tiny_run, answer, [Example(each.tokens, each.subjects, each.objects) for each in read]
    )


def test_a_bad_row_does_not_change_the_others(loaded):
    good = "<s>Ada</s> was born in <o>London</o>."
    bad = ["", "<s>", "word " * 10_000, b"\xff\xfe", "</o>" * 300]
    together = of_text(loaded, [good, *bad, good])
    alone = of_text(loaded, [good])
    assert together["problem"][0] == b"" and all(together["problem"][[1, 2, 4, 5]])
    for row in (0, -1):
        np.testing.assert_allclose(together["scores"][row], alone["scores"][0], atol=1e-6)


def test_the_network_s_own_inputs(loaded, tiny_run, examples):
    model = tiny_run.model
    encoded = model.encode(examples)
    table = np.asarray(model.network.token_features.table)
    longest = int(encoded.lengths.max())
    vectors = np.zeros((len(examples), longest, table.shape[1]), np.float32)
    marks = np.zeros((2, len(examples), longest), np.int32)
    for row, length in enumerate(encoded.lengths):
        words = slice(encoded.starts[row], encoded.starts[row] + length)
        vectors[row, :length] = table[encoded.arrays["words"][words]]
        marks[0, row, :length] = encoded.arrays["case"][words]
        marks[1, row, :length] = encoded.arrays["role"][words]
    answer = loaded.signatures["features"](
        vectors=tf.constant(vectors),
        case=tf.constant(marks[0]),
        role=tf.constant(marks[1]),
        lengths=tf.constant(encoded.lengths, tf.int32),
    )
    assert_as_predicted(tiny_run, {k: v.numpy() for k, v in answer.items()}, examples)


def test_what_lies_beside_the_graph(exported_run, loaded, tiny_run):
    extras = exported_run / "assets.extra"
    assert json.loads((extras / "relations.json").read_text("utf-8")) == list(tiny_run.relations)
    assert json.loads((extras / "decision.json").read_text()) == tiny_run.decision_rule.get_config()
    assert json.loads((extras / "export.json").read_text())["run"] == "tiny"
    request = json.loads((extras / "sample_request.json").read_text())
    assert of_text(loaded, request["instances"])["problem"].tolist() == [b""]
    card = (extras / "card.md").read_text("utf-8")
    assert "sample corpus" in card and "`vectors`, `case`, `role`, `lengths`" in card
    assert (exported_run / "assets" / "vocabulary.txt").is_file()
    assert [path.name for path in exported_run.parent.iterdir()] == ["1"]


def test_the_warm_up_requests_are_answered(exported_run, loaded):
    requests = list(read_warm_up(exported_run / WARM_UP))
    assert {request.signature for request in requests} == {"serving_default", "tokens"}
    for signature, inputs in requests:
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        answer = loaded.signatures[signature](**tensors)
        rows = len(next(iter(inputs.values())))
        assert rows <= 32
        assert len(answer["scores"]) == rows


def test_a_version_is_never_overwritten(exported_run, tiny_run):
    before = (exported_run / "saved_model.pb").stat().st_mtime_ns
    with pytest.raises(MrcaError, match=r"is there already.*--version 2"):
        export_run(tiny_run, exported_run.parents[1], 1)
    assert (exported_run / "saved_model.pb").stat().st_mtime_ns == before


def failing(*arguments):
    raise MrcaError("it gives something else")


def test_a_failed_check_leaves_nothing(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "verify", failing)
    with pytest.raises(MrcaError, match="something else"):
        export_run(tiny_run, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_a_killed_export_left_is_removed(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "verify", failing)
    gone, runs = (tmp_path / "tiny" / f".export-{process}-x" for process in (2**22 + 1, 1))
    for folder in (gone, runs):
        folder.mkdir(parents=True)
    with pytest.raises(MrcaError, match="something else"):
        export_run(tiny_run, tmp_path)
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == [runs.name]


def test_fewer_words_in_half_precision(tiny_run, sample_slice, tmp_path, monkeypatch, exported_run):
    monkeypatch.setattr(module, "verify", lambda *arguments: Verified(0.0, None))
    folder = shutil.copytree(tiny_run.folder, tmp_path / "tiny")
    corpus = load_corpus("sample", sample_slice)
    exported = export_run(mrca.load(folder), vocabulary="run", half=True, corpus=corpus)
    assert exported.folder == folder / "1"
    assert exported.effect.split == "test" and exported.effect.rows == 40
    assert exported.effect.new_words > 0
    assert exported.effect.run == tiny_run.metrics["splits"]["test"]["micro"]["f1"]
    assert abs(exported.effect.exported - exported.effect.run) < 0.1
    whole = sum(file.stat().st_size for file in exported_run.rglob("*") if file.is_file())
    assert exported.disk < whole
    answer = of_text(tf.saved_model.load(str(exported.folder)), [marked(corpus.splits["test"][0])])
    scores, _ = tiny_run.decide(tiny_run.outputs(corpus.splits["test"][:1]))
    np.testing.assert_allclose(answer["scores"], scores, atol=0.01)
    # What is trained anew under that name would take the version along.
    with pytest.raises(MrcaError, match=r"exported versions \(1\)"):
        mrca.train(tiny_run.config, folder, overwrite=True, data_dir=sample_slice)


def test_the_most_frequent_words(tiny_run, tmp_path, monkeypatch):
    """What is left out is spelled out, and that is what the model is compared with."""
    found = []
    monkeypatch.setattr(
        module,
        "verify",
        lambda folder, place, requests, tolerance: found.extend(requests) or Verified(0.0, None),
    )
    exported = export_run(tiny_run, tmp_path, vocabulary="top:20")
    assert "(top:20)" in exported.reads
    text, tokens, _ = found
    answer = of_text(tf.saved_model.load(str(exported.folder)), list(text.inputs["text"]))
    np.testing.assert_allclose(answer["scores"], text.expected["scores"], atol=1e-5)
    np.testing.assert_array_equal(answer["labels"], tokens.expected["labels"])


def test_the_check_finds_what_differs(exported_run, tmp_path):
    answer = of_text(tf.saved_model.load(str(exported_run)), ["<s>Ada</s>"])
    other = {**answer, "scores": answer["scores"] + 1e-3}
    requests = [Request("serving_default", {"text": np.array(["<s>Ada</s>"], object)}, other)]
    with pytest.raises(
        MrcaError, match=r"scores of serving_default are not the run's own \(off by 0\.001\)"
    ):
        verify(exported_run, tmp_path, requests, 1e-4)


def test_the_check_refuses_python_in_a_graph(tmp_path):
    class WithPython(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, "text")])
        def __call__(self, text):
            return {"scores": tf.py_function(lambda text: text, [text], tf.string)}

    model = WithPython()
    tf.saved_model.save(model, str(tmp_path / "1"), signatures=model.__call__)
    with pytest.raises(MrcaError, match="its graph holds the operation EagerPyFunc"):
        verify(tmp_path / "1", tmp_path, [], 1e-4)


def test_other_backends_cannot_write_graphs(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(MrcaError, match=r"KERAS_BACKEND=jax\. Unset it"):
        export_run(tiny_run, tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_run_with_an_encoder(
    tiny_config, hub_module, sample_slice, examples, tmp_path, monkeypatch
):
    monkeypatch.setenv("MRCA_CACHE_DIR", str(tmp_path / "cache"))
    config = mrca.with_overrides(
        tiny_config,
        [f'encoder.name="hub:{hub_module}"', "features.max_length=32", "training.epochs=1"],
    )
    run = mrca.train(config, tmp_path / "run", data_dir=sample_slice)
    with pytest.raises(MrcaError, match="not with word vectors"):
        export_run(run, tmp_path, vocabulary="run")
    exported = export_run(run, tmp_path)
    loaded = tf.saved_model.load(str(exported.folder))
    assert_as_predicted(run, of_examples(loaded, examples), examples)


def test_a_run_in_mixed_precision_is_exported_in_float32(tiny_run, examples, tmp_path):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "mixed")
    tiny_run.model.network.with_dtype("mixed_float16").save(folder / "model.keras")
    config = mrca.with_overrides(tiny_run.config, ["training.precision=mixed_float16"])
    (folder / "config.toml").write_text(dump_config(config))
    run = mrca.load(folder)

    expected = tiny_run.outputs(examples)
    assert np.abs(run.outputs(examples) - expected).max() > 1e-5
    parts = exported_parts(run, None, False, tmp_path)
    np.testing.assert_allclose(parts.reference().outputs(examples), expected, atol=1e-5)
    tokens = {name: tf.constant(array) for name, array in token_arrays(examples).items()}
    read = parts.reader.from_tokens(**tokens)
    outputs = parts.network({name: read[name] for name in parts.network.inputs})
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    card = write_card(run, "1", parts.reads, parts.network.inputs)
    assert "Computes in float32; the run itself in mixed_float16" in card


def test_a_linear_svm_is_no_graph(sample_slice, tmp_path):
    config = mrca.with_overrides(mrca.load_preset("svm"), ["data.dataset=sample"])
    run = mrca.train(config, tmp_path / "run", data_dir=sample_slice)
    with pytest.raises(MrcaError, match=r"linear SVM.*only networks are exported"):
        export_run(run, tmp_path)
    assert not (tmp_path / "run" / "1").exists()
