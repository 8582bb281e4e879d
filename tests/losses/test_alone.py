"""The losses and the metrics that go with them ask for nothing else of the package."""

import subprocess
import sys

import pytest

_PROGRAM = """
import sys
import mrca.losses, mrca.metrics
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("mrca.")}))
print(*sorted({"gensim", "pydantic", "typer", "keras_tuner", "tensorflow_hub"} & set(sys.modules)))
"""


@pytest.mark.processes
def test_importing_the_losses_loads_nothing_else_of_the_package():
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["errors losses metrics", ""]
