"""Inputs that are damaged at random: each is refused in words, or taken."""

import asyncio
import importlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from mrca import training
from mrca.config import comparison_names, load_recipe, recipe_names
from mrca.errors import MrcaError

_CONFIG = Path(importlib.import_module("mrca.config").__file__).parent
_TUNING = Path(__file__).parents[2] / "tuning"


@pytest.fixture(autouse=True)
def _cached(load_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are loaded once, and nothing is trained: what would be is checked."""

    def train(config: Any, output: Any, **how: Any) -> Any:
        training.check_config(config)
        training.check_output(config, Path(output), resume=False, overwrite=False)
        raise MrcaError("It would be trained now.")

    def search(space: Any, folder: Path, **how: Any) -> Any:
        space.fingerprint()
        raise MrcaError("It would be searched now.")

    # Imported before anything is put in place, or they would keep it.
    planned = importlib.import_module("mrca.experiments.train_planned")
    searching = importlib.import_module("mrca.experiments.search.search")
    monkeypatch.setattr(planned, "train", train)
    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(searching, "search", search)


@pytest.fixture
def tried(tells, tally, no_failures, tmp_path, precious) -> Callable[..., None]:
    """`tried(what, content, *arguments)`: a command on a file `input` of that content."""

    def one(what: str, content: bytes, *arguments: object, name: str = "input") -> None:
        place = tmp_path / "here" / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        _, problem = tells(*arguments)
        tally(f"bad inputs: {what}")
        if problem:
            no_failures.append(f"{arguments} of {content[:1500]!r}: {problem[:700]}")

    return one


def test_corpora(drawn, mutations, tried, slice_rows, tmp_path):
    folder = tmp_path / "here" / "corpus"
    folder.mkdir(parents=True)
    for split in ("valid", "test"):
        (folder / f"{split}.jsonl").write_text(json.dumps(slice_rows[0]))
    for number in range(drawn(30, 1000)):
        content = mutations.lines(mutations.chance.sample(slice_rows, 3))
        options = mutations.chance.choice(((), ("--on-error", "skip"), ("--offsets", "widen")))
        command = ("validate", "stats", "validate")[number % 3]
        tried("corpora", content, "data", command, "corpus", *options, name="corpus/train.jsonl")


@pytest.mark.parametrize(
    "row",
    [
        {
            "tokens": ["Ada", "met", "Bo"],
            "h": {"pos": [0, 1]},
            "t": {"pos": [2, 3]},
            "relation": "met",
        },
        {
            "sents": [["Ada", "met", "Bo", "."]],
            "title": "x",
            "vertexSet": [
                [{"name": "Ada", "pos": [0, 1], "sent_id": 0, "type": "PER"}],
                [{"name": "Bo", "pos": [2, 3], "sent_id": 0, "type": "PER"}],
            ],
            "labels": [{"h": 0, "t": 1, "r": "met", "evidence": [0]}],
        },
        {
            "sentText": "Ada met Bo",
            "relationMentions": [{"em1Text": "Ada", "em2Text": "Bo", "label": "met"}],
        },
        {
            "tokens": ["Ada", "met", "Bo"],
            "entities": [{"start": 0, "end": 1, "type": "P"}, {"start": 2, "end": 3, "type": "P"}],
            "relations": [{"type": "met", "head": 0, "tail": 1}],
        },
        {
            "token": ["Ada", "met", "Bo"],
            "subj_start": 0,
            "subj_end": 0,
            "obj_start": 2,
            "obj_end": 2,
            "relation": "met",
        },
        {
            "text": "Ada met Bo",
            "spans": [{"start": 0, "end": 3, "label": "P", "token_start": 0, "token_end": 0}],
            "relations": [],
            "tokens": [{"text": "Ada", "start": 0, "end": 3, "id": 0}],
        },
    ],
    ids=["fewrel", "docred", "nyt", "spert", "tacred", "prodigy"],
)
def test_published_forms(drawn, mutations, tried, row):
    for number in range(drawn(3, 100)):
        rows = [row] * 3
        content = mutations.json(rows) if number % 2 else mutations.lines(rows)
        tried("published forms", content, "data", "validate", "train.json", name="train.json")


def test_rows_to_predict_on(drawn, mutations, tried, slice_rows, tiny_run, tiny_pairs_run):
    for number in range(drawn(20, 900)):
        run = (tiny_run, tiny_pairs_run)[number % 2].folder
        options = mutations.chance.choice(
            ((), ("--on-error", "skip"), ("--top", 2), ("--threshold", -1e9))
        )
        form = (
            mutations.chance.choice(("csv", "ntriples", "graphml", "docred"))
            if number % 6 == 1
            else "jsonl"
        )
        content = mutations.lines(mutations.chance.sample(slice_rows, 2))
        tried("rows to predict on", content, "predict", run, "input", *options, "--format", form)


def test_rows_in_bulk(drawn, mutations, tried, slice_rows, tiny_pairs_run):
    for number in range(drawn(2, 100)):
        content = mutations.lines(mutations.chance.sample(slice_rows, 3))
        output = f"out-{number}"
        tried("rows in bulk", content, "bulk", tiny_pairs_run.folder, "input", "--output", output)


def _changed_toml(mutations: Any, text: str) -> bytes:
    """TOML with another value, or damaged as a text."""
    if mutations.chance.random() < 0.3:
        return mutations.text(mutations.text(text)).encode("utf-8", "surrogatepass")
    try:
        return tomli_w.dumps(mutations.value(tomllib.loads(text), 2)).encode()
    except (TypeError, AttributeError, UnicodeError, ValueError):  # TOML has no such value
        return mutations.content(text.encode())


def test_configurations(drawn, mutations, tried):
    from mrca.config import dump_config

    texts = [dump_config(load_recipe(name)) for name in recipe_names()]
    for _ in range(drawn(15, 700)):
        content = _changed_toml(mutations, mutations.chance.choice(texts))
        arguments = ("train", "--recipe", "x.toml", "--dataset", "sample", "--vectors", "sample")
        tried("configurations", content, *arguments, name="x.toml")


def test_comparisons(drawn, mutations, tried):
    texts = [
        (_CONFIG / "comparisons" / f"{name}.toml").read_text("utf-8") for name in comparison_names()
    ]
    for _ in range(drawn(10, 400)):
        content = _changed_toml(mutations, mutations.chance.choice(texts))
        tried("comparisons", content, "compare", "x.toml", name="x.toml")


def test_search_spaces(drawn, mutations, tried):
    texts = [path.read_text("utf-8") for path in sorted(_TUNING.glob("*.toml"))]
    for _ in range(drawn(10, 400)):
        content = _changed_toml(mutations, mutations.chance.choice(texts))
        tried("search spaces", content, "tune", "x.toml", name="x.toml")


def test_settings(drawn, mutations, tried):
    known = [
        f"{section}.{name}={json.dumps(value)}"
        for section, values in load_recipe("pairs").model_dump().items()
        for name, value in values.items()
    ]
    for _ in range(drawn(10, 400)):
        setting = mutations.chance.choice(known)
        name, _, value = setting.partition("=")
        odd = json.dumps(mutations.value([json.loads(value)])) if value != "null" else "[]"
        setting = mutations.chance.choice((f"{name}={odd[1:-1]}", mutations.text(setting)))
        # What is typed has no null bytes.
        setting = setting.replace("\x00", "")
        arguments = ("train", "--dataset", "sample", "--vectors", "sample", "--set", setting)
        tried("settings", b"", *arguments)


def test_options(drawn, mutations, tried, tiny_run, slice_rows):
    options = {
        "--threshold": ("nan", "inf", "-1e400", "x"),
        "--top": ("0", "-1", "1e3", "99999999999999999999"),
        "--format": ("xml", ""),
        "--base-iri": ("", "a b", "\u202e", "http://[", "x" * 3000),
        "--on-error": ("maybe",),
        "--vectors": ("", "..", "/", "\udcff", "no/such"),
        "--encoder": ("hub:", "keras_hub:", "x", ""),
        "--output": ("", ".", "/", "no/such/../x"),
    }
    row = json.dumps(slice_rows[0]).encode()
    for _ in range(drawn(10, 200)):
        option = mutations.chance.choice(list(options))
        value = mutations.chance.choice(options[option])
        tried("options", row, "predict", tiny_run.folder, "input", option, value)


def test_vectors(drawn, mutations, tried):
    texts = (
        b"cat 0.5 1 2\ndog 1e-3 -2 3\nthe 1 1 1\n",
        b"2 3\ncat 0.5 1 2\ndog 1e-3 -2 3\n",
        b"2 1\ncat \x00\x00\x80?\ndog \x00\x00\x00@\n",
    )
    odd = (b"nan", b"1e400", b"", b" ", b"\xff", b"0x10", b"1_0", "١".encode(), b"9" * 400, b"\x00")
    for number in range(drawn(20, 600)):
        content = mutations.chance.choice(texts)
        if mutations.chance.random() < 0.5:
            parts = content.split(b" ")
            parts[mutations.chance.randrange(len(parts))] = mutations.chance.choice(odd)
            content = b" ".join(parts)
        else:
            content = mutations.content(content)
        ending = mutations.chance.choice(("txt", "bin", "txt.gz", "zip"))
        command = ("import", "info")[number % 2]
        options = ("--overwrite",) if command == "import" else ()
        tried("vectors", content, "vectors", command, f"v.{ending}", *options, name=f"v.{ending}")


def test_facts(drawn, mutations, tried):
    facts = {
        "line": 1,
        "id": "a",
        "facts": [
            {
                "subject": {"text": "Ada", "char_start": 0, "char_end": 3, "type": "P", "id": "Q1"},
                "relation": "met",
                "object": {"text": "Bo", "char_start": 8, "char_end": 10},
                "score": 0.9,
            }
        ],
    }
    for number in range(drawn(20, 500)):
        content = mutations.lines([facts] * 2)
        form = mutations.chance.choice(("csv", "tsv", "ntriples", "graphml", "neo4j"))
        if number % 5 == 0:
            arguments: tuple[Any, ...] = ("show", "input", "--out", "graph.html")
        else:
            arguments = ("convert", "input", "--format", form, "--output", f"out-{number}")
        tried("facts", content, "graph", *arguments)


def test_other_programs_facts(drawn, mutations, tried):
    facts = [{"title": "x", "h_idx": 0, "t_idx": 1, "r": "met", "evidence": [0]}] * 2
    for _ in range(drawn(5, 150)):
        tried("results to score", mutations.json(facts), "score", "input", "--dataset", "sample")


def test_requests(drawn, mutations, tally, no_failures, exported_run):
    import httpx

    from mrca.serving.rest_api import create_app
    from mrca.serving.served_model import ServedModel

    model = ServedModel.load(exported_run)
    app = create_app([model])
    bodies = [
        {"instances": ["<s>Ada</s> was born in <o>London</o>.", "x"]},
        {"signature_name": "tokens", "inputs": {"tokens": [["a", "b"]], "role": [[1, -1]]}},
        {"signature_name": "tokens", "instances": [{"tokens": ["a"], "role": [1]}] * 2},
        {"instances": [{"text": {"b64": "QWRh"}}]},
    ]
    path = f"/v1/models/{model.name}:predict"

    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            for number in range(drawn(30, 900)):
                content = mutations.json(mutations.chance.choice(bodies))
                where = mutations.text(path[1:]) if number % 10 == 0 else path[1:]
                where = "/" + where.encode("ascii", "ignore").decode().replace("\t", "")
                method = mutations.chance.choice(("POST",) * 8 + ("GET", "PUT"))
                headers = {"Content-Encoding": "gzip"} if number % 9 == 0 else {}
                try:
                    answer = await client.request(method, where, content=content, headers=headers)
                except httpx.InvalidURL:
                    continue
                tally("bad inputs: requests")
                said = answer.status_code in (200, 307) or "error" in answer.text[:30]
                if answer.status_code >= 500 or not said:
                    no_failures.append(f"{method} {where} {content[:800]!r}: {answer.text[:300]}")
            good = await client.post(path, json=bodies[0])
            assert good.status_code == 200, good.text

    asyncio.run(ask())
