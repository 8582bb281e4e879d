"""From automatically labelled documents to annotated ones, as one comparison file plans it."""

import json

import pytest

from mrca.config import load_comparison
from mrca.experiments import compare, plan_runs
from mrca.runs import layout

SMALL = [
    "encoder.name=word_vectors",
    "encoder.trainable=false",
    "features.markers=false",
    "features.marker_style=roles",
    "vectors.name=sample",
    "model.units=4",
    "model.hidden=64",
    "model.pair_context=mean_max",
    "model.interaction_options.layers=1",
    "training.epochs=1",
    "training.patience=1",
    "training.encoder_learning_rate=0.0",
]


def documents(names):
    """Documents in which the first entity was born in the second."""
    for name in names:
        yield {
            "title": name,
            "sents": [[name, "was", "born", "in", "Oslo", "."]],
            "vertexSet": [
                [{"name": name, "sent_id": 0, "pos": [0, 1], "type": "PER"}],
                [{"name": "Oslo", "sent_id": 0, "pos": [4, 5], "type": "LOC"}],
            ],
            "labels": [{"h": 0, "r": "P19", "t": 1, "evidence": [0]}],
        }


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "re-docred"
    folder.mkdir()
    for file, names in {
        "train_revised": "AB",
        "train_distant": "CDE",
        "dev_revised": "F",
        "test_revised": "G",
    }.items():
        (folder / f"{file}.json").write_text(json.dumps(list(documents(names))), "utf-8")
    (folder / "rel2id.json").write_text('{"Na": 0, "P17": 1, "P19": 2}', "utf-8")
    return folder


def test_a_student_learns_from_distant_documents_and_then_from_annotated_ones(folder, tmp_path):
    config = load_comparison("docred-adaptation")
    config = config.changed(
        settings=[*config.settings, f"data.dataset={folder}", *SMALL], limits="default"
    )
    wanted = ["annotated only", "KD, MSE, continued"]
    runs = plan_runs(config, tmp_path / "runs", wanted)
    assert [(run.config.data.train_split, run.config.loss.name) for run in runs] == [
        ("train", "adaptive_focal"),
        ("distant", "distillation_mse"),
        ("train", "adaptive_focal"),
    ]
    found = compare(config, tmp_path / "runs", only=wanted)
    assert list(found.methods) == wanted
    teacher, student, continued = (run.folder for run in runs)
    assert layout.read_json(student / layout.ENVIRONMENT)["teacher"]["name"] == str(teacher)
    assert layout.read_json(continued / layout.ENVIRONMENT)["init_from"]["name"] == str(student)
    # Annotated and distant trainings are of one corpus: the same command finds them all finished.
    again = compare(config, tmp_path / "runs", only=wanted)
    assert again.to_dict() == found.to_dict()
