import subprocess
import sys

import pytest


@pytest.mark.processes
def test_evaluation_loads_neither_matplotlib_nor_a_deep_learning_framework():
    heavy = "{'matplotlib', 'tensorflow', 'keras', 'torch', 'jax', 'gensim', 'scipy', 'sklearn'}"
    code = f"import sys, mrca.evaluation; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "[]", result.stderr
