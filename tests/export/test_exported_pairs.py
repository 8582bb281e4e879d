"""Runs of entity pairs as graphs, against the same classifier in Python."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mrca
from mrca.config import load_recipe, parse_settings
from mrca.datasets import load_corpus
from mrca.export.token_arrays import mention_arrays
from mrca.text import Document, Entity, Span
from mrca.text.inline_marks import marked, marked_document
from mrca.text.prediction import mention_text

tf = pytest.importorskip("tensorflow")

from mrca.export.exported_parts import exported_model, exported_parts  # noqa: E402

TEXTS = [
    "<e id=1 type=PERSON>Ada</e> met <e>Bob</e> in <e type=LOCATION>New  York</e> <e id=1>she</e>",
    "<e>Ada</e> and <s>Bob</s> and <o>Cy</o>'s <e>Ada</e>",
    "<s>Ada</s> met <o>Bob</o> and <s><o>Cleo</o></s>, <s>Bob</s>",
    '<e type="human being">A <s>b c</s></e> <o>d <e>e</o> f</e> g',
    "<e type=WorkOfArt>The Kiss</e><e type=_>!</e> <e type=ÉCOLE>Σ ΟΔΟΣ</e>",
    "no entity",
    "<e>one</e>",
    "",
    "<e>A</e> <e x=1>B</e> <e>C",
    "AT&amp;T <e>😀 x</e> &lt;e> <e id=a&amp;b>y</e> <e id='q'>z</e>",
    " ".join(f"<e>w{i % 7} x{i}</e> and" for i in range(30)),
]


def answer(model, signature="serving_default", **arrays):
    """What a signature gives, as lists of facts and problems."""
    function = model.functions[signature]
    specs = function.structured_input_signature[1]
    given = {name: tf.constant(each, specs[name].dtype) for name, each in arrays.items()}
    found = {name: each.numpy() for name, each in function(**given).items()}
    rows = []
    for row in range(len(found["problem"])):
        count = int((found["relations"][row] != b"").sum())
        rows.append(
            [
                (
                    *(
                        found[name][row, at].decode()
                        for name in ("subjects", "relations", "objects")
                    ),
                    *(found[name][row, at].decode() for name in ("subject_ids", "object_ids")),
                    *(tuple(found[name][row, at]) for name in ("subject_spans", "object_spans")),
                    float(found["relation_scores"][row, at]),
                )
                for at in range(count)
            ]
        )
        assert not found["relation_scores"][row, count:].any()
    return rows, [each.decode() for each in found["problem"]]


def expected_of(classifier, documents):
    rows = []
    for prediction in classifier.predict_iter(documents):
        document = prediction.document
        facts = []
        for fact in prediction.facts:
            sides = (fact.subject_entity, fact.object_entity)
            first = [side.mentions[0] for side in sides]
            places = [(document.offsets[a].start, document.offsets[b - 1].end) for a, b in first]
            ids = [side.id for side in sides]
            facts.append((fact.subject, fact.relation, fact.object, *ids, *places, fact.score))
        rows.append(facts)
    return rows


def assert_same(found, expected):
    assert [len(row) for row in found] == [len(row) for row in expected]
    for got, wanted in zip(found, expected, strict=True):
        # Facts with scores that are nearly the same may change places.
        ours, theirs = (sorted(row, key=lambda fact: fact[:-1]) for row in (got, wanted))
        assert [fact[:-1] for fact in ours] == [fact[:-1] for fact in theirs]
        scores = [[fact[-1] for fact in facts] for facts in (ours, theirs)]
        np.testing.assert_allclose(*scores, atol=2e-4)


def assert_as_python(classifier, model, texts):
    documents = [marked_document(text)[0] for text in texts]
    found, problems = answer(model, text=texts)
    assert_same(found, expected_of(classifier, documents))
    for text, problem in zip(texts, problems, strict=True):
        wrong = marked_document(text)[1]
        assert problem == wrong if wrong else "bad mark" not in problem
    return found, problems


@pytest.fixture(scope="module")
def rows(sample_slice):
    return load_corpus("sample", sample_slice).splits["train"][:40]


@pytest.fixture(scope="module")
def made_of(tiny_settings, rows, tmp_path_factory):
    """`made_of(recipe, settings)`: a classifier that is not trained, and its model."""

    def make(recipe, *options, bert=None):
        general = ["data.dataset=sample"]
        if bert is not None:
            general += [f"encoder.name=keras_hub:{bert}", "features.max_length=24"]
            general += ["model.hidden=64"]
        else:
            general = [*tiny_settings, "model.hidden=32", "training.weight_average=0.5"]
        config = load_recipe(recipe).changed(parse_settings([*general, *options]))
        classifier = mrca.RelationClassifier.from_recipe(config, rows)
        folder: Path = tmp_path_factory.mktemp("assets")
        parts = exported_parts(classifier, None, False, folder)
        return classifier, exported_model(classifier, parts)

    return make


@pytest.fixture(scope="module")
def pairs(made_of):
    return made_of("pairs")


@pytest.mark.parametrize(
    "options",
    [
        ("data.roles=unknown", "candidates.max_distance=3"),
        ("candidates.types=seen", "decision.types=seen", "decision.top_k=2"),
        ("features.types=false", "model.pair_context=mean_max", "model.pair_interaction=none"),
        ("features.role=false", "features.case=false", "loss.name=binary_crossentropy"),
    ],
)
def test_facts_are_those_of_predict(made_of, rows, options):
    classifier, model = made_of("pairs", *options)
    found, _ = assert_as_python(
        classifier, model, [*TEXTS, *(marked(row, roles_only=False) for row in rows)]
    )
    assert any(found)


@pytest.fixture(scope="module")
def bert(vocabulary, tmp_path_factory):
    """A tiny random BERT whose vocabulary has the signs that mark entities."""
    keras_hub = pytest.importorskip("keras_hub", reason="needs the extra mrca[keras-hub]")
    from mrca.encoders.keras_hub_states import KerasHubStates
    from mrca.encoding import WordPieces

    pieces = [*vocabulary, "@", "*"]
    backbone = keras_hub.models.BertBackbone(len(pieces), 1, 2, 8, 16, max_sequence_length=32)
    folder = tmp_path_factory.mktemp("bert") / "tiny"
    KerasHubStates(backbone).save(folder, WordPieces(pieces, lower_case=True))
    return folder


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        ("pairs-bert", ()),
        ("pairs-bert", ("features.marker_style=asterisks", "features.types=true")),
        ("pairs-bert", ("features.marker_style=roles", "features.role=true")),
        ("atlop", ()),
        ("pairs", ("features.max_length=24", "features.types=true")),
    ],
)
def test_word_pieces_are_read_as_predict_reads_them(made_of, rows, bert, recipe, options):
    classifier, model = made_of(recipe, *options, bert=bert)
    found, _ = assert_as_python(
        classifier, model, [*TEXTS, *(marked(row, roles_only=False) for row in rows[:8])]
    )
    assert any(found)


marks = st.sampled_from(
    [
        *("<e>", "</e>", "<s>", "</s>", "<o>", "</o>", "<e id=1>", "<e id=2 type=PERSON>"),
        *("<o id=1>", "<e type=x>", "<e id>", "&lt;", "Ada", "Bob", "St.", "'s", ".", "<", ">"),
        *('"', "😀", "new", "york"),
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(marks | st.text(max_size=4), max_size=24).map(" ".join), max_size=6))
@example([])
@example(TEXTS)
def test_any_text_is_answered_as_python_answers_it(pairs, texts):
    assert_as_python(*pairs, [text.encode("utf-8", "replace").decode() for text in texts])


def test_words_with_mentions_that_nest_and_cross(pairs):
    classifier, model = pairs
    spans = [[(0, 3), (7, 8)], [(1, 2)], [(2, 5)], [(0, 3)]]
    document = Document(
        ("University", "of", "Paris", "and", "its", "rector", "met", "Ada"),
        tuple(
            Entity(tuple(Span(*span) for span in each), type, str(number))
            for number, (each, type) in enumerate(
                zip(spans, ["PERSON", "", "x", "PERSON"], strict=True)
            )
        ),
        subjects=(0, 1, 2, 3),
        objects=(1, 2, 3),
    )
    unknown = document.with_unknown_roles()
    found, problems = answer(model, "tokens", **mention_arrays([document, unknown]))
    assert problems == ["entities without a known type"] * 2
    for row, prediction in zip(found, classifier.predict_iter([document, unknown]), strict=True):
        names = [
            tuple(mention_text(document, e.mentions[0]) for e in fact[4:])
            for fact in prediction.facts
        ]
        assert [(a, b) for a, _, b, *_ in row] == names
        assert [fact[1] for fact in row] == [fact.relation for fact in prediction.facts]
        numbers = [(fact.subject_entity.id, fact.object_entity.id) for fact in prediction.facts]
        assert [fact[3:5] for fact in row] == numbers
        np.testing.assert_allclose(
            [fact[-1] for fact in row], [fact.score for fact in prediction.facts], atol=1e-4
        )
    assert len(found[1]) >= len(found[0])


def test_problems_are_told(pairs):
    _, model = pairs
    many = " ".join(f"<e>a{i}</e>" for i in range(300))
    texts = [b"\xff <e>a</e>", "", "<e>a</e>", "<e id>a</e>", many, "<e>a</e> <e>b</e>"]
    assert answer(model, text=texts)[1] == [
        "invalid UTF-8",
        "no words",
        "fewer than two entities",
        "bad mark <e …>",
        "more entities or words than one answer holds",
        "entities without a known type",
    ]
    arrays = {
        "tokens": [["a", "b"]] * 3,
        "start": [[0, 1], [0, 1], [0, 0]],
        "end": [[1, 2], [1, 3], [1, 0]],
        "role": [[0, 7], [0, 0], [0, 0]],
        "id": [["", ""]] * 3,
        "type": [["PERSON", "PERSON"]] * 3,
    }
    assert answer(model, "tokens", **arrays)[1] == [
        "unknown role",
        "mention outside the words",
        "fewer than two entities",
    ]


def test_a_row_does_not_depend_on_its_neighbours(pairs):
    _, model = pairs
    long = "<e>Ada</e> met <e>Bob</e> " + "and so on " * 3000
    texts = [*TEXTS, long, *TEXTS * 8]
    together, problems = answer(model, text=texts)
    for row in (0, 1, 3, len(TEXTS) + 5):
        alone, problem = answer(model, text=[texts[row]])
        assert_same([together[row]], alone)
        assert problems[row] == problem[0]
