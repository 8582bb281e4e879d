"""The page of `mrca demo` in a real browser."""

import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mrca.graph import read_facts
from mrca.models.rows import documents_of
from mrca.text import tokenise
from mrca.text.inline_marks import parse_marked

pytestmark = pytest.mark.browser

webdriver = pytest.importorskip("selenium.webdriver")
ActionChains = webdriver.ActionChains
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
ActionBuilder = pytest.importorskip(
    "selenium.webdriver.common.actions.action_builder"
).ActionBuilder
PointerInput = pytest.importorskip("selenium.webdriver.common.actions.pointer_input").PointerInput
interaction = pytest.importorskip("selenium.webdriver.common.actions.interaction")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1400",
]
# Words that are hard to cut: abbreviations, possessives, quotes, other scripts, emoji.
HARD = [
    "He moved to St. Louis, Mo. (U.S.) in Feb. with J. R. Smith's dog...",
    "\"Don't\" said the 'Neils' — it's Ada's. Malcolm X.",
    "[a](b) <s>x</s> & &lt; AT&T ¿qué? ''quoted'' ``so'' 's end",
    "😀. 👩‍👩‍👧 café\u0301 naïve مرحبا، بالعالم. 東京は、日本。 x² Ⅳ. 𝐀. y",
    "tabs\tand\nlines\u00a0and\u2003spaces\u0085or\x1cnot\ufeff .",
    "",
    "(((''))) ''' '' ' . .. ... '’s’ a's. b’s, U.S.'s",
]
PROGRAM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """What a condition gives once it is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return value


class Moody:
    """A served model that can be slow, or fail."""

    def __init__(self, model):
        self.name, self.version, self.signatures = model.name, model.version, model.signatures
        self._model = model
        self.error: Exception | None = None

    def run(self, signature, arrays):
        if self.error is not None:
            raise self.error
        if any(b"SLOWLY" in text for text in arrays["text"]):
            time.sleep(0.4)
        return self._model.run(signature, arrays)


@contextmanager
def served(model: Any, page: dict[str, Any], port: int = 0) -> Iterator[str]:
    """The server's address, while it runs."""
    import uvicorn

    from mrca.serving.rest_api import create_app

    with socket.create_server(("127.0.0.1", port)) as listener:
        config = uvicorn.Config(create_app([model], page=page), log_level="error", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def known(exported_run: Path, slice_rows) -> dict[str, Any]:
    """What the page knows of the model."""
    from mrca.serving.demo_page import demo_page

    return demo_page(exported_run, list(documents_of(slice_rows[:20])))


@pytest.fixture(scope="module")
def moody(exported_run: Path) -> Moody:
    from mrca.serving.served_model import ServedModel

    return Moody(ServedModel.load(exported_run))


@pytest.fixture(scope="module")
def url(moody: Moody, known: dict[str, Any]) -> Iterator[str]:
    with served(moody, known) as address:
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if PROGRAM is None or DRIVER is None:
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = PROGRAM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Page:
    """The page as a person uses it."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        self.url = url
        browser.get(url)
        self.wait()

    def part(self, name: str) -> Any:
        return self.browser.find_element("id", name)

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements("css selector", selector)

    def script(self, source: str, *arguments: Any) -> Any:
        return self.browser.execute_script(source, *arguments)

    def wait(self) -> None:
        """Until what is shown is the answer to what was asked last."""
        until(lambda: not self.all("body.waiting"))

    def type(self, text: str) -> None:
        box = self.part("sentence")
        box.send_keys(Keys.CONTROL + "a" + Keys.NULL, Keys.DELETE, text)
        self.read()

    def read(self) -> None:
        """Until the words are those of what was typed."""
        until(
            lambda: self.script(
                """
                const words = [...document.getElementById("words").children];
                const read = words.map(word => word.textContent).join("");
                return document.getElementById("sentence").value.trim() === read.trim();
                """
            )
        )

    def words(self) -> list[str]:
        return self.script(
            "return [...document.querySelectorAll('.word')].map(word => word.textContent)"
        )

    def drag(self, mention: str) -> None:
        """Draw the mouse over words."""
        words, wanted = self.words(), mention.split(" ")
        starts = range(len(words))
        start = next(i for i in starts if words[i : i + len(wanted)] == wanted)
        first, last = self.part(f"word-{start}"), self.part(f"word-{start + len(wanted) - 1}")
        mouse = ActionChains(self.browser, duration=0).move_to_element_with_offset(first, -5, 0)
        mouse.click_and_hold().move_to_element(last).release().perform()

    def ask(self, row: SimpleNamespace) -> None:
        """Type a sentence and mark its subjects and objects."""
        self.type(row.text)
        for kind, mentions in (("s", row.subjects), ("o", row.objects)):
            for mention in dict.fromkeys(mentions):
                self.drag(mention)
                self.part(f"mark-{kind}").click()

    def marks(self) -> list[tuple[str, str]]:
        """Marked words with the letters that stand behind them."""
        return [
            (word.text, word.get_dom_attribute("data-ends") or "")
            for word in self.all(".word:is(.subject, .object, .entity)")
        ]

    def relations(self) -> list[tuple[str, float]]:
        return self._rows("#relations .holds", ".name", ".score")

    def facts(self) -> list[tuple[str, str, str, float]]:
        self.wait()
        rows = [
            [cell.text for cell in row.find_elements("css selector", "td")]
            for row in self.all("#facts tr")
        ]
        return [(subject, relation, obj, float(score)) for subject, relation, obj, score in rows]

    def drawn(self, what: str) -> Any:
        """Something of the graph that is drawn, as Cytoscape has it."""
        return self.script(f"const {{ drawn }} = await import('/graph.js'); return drawn().{what};")

    def _rows(self, selector: str, name: str, score: str) -> list[tuple[str, float]]:
        self.wait()
        return [
            (
                row.find_element("css selector", name).text,
                float(row.find_element("css selector", score).text),
            )
            for row in self.all(selector)
        ]


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Page]:
    """The page, which asks nobody else and leaves nothing on the console."""
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    yield Page(browser, url)
    messages = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert asked and all(each.startswith(f"{url}/") for each in asked), asked
    said = [each["message"] for each in browser.get_log("browser")]
    assert [each for each in said if "Failed to load resource" not in each] == []


@pytest.fixture(scope="module")
def row(tiny_run, slice_rows) -> SimpleNamespace:
    """The sentence about which the model finds most, and what it finds."""
    rows = [
        {
            "text": row["text"],
            "subjects": [subject for subject, _, _ in row["facts"]],
            "objects": [object_ for _, _, object_ in row["facts"]],
        }
        for row in slice_rows
        if row["facts"]
    ]
    predictions = tiny_run.predict(rows)
    best = max(range(len(rows)), key=lambda place: len(predictions[place].relations))
    row = rows[best]
    relations = [(name, round(score, 4)) for name, score in predictions[best].relations]
    facts = facts_of(tiny_run, row, [name for name, _ in relations])
    assert len(relations) > 1 and len(facts) > 1
    return SimpleNamespace(**row, relations=relations, facts=facts)


def facts_of(run, row, predicted):
    """Each predicted relation with the pair that scores highest for it, best first."""
    pairs = [
        (subject, object_)
        for subject in dict.fromkeys(row["subjects"])
        for object_ in dict.fromkeys(row["objects"])
        if subject != object_
    ]
    asked = [
        {"text": row["text"], "subjects": [subject], "objects": [object_]}
        for subject, object_ in pairs
    ]
    candidates = run.classifier.candidates(list(documents_of(asked)))
    scores = run.classifier.decision.scores(run.classifier.raw_outputs(candidates))
    relations = run.classifier.relations
    facts = []
    for column in sorted(relations.index(name) for name in predicted):
        best = int(scores[:, column].argmax())
        subject, object_ = pairs[best]
        score = round(float(scores[best, column]), 4)
        facts.append((subject, relations.names[column], object_, score))
    return sorted(facts, key=lambda fact: -fact[-1])


def close(found, expected):
    """Whether lists of names with scores are the same, up to the fourth digit."""
    assert [each[:-1] for each in found] == [each[:-1] for each in expected]
    assert [each[-1] for each in found] == pytest.approx(
        [each[-1] for each in expected], abs=1.1e-4
    )


def test_what_is_typed_and_marked_is_what_predict_says(page, row):
    page.ask(row)
    close(page.relations(), row.relations)
    close(page.facts(), row.facts)
    assert f"{len(row.relations)} of " in page.part("status").text
    assert " ms" in page.part("status").text
    fails = page.all("#relations .fails")
    assert 0 < len(fails) <= 5
    assert page.part("model").text.startswith("tiny, version 1")

    assert set(page.drawn("nodes().map(node => node.data('name'))")) == {
        entity for subject, _, obj, _ in row.facts for entity in (subject, obj)
    }

    page.script("navigator.clipboard.writeText = async text => { window.copied = text; }")
    page.part("copy").click()
    until(lambda: page.part("copied").text == "Copied.")
    copied = json.loads(page.script("return window.copied"))
    assert copied.keys() == {"line", "facts"} and copied["line"] == 1
    assert list(copied["facts"][0]) == ["subject", "relation", "object", "score"]
    close([tuple(fact.values()) for fact in copied["facts"]], row.facts)
    # A browser may forbid it, as for a page from another machine without TLS.
    page.script("navigator.clipboard.writeText = async text => { throw new Error('no'); }")
    page.part("copy").click()
    assert json.loads(until(lambda: page.part("json").text)) == copied


def test_marks_are_made_and_removed_by_mouse_and_by_keyboard(page, tiny_run):
    page.type("Ada Byron met Ada Byron's Bob.")
    box = page.part("words")
    box.send_keys(Keys.HOME, Keys.SHIFT + Keys.ARROW_RIGHT + Keys.NULL, "s")
    # Both places are marked, as `mrca predict` marks every occurrence of a name.
    assert page.marks() == [("Ada", ""), ("Byron", "S")] * 2
    box.send_keys("o", Keys.END, Keys.ARROW_LEFT, "O")
    assert page.marks() == [("Ada", ""), ("Byron", "SO")] * 2 + [("Bob", "O")]
    assert box.get_dom_attribute("aria-activedescendant") == "word-6"
    assert page.part("word-1").get_dom_attribute("aria-label") == "Byron, subject and object"
    row = {"text": "Ada Byron met Ada Byron's Bob.", "subjects": ["Ada Byron"]}
    objects = ["Ada Byron", "Bob"]
    close(page.relations(), tiny_run.predict([{**row, "objects": objects}])[0].relations)

    page.part("word-3").click()  # a mark goes where it is clicked
    assert page.marks() == [("Ada", ""), ("Byron", "SO"), ("Bob", "O")]
    page.all("#entities button[aria-label='Ada Byron: object']")[0].click()
    assert page.marks() == [("Ada", ""), ("Byron", "S"), ("Bob", "O")]
    assert page.script("return document.activeElement.ariaLabel") == "Ada Byron: object"
    box.send_keys(Keys.HOME, Keys.DELETE)
    assert page.marks() == [("Bob", "O")]
    assert page.part("facts-status").is_displayed()
    page.part("clear").click()
    assert page.marks() == []
    page.wait()
    assert "Nothing is marked yet" in page.part("problem").text
    assert "Mark a subject" in page.part("facts-status").text


def test_a_selection_where_the_sentence_is_typed_can_be_marked(page):
    page.type("Bob met Ada Byron")
    left = Keys.SHIFT + Keys.ARROW_LEFT * 7 + Keys.NULL
    page.part("sentence").send_keys(left)
    until(lambda: page.part("mark-o").is_enabled())
    page.part("mark-o").click()
    assert page.marks() == [("Ada", ""), ("Byron", "O")]
    # Marks stay with their words while others are typed, and go when they are typed over.
    for keys in ((Keys.HOME, "Old "), (Keys.END, " again")):
        page.part("sentence").send_keys(*keys)
        page.read()
    assert page.marks() == [("Ada", ""), ("Byron", "O")]
    assert page.words() == ["Old", "Bob", "met", "Ada", "Byron", "again"]
    page.type("Somebody else")
    assert page.marks() == []


def test_a_very_long_sentence_is_typed_without_waiting(page):
    seconds = page.script(
        """
        const { Sentence } = await import('/sentence.js');
        const { Marker } = await import('/marker.js');
        const cut = (text) => [...text.matchAll(/\\w+|\\./g)].map(({ 0: word, index }) =>
          ({ text: word, start: index, end: index + word.length }));
        const text = "Ada met Bob. ".repeat(2500);
        const sentence = new Sentence(["s", "o"], text, cut(text));
        const marker = new Marker(document.createElement("div"), sentence, {
          changed: () => {}, selected: () => {},
        });
        sentence.markAll("s", ["Ada"]);
        sentence.markAll("o", ["Bob"]);
        const start = performance.now();
        sentence.edit("So " + text, cut("So " + text));
        marker.render();
        sentence.entities("s");
        sentence.marked();
        return [(performance.now() - start) / 1000, sentence.marks.length, sentence.marks[0].start];
        """
    )
    assert seconds[1:] == [5000, 1]
    assert seconds[0] < 1.5


def test_of_very_many_pairs_only_some_are_asked_about(page):
    found = page.script(
        """
        const { Sentence } = await import('/sentence.js');
        const { entityPairs } = await import('/facts.js');
        const names = Array.from({ length: 60 }, (_, i) => `n${i}`);
        let end = -1;
        const words = names.map((text) => {
          const start = end + 1;
          end = start + text.length;
          return { text, start, end };
        });
        const sentence = new Sentence(["s", "o"], names.join(" "), words);
        for (const name of names.slice(0, 40)) sentence.markAll("s", [name]);
        for (const name of names.slice(20)) sentence.markAll("o", [name]);
        const { pairs, count } = entityPairs(sentence, 200);
        const all = entityPairs(sentence, 10000).pairs;
        const same = pairs.every((pair, i) => pair.text === all[i].text);
        return [pairs.length, count, all.length, same];
        """
    )
    assert found == [200, 40 * 40 - 20, 40 * 40 - 20, True]


def test_words_and_marks_are_those_that_the_model_reads(page):
    sentences = page.script(
        """
        const { Model } = await import('/model.js');
        const { Sentence } = await import('/sentence.js');
        const { signal } = new AbortController();
        const model = await Model.load(signal);
        return Promise.all(arguments[0].map(async (text) => {
          const sentence = new Sentence(["s", "o"], text, await model.words(text, signal));
          for (let i = 0; i + 3 < sentence.words.length; i += 4) {
            sentence.toggle(i % 8 ? "o" : "s", { start: i, end: i + 2 });
            sentence.toggle("o", { start: i + 1, end: i + 3 });
          }
          return { marked: sentence.marked(), words: sentence.words, marks: sentence.marks };
        }));
        """,
        HARD,
    )
    found = [[word["text"] for word in sentence["words"]] for sentence in sentences]
    assert found == [[word.text for word in tokenise(text)] for text in HARD]
    for sentence in sentences:
        read = parse_marked(sentence["marked"])
        words = [word["text"] for word in sentence["words"]]
        assert list(read.tokens) == words
        assert read.problem == ("" if words else "no words")
        for kind, spans in (("s", read.subjects), ("o", read.objects)):
            marks = [mark for mark in sentence["marks"] if mark["kind"] == kind]
            assert [(mark["start"], mark["end"]) for mark in marks] == list(spans)


def test_examples_of_the_corpus_and_empty_sentences(page, slice_rows):
    examples = page.all("#examples button")
    examples[-1].click()
    page.wait()
    text = page.part("sentence").get_property("value")
    assert page.words() == [word.text for word in tokenise(text)]
    assert page.part("sentence").get_property("value") in {row["text"] for row in slice_rows}
    assert page.marks()
    page.type(Keys.BACKSPACE)
    page.wait()
    assert "There are no words" in page.part("problem").text
    assert page.all("#relations li") == []
    assert not page.part("found").is_displayed()


def test_only_the_last_answer_counts(page, tiny_run):
    page.type("Answer SLOWLY")
    time.sleep(0.35)  # it has been asked by now
    assert page.all("body.waiting")
    page.type("At once")
    [expected] = tiny_run.predict(["At once"])
    close(page.relations(), expected.relations)
    shown = page.part("relations").text
    time.sleep(0.5)
    assert page.part("relations").text == shown


def test_errors_are_shown_and_what_was_said_before_is_not(page, moody, row):
    from mrca.serving import RequestError

    page.ask(row)
    assert page.facts()
    shown = page.part("relations").text
    words = page.part("words").text
    moody.error = RequestError(503, "The server is busy.")
    try:
        page.part("sentence").send_keys(" ")
        until(lambda: page.part("error").is_displayed())
        assert "The server says: The server is busy. (503)" in page.part("error").text
        assert page.part("words").text == words and page.marks()
        assert not page.all("#relations li, #facts tr")
        assert not page.part("drawing").is_displayed()
        assert not page.part("copy").is_displayed()
        for name in ("status", "facts-status", "json"):
            assert page.part(name).get_attribute("textContent") == ""
    finally:
        moody.error = None
    page.part("retry").click()
    page.wait()
    assert not page.part("error").is_displayed()
    assert page.part("relations").text == shown and page.facts()


def test_a_server_that_goes_away_and_comes_back(browser, moody, known):
    with served(moody, known) as url:
        page = Page(browser, url)
        page.type("Ada met Bob.")
    page.part("words").send_keys(Keys.HOME, "s")
    until(lambda: page.part("error").is_displayed())
    assert "The server does not answer" in page.part("error").text
    with served(moody, known, int(url.rpartition(":")[2])):
        page.part("retry").click()
        page.wait()
        assert not page.part("error").is_displayed()
        assert (page.words()[0], page.marks()) == ("Ada", [("Ada", "S")])
        browser.get("about:blank")


@pytest.mark.parametrize("width", [400, 1400])
def test_entities_of_a_graph_do_not_overlap(page, width):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        entities, overlaps, fits, inside = page.script(
            """
            const { drawGraph, drawn } = await import('/graph.js');
            const names = ["Ada Lovelace", "University of Old Town at Riverside", "Bern", "Rome",
              "Big 12 Conference", "Harper & Row", "1962", "Los Angeles International Airport"];
            const steps = [1, 2, 3, 5, 7];
            const facts = names.map((subject, i) => ({ subject, relation: "/people/person/place",
              object: names[(i + steps[i % 5]) % 8] }));
            document.getElementById("found").hidden = false;
            const box = document.getElementById("drawing");
            drawGraph(box, facts, () => "#0072B2");
            const boxes = drawn().nodes().map(node => node.renderedBoundingBox());
            const all = drawn().elements().renderedBoundingBox();
            return [boxes.length, boxes.filter((a, i) => boxes.slice(i + 1).some(b =>
              a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2)).length,
              document.documentElement.scrollWidth <= innerWidth,
              all.x1 >= -1 && all.x2 <= box.clientWidth + 1 && all.y2 <= box.clientHeight + 1];
            """
        )
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert (entities, overlaps, fits, inside) == (8, 0, True, True)


# === A model of pairs ===


class Pairs:
    """A served model that finds one fact, between the first two entities that are marked."""

    name, version = "pairs", 2

    def __init__(self, model):
        self.signatures = {"serving_default": model.signatures["serving_default"]}
        self.asked: list[str] = []

    def run(self, signature, arrays):
        [text] = (each.decode() for each in arrays["text"])
        self.asked.append(text)
        found = list(re.finditer(r"<e[^>]*>(.*?)</e>", text))
        facts = 1 if len(found) > 1 else 0
        plain = re.sub("<[^>]*>", "", text)
        names = [match[1] for match in found[:2]] if facts else []
        spans = [(plain.index(name), plain.index(name) + len(name)) for name in names]

        def outputs(values, dtype):
            return np.array([values], dtype).reshape(1, facts, *np.shape(values)[1:])

        return {
            "subjects": outputs([name.encode() for name in names[:1]], object),
            "relations": outputs([b"knows"] * facts, object),
            "objects": outputs([name.encode() for name in names[1:]], object),
            "relation_scores": outputs([0.75] * facts, np.float32),
            "subject_spans": np.array([spans[:1]], np.int32).reshape(1, facts, 2),
            "object_spans": np.array([spans[1:]], np.int32).reshape(1, facts, 2),
            "problem": np.array([b"" if facts else b"fewer than two entities"], object),
        }


@pytest.fixture
def pairs(moody) -> Pairs:
    return Pairs(moody)


@pytest.fixture
def pairs_page(browser, pairs) -> Iterator[Page]:
    known = {
        "name": "pairs",
        "version": 2,
        "relations": ["knows"],
        "pairs": True,
        "types": ["PERSON", 'Work of "Art"'],
        "examples": [
            {
                "text": "😀 Ada met Bob.",
                "marks": [{"kind": "e", "start": 2, "end": 5, "type": "PERSON"}],
            }
        ],
    }
    with served(pairs, known) as url:
        yield Page(browser, url)
        browser.get("about:blank")


def test_entities_with_types_become_facts(pairs_page, pairs):
    page = pairs_page
    assert page.marks() == [("Ada", "PERSON")]
    assert "Mark two entities" in page.part("problem").text
    assert not page.part("relations-card").is_displayed()
    page.script("document.getElementById('type').value = arguments[0]", 'Work of "Art"')
    page.drag("Bob")
    page.part("mark-e").click()
    assert page.facts() == [("Ada PERSON", "knows", 'Bob Work of "Art"', 0.75)]
    assert pairs.asked[-1] == (
        '😀 <e type="PERSON">Ada</e> met <e type="Work of &quot;Art&quot;">Bob</e>.'
    )
    assert page.drawn("edges().map(edge => edge.data('label'))") == ["knows"]
    assert "1 fact between 2 entities" in page.part("facts-status").text

    page.script("navigator.clipboard.writeText = async text => { window.copied = text; }")
    page.part("copy").click()
    until(lambda: page.part("copied").text == "Copied.")
    copied = json.loads(page.script("return window.copied"))
    ada = {"text": "Ada", "char_start": 2, "char_end": 5, "type": "PERSON"}
    assert copied["facts"][0]["subject"] == ada
    assert len(list(read_facts([json.dumps(copied)], "the page"))) == 1

    choice = page.all("#entities select")[1]
    choice.send_keys("PERSON")
    until(lambda: "Art" not in pairs.asked[-1])
    page.all("#entities button[aria-label='Ada: remove']")[0].click()
    page.wait()
    assert page.marks() == [("Bob", "PERSON")] and page.facts() == []


def test_words_are_selected_with_a_finger(pairs_page):
    page = pairs_page
    page.type("Ada Byron met Bob")
    for word in ("word-0", "word-1"):
        finger = ActionBuilder(
            page.browser, mouse=PointerInput(interaction.POINTER_TOUCH, "finger"), duration=0
        )
        finger.pointer_action.move_to(page.part(word)).pointer_down().pointer_up()
        finger.perform()
    page.part("mark-e").click()
    assert [word for word, _ in page.marks()] == ["Ada", "Byron"]


def test_a_placeholder_stands_where_no_answer_is_yet(browser, pairs):
    answer = pairs.run
    go = threading.Event()
    pairs.run = lambda *asked: (go.wait(10), answer(*asked))[1]
    known = {"name": "pairs", "version": 2, "relations": ["knows"], "pairs": True}
    with served(pairs, {**known, "types": [], "examples": []}) as url:
        browser.get(url)
        until(lambda: browser.find_element("id", "facts-status").text == "Asking …")
        shown = "#facts-card .asking"
        assert browser.find_element("css selector", shown).is_displayed()
        go.set()
        until(lambda: not browser.find_element("css selector", shown).is_displayed())
        browser.get("about:blank")
