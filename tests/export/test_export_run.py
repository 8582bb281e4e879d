import json
import platform
import shutil
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mrca
from mrca.config import dump_config
from mrca.datasets import load_corpus
from mrca.encoding import Batch
from mrca.errors import MrcaError
from mrca.evaluation import Temperature
from mrca.export.probes import document_of, probes
from mrca.export.token_arrays import token_arrays
from mrca.layers.heads import HEADS
from mrca.text.inline_marks import marked, parse_marked
from mrca.training import Run, check_output

tf = pytest.importorskip("tensorflow")

from mrca.export import export_run as module  # noqa: E402
from mrca.export.card import write_card  # noqa: E402
from mrca.export.export_run import export_run  # noqa: E402
from mrca.export.exported_files import WARM_UP  # noqa: E402
from mrca.export.exported_parts import exported_model, exported_parts  # noqa: E402
from mrca.export.verification import Request, Verified, verify  # noqa: E402


@pytest.fixture(scope="module")
def loaded(exported_run):
    return tf.saved_model.load(str(exported_run))


@pytest.fixture(scope="module")
def documents(sample_slice):
    return load_corpus("sample", sample_slice).splits["test"]


def of_text(loaded, texts):
    answer = loaded.signatures["serving_default"](text=tf.constant(texts, tf.string))
    return {name: value.numpy() for name, value in answer.items()}


def of_documents(loaded, documents):
    arrays = {name: tf.constant(array) for name, array in token_arrays(documents).items()}
    return {name: value.numpy() for name, value in loaded.signatures["tokens"](**arrays).items()}


def decided(run, documents):
    candidates = run.classifier.candidates(documents)
    return run.classifier.scores_and_labels(candidates, run.classifier.raw_outputs(candidates))


def assert_as_predicted(run, answer, documents):
    scores, labels = decided(run, documents)
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-5, rtol=0)
    np.testing.assert_array_equal(answer["labels"], labels)
    for row, prediction in enumerate(run.predict(documents)):
        held = [name.decode() for name in answer["relations"][row] if name]
        assert held == [name for name, _ in prediction.relations]
        np.testing.assert_allclose(
            answer["relation_scores"][row, : len(held)],
            [score for _, score in prediction.relations],
            atol=1e-5,
        )
        assert not answer["relations"][row, len(held) :].astype(bool).any()


def test_it_gives_what_predict_gives(loaded, tiny_run, documents):
    assert_as_predicted(tiny_run, of_text(loaded, [marked(row) for row in documents]), documents)
    assert_as_predicted(tiny_run, of_documents(loaded, documents), documents)


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
    assert_as_predicted(tiny_run, answer, [document_of(each) for each in read])


def test_a_bad_row_does_not_change_the_others(loaded):
    good = "<s>Ada</s> was born in <o>London</o>."
    bad = ["", "<s>", "word " * 10_000, b"\xff\xfe", "</o>" * 300]
    together = of_text(loaded, [good, *bad, good])
    alone = of_text(loaded, [good])
    assert together["problem"][0] == b"" and all(together["problem"][[1, 2, 4, 5]])
    for row in (0, -1):
        np.testing.assert_allclose(together["scores"][row], alone["scores"][0], atol=1e-6)


def test_the_network_s_own_inputs(loaded, tiny_run, documents):
    classifier = tiny_run.classifier
    encoded = classifier.encoder.encode(classifier.candidates(documents))
    batch = Batch(np.arange(len(documents)), int(encoded.lengths.max()))
    inputs = encoded.batch(batch, "masked")
    answer = loaded.signatures["features"](
        vectors=tf.constant(inputs["states"]),
        case=tf.constant(inputs["case"], tf.int32),
        role=tf.constant(inputs["role"], tf.int32),
        lengths=tf.constant(inputs["lengths"]),
    )
    assert_as_predicted(tiny_run, {k: v.numpy() for k, v in answer.items()}, documents)


