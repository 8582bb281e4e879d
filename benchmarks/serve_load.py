"""`mrca serve` under many clients at once: speed, latency, memory, and whether all is answered.

    python benchmarks/serve_load.py saved_models/webnlg/1 --output benchmarks/results/serve.json

The sentences are words of the export's vocabulary, drawn with a seed, with a subject and an object
marked; with `--dataset` those of a corpus with its own marks, so that a run of entity pairs and one
of sentences can be asked about the same. Every answer is compared with what the SavedModel itself
says, so that one that is lost, cut off or another client's is counted as an error. Clients and
server share the machine, and what the clients read and compare takes its time too. The memory is
the server's resident set, sampled every second after the warm-up; it still grows while new shapes
of batches come up.
"""

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from mrca.datasets import load_corpus
from mrca.serving.served_model import ServedModel
from mrca.text.inline_marks import marked

SENTENCES = 2000
_AT_A_TIME = 64
# By which a score may differ: one row alone is multiplied by other kernels than many are.
CLOSE = 1e-4


class Answered(NamedTuple):
    """One request: when it was sent and answered, in seconds; its rows; what was wrong, or `""`."""

    sent: float
    heard: float
    rows: int
    problem: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="an exported version, such as saved_models/x/1")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=10, help="seconds before the measured")
    parser.add_argument("--max-rows", type=int, default=4, help="of a request; from 1 to this")
    parser.add_argument("--dataset", help="take the sentences of a corpus")
    parser.add_argument("--output", "--json", type=Path)
    options = parser.parse_args()

    folder = options.folder.absolute()
    model = ServedModel.load(folder)
    pairs = "subjects" in model.signatures["serving_default"].outputs
    if pairs and not options.dataset:
        parser.error("a run of entity pairs is asked about a corpus: give --dataset")
    texts = _of_corpus(options.dataset, pairs) if options.dataset else _sentences(folder)
    expected = _answers(model, texts)
    server, host = start_server(folder)
    path = f"/v1/models/{folder.parent.name}:predict"
    finished = threading.Event()
    try:
        with ThreadPoolExecutor(options.clients) as clients:
            running = [
                clients.submit(_client, seed, host, path, texts, expected, options, finished)
                for seed in range(options.clients)
            ]
            time.sleep(options.warm_up)
            start, memory = time.perf_counter(), [_memory(server.pid)]
            while (end := time.perf_counter()) < start + options.seconds:
                time.sleep(1)
                memory.append(_memory(server.pid))
            finished.set()
            answered = [each for client in running for each in client.result()]
    finally:
        finished.set()
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
    measured = [each for each in answered if start <= each.heard <= end]
    latencies = np.array([each.heard - each.sent for each in measured]) * 1e3
    problems = [each.problem for each in answered if each.problem]
    facts = sum(bool(name) for row in expected for name in row["relations"])
    results = {
        "sentences": len(texts),
        "relations_or_facts_in_them": facts,
        "sentences_per_second": sum(each.rows for each in measured) / (end - start),
        "requests_per_second": len(measured) / (end - start),
        **{f"p{p}_ms": float(np.percentile(latencies, p)) for p in (50, 90, 99)},
        "requests": len(answered),
        "errors": len(problems),
        "first_error": problems[0] if problems else None,
        "memory_mb": memory[0],
        "memory_growth_mb": memory[-1] - memory[0],
        "growth_in_second_half_mb": memory[-1] - memory[len(memory) // 2],
        "exit_code": code,
    }
    _report(results, options)


def _sentences(folder: Path) -> list[str]:
    words = (folder / "assets" / "vocabulary.txt").read_text("utf-8").split("\n")
    words = [word for word in words if re.fullmatch(r"\w+", word)]
    rng = np.random.default_rng(0)
    sentences = []
    for _ in range(SENTENCES):
        tokens = [words[i] for i in rng.integers(len(words), size=rng.integers(5, 41))]
        subject, object_ = rng.choice(len(tokens), 2, replace=False)
        tokens[subject] = f"<s>{tokens[subject]}</s>"
        tokens[object_] = f"<o>{tokens[object_]}</o>"
        sentences.append(" ".join(tokens) + ".")
    return sentences


def _of_corpus(name: str, pairs: bool) -> list[str]:
    rows = [row for split in load_corpus(name).splits.values() for row in split]
    chosen = np.random.default_rng(0).permutation(len(rows))[:SENTENCES]
    return [marked(rows[row], roles_only=not pairs) for row in chosen]


def _answers(model: ServedModel, texts: list[str]) -> list[dict[str, np.ndarray]]:
    """What the SavedModel itself says of each sentence."""
    rows = []
    for start in range(0, len(texts), _AT_A_TIME):
        asked = [text.encode() for text in texts[start : start + _AT_A_TIME]]
        outputs = model.run("serving_default", {"text": np.array(asked, object)})
        rows += [{name: array[row] for name, array in outputs.items()} for row in range(len(asked))]
    return rows


def start_server(folder: Path) -> tuple[subprocess.Popen, str]:
    """A server on a free port, and its `host:port`."""
    command = [sys.executable, "-c", "from mrca.cli.main import main; main()", "serve"]
    command += [str(folder.parent), "--version", folder.name, "--port", "0"]
    # To a file: a pipe that nobody reads would fill up and stop the server.
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", prefix="mrca-serve-") as log:
        server = subprocess.Popen(command, stderr=log)
        while True:
            ended = server.poll() is not None
            said = Path(log.name).read_text("utf-8")
            if found := re.search(r" at http://([^/]+)/", said):
                return server, found[1]
            if ended:
                raise SystemExit(said)
            time.sleep(0.05)


def _client(seed, host, path, texts, expected, options, finished):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    connection = http.client.HTTPConnection(host, timeout=120)
    answered = []
    while not finished.is_set():
        rows = rng.integers(len(texts), size=rng.integers(1, options.max_rows + 1))
        body = json.dumps({"instances": [texts[row] for row in rows]})
        sent = time.perf_counter()
        try:
            connection.request("POST", path, body)
            response = connection.getresponse()
            answer = response.read()
            heard = time.perf_counter()
            problem = _problem(response.status, answer, [expected[row] for row in rows])
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            heard, problem = time.perf_counter(), repr(error)
        answered.append(Answered(sent, heard, len(rows), problem))
    connection.close()
    return answered


def _problem(status: int, body: bytes, expected: list[dict[str, np.ndarray]]) -> str:
    if status != 200:
        return f"{status}: {body[:200]!r}"
    predictions = json.loads(body)["predictions"]
    if len(predictions) != len(expected):
        return f"{len(predictions)} rows for {len(expected)}"
    for prediction, row in zip(predictions, expected, strict=True):
        if sorted(prediction) != sorted(row):
            return f"other outputs: {sorted(prediction)}"
        for name, value in row.items():
            found, wanted = _unpadded(prediction[name]), _unpadded(value)
            if found.shape != wanted.shape:
                return f"{name} of another sentence"
            if wanted.dtype == np.float32:
                same = bool(np.abs(found - wanted).max(initial=0) <= CLOSE)
            else:
                same = found.tolist() == wanted.tolist()
            if not same:
                return f"{name} of another sentence"
    return ""


def _unpadded(value: Any) -> np.ndarray:
    """An output of one row, without what fills up rows of which another has more."""
    values = np.asarray(value)
    if values.dtype.kind in "OS":
        texts = [bytes(each).decode() for each in values.ravel()]
        values = np.array(texts, str).reshape(values.shape)
    if not values.ndim:
        return values
    used = values.astype(bool).any(axis=tuple(range(1, values.ndim)))
    return values[: len(used) - int(np.argmax([*used[::-1], True]))]


def _memory(process: int) -> float:
    """Megabytes of a process's resident set."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert kilobytes is not None
    return int(kilobytes[1]) * 1024 / 1e6


def _report(results: dict, options: argparse.Namespace) -> None:
    title = f"mrca serve, {options.clients} clients, {options.seconds:g} seconds"
    table = Table("", "", title=title)
    for name, value in results.items():
        shown = f"{value:.1f}" if isinstance(value, float) else str(value)
        table.add_row(name.replace("_", " "), shown)
    Console().print(table)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        settings = {"clients": options.clients, "seconds": options.seconds}
        options.output.write_text(json.dumps({**settings, **results}, indent=2) + "\n")
    if results["errors"] or results["exit_code"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
