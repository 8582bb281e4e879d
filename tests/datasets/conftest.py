import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of JSON Lines; each row is given as its labels, or as a whole row."""

    def write(name: str = "mine", relations: object = None, **splits: list) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for split, rows in splits.items():
            lines = [
                json.dumps(
                    row
                    if isinstance(row, dict)
                    else {"id": f"{split}-{i}", "text": f"A {split} {i}", "labels": row.split()}
                )
                for i, row in enumerate(rows)
            ]
            (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if relations is not None:
            (folder / "relations.json").write_text(json.dumps(relations), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def real_data() -> Path:
    """The folder with the real corpora, where there is one."""
    folder = os.environ.get("MRCA_DATA_DIR")
    if not folder or not (Path(folder) / "webnlg" / "train.json").is_file():
        pytest.skip("needs the real corpora: set MRCA_DATA_DIR to the folder that holds webnlg/")
    return Path(folder)


@pytest.fixture
def real_file(real_data: Path) -> Callable[[str], Path]:
    """A file or folder among the real corpora, by its place in their folder."""

    def find(name: str) -> Path:
        if not (real_data / name).exists():
            pytest.skip(f"needs {name} in MRCA_DATA_DIR")
        return real_data / name

    return find