def test_what_lies_next_to_the_graph(exported_run, loaded, tiny_run):
    extras = exported_run / "assets.extra"
    assert json.loads((extras / "relations.json").read_text("utf-8")) == list(
        tiny_run.classifier.relations
    )
    decision = json.loads((extras / "decision.json").read_text())
    assert decision == tiny_run.classifier.decision.get_config()
    assert json.loads((extras / "export.json").read_text())["run"] == "tiny"
    request = json.loads((extras / "sample_request.json").read_text())
    assert of_text(loaded, request["instances"])["problem"].tolist() == [b""]
    card = (extras / "card.md").read_text("utf-8")
    assert "sample corpus" in card and "`vectors`, `case`, `role`, `lengths`" in card
    assert (exported_run / "assets" / "vocabulary.txt").is_file()
    assert [path.name for path in exported_run.parent.iterdir()] == ["1"]


def test_the_warm_up_requests_are_answered(exported_run, loaded, read_warm_up):
    requests = read_warm_up(exported_run / WARM_UP)
    assert {signature for signature, _ in requests} == {"serving_default", "tokens"}
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


class Empty(tf.Module):
    """Stands for an exported model where only its files matter."""

    functions: ClassVar[dict] = {}


def test_a_failed_check_leaves_nothing(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "exported_model", lambda *parts: Empty())
    monkeypatch.setattr(module, "verification_requests", lambda *parts: [])
    monkeypatch.setattr(module, "verify", failing)
    with pytest.raises(MrcaError, match="something else"):
        export_run(tiny_run, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_a_killed_export_left_is_removed(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "exported_parts", failing)
    name = f".export.{platform.node()}.%d-x.partial"
    gone, runs = (tmp_path / "tiny" / (name % process) for process in (2**22 + 1, 1))
    for folder in (gone, runs):
        folder.mkdir(parents=True)
    with pytest.raises(MrcaError, match="something else"):
        export_run(tiny_run, tmp_path)
    assert [path.name for path in (tmp_path / "tiny").iterdir()] == [runs.name]


def test_fewer_words_in_half_precision(tiny_run, sample_slice, tmp_path, monkeypatch, exported_run):
    monkeypatch.setattr(module, "verify", lambda *arguments: Verified(0.0, None))
    folder = shutil.copytree(tiny_run.folder, tmp_path / "tiny")
    corpus = load_corpus("sample", sample_slice)
    exported = export_run(
        Run(folder, tiny_run.classifier), vocabulary="run", half=True, corpus=corpus
    )
    assert exported.folder == folder / "1"
    assert exported.effect.split == "test" and exported.effect.rows == 40
    assert exported.effect.new_words > 0
    assert exported.effect.run == tiny_run.metrics["splits"]["test"]["micro"]["f1"]
    assert abs(exported.effect.exported - exported.effect.run) < 0.1
    whole = sum(file.stat().st_size for file in exported_run.rglob("*") if file.is_file())
    assert exported.disk < whole
    answer = of_text(tf.saved_model.load(str(exported.folder)), [marked(corpus.splits["test"][0])])
    scores, _ = decided(tiny_run, corpus.splits["test"][:1])
    np.testing.assert_allclose(answer["scores"], scores, atol=0.01)
    # What is trained anew under that name would take the version along.
    with pytest.raises(MrcaError, match=r"exported versions \(1\)"):
        check_output(tiny_run.config, folder, resume=False, overwrite=True)


@pytest.mark.processes
def test_it_is_tried_in_another_process(tiny_run, tmp_path):
    exported = export_run(tiny_run, tmp_path)
    assert exported.folder == tmp_path / "tiny" / "1"
    assert exported.distance < 1e-5
    assert exported.memory is None or exported.memory > 0


@pytest.mark.processes
def test_the_check_finds_what_differs(exported_run, loaded, tmp_path):
    answer = of_text(loaded, ["<s>Ada</s>"])
    other = {**answer, "scores": answer["scores"] + 1e-3}
    requests = [Request("serving_default", {"text": np.array(["<s>Ada</s>"], object)}, other)]
    with pytest.raises(
        MrcaError, match=r"scores of serving_default are not the run's own \(off by 0\.001\)"
    ):
        verify(exported_run, tmp_path, requests, 1e-4)


@pytest.mark.processes
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


@pytest.fixture(scope="module")
def classifier_of(sample_slice, tiny_config):
    """`classifier_of(settings)`, made as the tiny run's is but for these, and not trained."""
    corpus = load_corpus("sample", sample_slice)

    def make(settings):
        rows = corpus.splits["train"][:40]
        return mrca.RelationClassifier.from_recipe(tiny_config, rows, settings=settings)

    return make


def graph_outputs(parts, documents):
    tokens = {name: tf.constant(array) for name, array in token_arrays(documents).items()}
    read = parts.reader.from_tokens(**tokens)
    return parts.network({name: read[name] for name in parts.network.inputs})


def test_an_encoder_is_inside(classifier_of, hub_module, documents, tmp_path):
    settings = {"encoder.name": f"hub:{hub_module}", "features.max_length": 32}
    classifier = classifier_of(settings)
    for vocabulary, half in (("run", False), (None, True)):
        with pytest.raises(MrcaError, match="not with word vectors"):
            exported_parts(classifier, vocabulary, half, tmp_path)
    parts = exported_parts(classifier, None, False, tmp_path)
    expected = classifier.raw_outputs(classifier.candidates(documents))
    np.testing.assert_allclose(graph_outputs(parts, documents), expected, atol=1e-3)


@pytest.mark.slow
@pytest.mark.processes
def test_a_run_with_an_encoder(classifier_of, hub_module, documents, tmp_path):
    settings = {"encoder.name": f"hub:{hub_module}", "features.max_length": 32}
    classifier_of(settings).save_to_preset(tmp_path / "run")
    run = mrca.load(tmp_path / "run")
    exported = export_run(run, tmp_path)
    loaded = tf.saved_model.load(str(exported.folder))
    assert_as_predicted(run, of_documents(loaded, documents), documents)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("vocabulary", ["run", "top:20"])
def test_fewer_words_or_rounded_vectors_in_python(tiny_run, documents, tmp_path, vocabulary, half):
    """What is left out is spelled out, and that is what the exported model is compared with."""
    parts = exported_parts(tiny_run.classifier, vocabulary, half, tmp_path)
    assert f"({vocabulary}), vectors in {'half' if half else 'single'} precision" in parts.reads
    rows = [*documents, document_of(parse_marked("<s>Xyqzw</s> lives in <o>Vbrtk</o>."))]
    reference = parts.reference()
    expected = reference.raw_outputs(reference.candidates(rows))
    np.testing.assert_allclose(graph_outputs(parts, rows), expected, atol=1e-5)


# Bilinear forms are of the two entities of a pair, which a whole text does not have.
@pytest.mark.parametrize("head", sorted(HEADS.keys() - {"bilinear", "grouped_bilinear"}))
def test_every_classifier_layer(classifier_of, documents, tmp_path, head):
    # A loss of each row, which two branches need.
    settings = {"classifier": {"name": head}, "loss": {"name": "binary_crossentropy"}}
    classifier = classifier_of(settings)
    parts = exported_parts(classifier, None, False, tmp_path)
    expected = classifier.raw_outputs(classifier.candidates(documents))
    np.testing.assert_allclose(graph_outputs(parts, documents), expected, atol=1e-5)


def test_a_decision_that_was_tuned_and_calibrated(tiny_run, documents, tmp_path):
    run = mrca.load(tiny_run.folder)
    decision = run.classifier.decision
    tuned = decision.rule.with_threshold(np.linspace(0.1, 0.6, 12).tolist())
    run.classifier.decision = decision.with_rule(tuned).with_calibration(Temperature(0.2))
    parts = exported_parts(run.classifier, None, False, tmp_path)
    model = exported_model(run.classifier, parts)
    arrays = {name: tf.constant(array) for name, array in token_arrays(documents).items()}
    answer = {name: value.numpy() for name, value in model.functions["tokens"](**arrays).items()}
    assert_as_predicted(run, answer, documents)
    card = write_card(run, "1", parts.reads, parts.network.inputs)
    assert "calibration temperature, value 0.2" in card


def test_a_run_in_mixed_precision_is_exported_in_float32(tiny_run, documents, tmp_path):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "mixed")
    tiny_run.classifier.network.with_dtype("mixed_float16").save(folder / "model.keras")
    config = tiny_run.config.changed({"model.precision": "mixed_float16"})
    (folder / "config.toml").write_text(dump_config(config))
    run = mrca.load(folder)

    candidates = tiny_run.classifier.candidates(documents)
    expected = tiny_run.classifier.raw_outputs(candidates)
    assert np.abs(run.classifier.raw_outputs(candidates) - expected).max() > 1e-5
    parts = exported_parts(run.classifier, None, False, tmp_path)
    np.testing.assert_allclose(parts.reference().raw_outputs(candidates), expected, atol=1e-5)
    np.testing.assert_allclose(graph_outputs(parts, documents), expected, atol=1e-5)
    card = write_card(run, "1", parts.reads, parts.network.inputs)
    assert "Computes in float32; the run itself in mixed_float16" in card


