import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mrca.graph import FoundEntity, FoundFact, MergedFacts, Names
from mrca.graph.drawing import drawing_of
from mrca.graph.html_page import page_of


def graph(facts):
    merged = MergedFacts(Names())
    merged.add(facts)
    return merged.graph()


def page(facts, most=500) -> str:
    return page_of(drawing_of(graph(facts), most), "Facts of <mine>")


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def data(text: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_page_needs_nothing_else(found):
    text = page(found)
    for tag, attributes in Elements(text).tags:
        assert tag not in ("link", "img", "iframe")
        assert "src" not in attributes
        assert "href" not in attributes
    assert "default-src 'none'" in text
    assert "url(http" not in text
    assert "@import" not in text


def test_entities_and_facts_are_there(found):
    text = page(found)
    assert [len(data(text)[each]) for each in ("nodes", "arrows")] == [4, 3]
    assert "<title>Facts of &lt;mine&gt;</title>" in text
    assert "4 entities, 3 facts." in text
    assert [node["name"] for node in data(text)["nodes"]][:2] == ["Ada Lane", "Oslo"]
    arrow = data(text)["arrows"][0]
    assert [arrow[each] for each in ("start", "end", "label")] == [0, 1, "born_in"]
    assert arrow["relations"] == [["born_in", 2, 0.95]]
    assert "Drawn: 1 of 3 facts" in page(found, most=1)


def test_no_text_becomes_a_part_of_the_page():
    evil = FoundEntity("</script><script>alert(1)</script>", '"><b>', "", 0, 1)
    text = page([FoundFact(evil, "<i>$title</i>", evil, 0.5, "d", "char")])
    tags = [tag for tag, _ in Elements(text).tags]
    assert tags.count("script") == 3
    assert not {"b"} & set(tags)
    assert data(text)["nodes"][0]["name"] == evil.name
    assert data(text)["arrows"][0]["relations"][0][0] == "<i>$title</i>"


PROGRAM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1200,800"]


@pytest.mark.browser
def test_a_chosen_entity_shows_its_facts(found, tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver")
    if PROGRAM is None or DRIVER is None:
        pytest.skip("needs chromium and chromedriver")
    path = Path(tmp_path, "graph.html")
    path.write_text(page(found), "utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = PROGRAM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        browser.get(path.as_uri())

        def facts() -> list[str]:
            return [item.text for item in browser.find_elements("css selector", "#facts li")]

        browser.find_element("id", "search").send_keys("ada")
        assert facts() == [
            "born_in → Oslo 2 times, score 0.95",
            "knows → Bryan Hunt once, score 0.6",
        ]
        browser.find_elements("css selector", "#facts button")[0].click()
        assert browser.find_element("id", "chosen").text == "Oslo"
        assert len(facts()) == 2
        browser.execute_script("cy.getElementById('n3').emit('tap')")
        assert facts() == ["in → Oslo once, score 0.7"]
        assert browser.execute_script("return cy.nodes('.far').length") == 2
        before = browser.execute_script("return cy.zoom()")
        browser.find_element("id", "closer").click()
        assert browser.execute_script("return cy.zoom()") > before
        # Entities and relations are where they were laid out: an arrow bends as in the picture.
        middles = browser.execute_script("return cy.edges().map(edge => edge.midpoint())")
        for middle, arrow in zip(middles, drawing_of(graph(found), 500).arrows, strict=True):
            drawn = arrow.curve.at(np.array([[0.5]]))[0]
            assert np.hypot(middle["x"] - drawn[0], middle["y"] - drawn[1]) < 15
        assert browser.get_log("browser") == []
    finally:
        browser.quit()
