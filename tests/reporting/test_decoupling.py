import csv
import io
import json

import pytest
from rich.console import Console

from mrca.evaluation import Decoupling
from mrca.reporting.decoupling import decoupling_table, plot_decoupling, write_decoupling

RUNS = {
    "IBS": {"IBS": [0.5, 0.6], "CBS": [0.7, 0.8]},
    "CBS": {"IBS": [0.4, 0.5], "CBS": [0.75, 0.75]},
}


@pytest.fixture
def decoupling():
    return Decoupling("Layers and classifier", RUNS, seconds=90.0)


def test_the_table_has_the_representations_as_rows(decoupling):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(decoupling_table(decoupling))
    text = console.export_text(styles=True)
    assert "classifier CBS" in text
    assert "\x1b[1m0.7500 ± 0.0707" in text
    assert text.count("\x1b[1m0.7") == 1
    assert "1.5 minutes" in text


def test_the_files(decoupling, tmp_path):
    paths = write_decoupling(decoupling, tmp_path / "new")
    assert [path.name for path in paths] == [
        f"decouple.{end}" for end in ("md", "csv", "json", "png")
    ]
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())
    page = paths[0].read_text("utf-8")
    assert "| IBS | 0.5500 ± 0.0707 | **0.7500 ± 0.0707** |" in page
    assert "(decouple.png)" in page
    lines = list(csv.DictReader(io.StringIO(paths[1].read_text("utf-8"))))
    assert [(line["representation"], line["classifier"]) for line in lines][1] == ("IBS", "CBS")
    assert float(lines[1]["mean"]) == decoupling.score("IBS", "CBS")[0]
    values = json.loads(paths[2].read_text("utf-8"))
    assert values == decoupling.to_dict()
    assert [cell["best"] for cell in values["cells"]] == [False, True, False, False]
    assert values["cells"][0]["runs"] == [0.5, 0.6]
    assert paths[3].read_bytes().startswith(b"\x89PNG")


def test_the_heat_map_has_a_cell_for_each_pair(decoupling):
    [axes] = plot_decoupling(decoupling).axes
    assert [text.get_text() for text in axes.texts] == ["0.550", "0.750", "0.450", "0.750"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("representation", "classifier")