def operations(network, inputs):
    graph = tf.function(network).get_concrete_function(inputs).graph.as_graph_def()
    functions = [node for function in graph.library.function for node in function.node_def]
    return {node.op for node in [*graph.node, *functions]}


def test_what_a_machine_with_a_gpu_exports_needs_none(classifier_of, tmp_path, monkeypatch):
    monkeypatch.setattr("mrca.layers.bilstm.gpus", lambda: ["NVIDIA H200"])
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU:0"])
    classifier = classifier_of({})
    parts = exported_parts(classifier, None, False, tmp_path)
    its_own = {**parts.network.inputs, "states": parts.network.inputs["vectors"]}
    del its_own["vectors"]
    assert "CudnnRNNV3" in operations(classifier.network, its_own)
    exported = operations(parts.network, parts.network.inputs)
    assert "MatMul" in exported
    assert not [name for name in exported if "Cudnn" in name]


def test_types_of_entities_are_no_marks(tiny_config, tmp_path):
    row = {
        "text": "Ada lives in Glanford.",
        "entities": [{"text": "Ada", "type": "PER"}, {"text": "Glanford", "type": "LOC"}],
        "facts": [["Ada", "lives_in", "Glanford"]],
    }
    classifier = mrca.RelationClassifier.from_recipe(
        tiny_config, [row], settings={"features.types": True}
    )
    with pytest.raises(MrcaError, match="marks of sentences do not give"):
        exported_parts(classifier, None, False, tmp_path)


