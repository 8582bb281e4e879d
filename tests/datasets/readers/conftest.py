import json

import pytest

from mrca.datasets import iter_rows


@pytest.fixture
def rows_of(tmp_path):
    """A function that writes a published JSON file of items, and reads its rows."""

    def read(items, **options):
        path = tmp_path / "train.json"
        path.write_text(json.dumps(items), encoding="utf-8")
        return list(iter_rows(path, **options))

    return read