# === Runs of entity pairs ===


def test_what_lies_next_to_the_graph_of_pairs(exported_pairs_run, tiny_pairs_run, read_warm_up):
    loaded = tf.saved_model.load(str(exported_pairs_run))
    extras = exported_pairs_run / "assets.extra"
    described = json.loads((extras / "export.json").read_text())
    assert described["candidates"] == "pairs"
    assert described["types"] == list(tiny_pairs_run.classifier.types)
    card = (extras / "card.md").read_text("utf-8")
    assert "between the marked entities" in card and "`types`, `lengths`, `entities`" in card
    request = json.loads((extras / "sample_request.json").read_text())
    answer = of_text(loaded, request["instances"])
    assert answer["subjects"].shape == answer["relations"].shape
    for signature, inputs in read_warm_up(exported_pairs_run / WARM_UP):
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        found = loaded.signatures[signature](**tensors)
        assert {len(array) for array in found.values()} == {len(next(iter(inputs.values())))}


@pytest.mark.processes
def test_pairs_are_tried_in_another_process(tiny_pairs_run, tmp_path):
    exported = export_run(tiny_pairs_run, tmp_path)
    assert exported.distance < 1e-5


def test_what_fewer_words_cost_a_run_of_pairs(tiny_pairs_run, sample_slice, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "verify", lambda *arguments: Verified(0.0, None))
    corpus = load_corpus("sample", sample_slice)
    exported = export_run(tiny_pairs_run, tmp_path, vocabulary="run", corpus=corpus)
    micro = tiny_pairs_run.metrics["splits"]["test"]["micro"]["f1"]
    assert exported.effect.run == pytest.approx(micro)
    assert abs(exported.effect.exported - micro) < 0.15
