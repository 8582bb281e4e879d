"""Which module may import which, read from the source; and what `import mrca` loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mrca

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mrca"

# A module imports from groups to the left of its own, from its own folder, or `mrca` itself.
GROUPS = [
    {"errors", "quiet"},
    {"text", "files", "executor", "devices"},
    {"config"},
    {"vectors"},
    {"datasets"},
    {"runs"},
    {"encoding", "layers"},
    {"encoders", "losses"},
    {"metrics", "evaluation"},
    {"models"},
    {"reporting"},
    {"graph"},
    {"training"},
    {"experiments", "export", "spacy_component"},
    {"serving"},
    {"bulk"},
    {"cli"},
]
RANK = {name: rank for rank, group in enumerate(GROUPS) for name in group}

# Elsewhere Keras's own operations do, on any backend.
MAY_IMPORT_TENSORFLOW = [
    "devices.py",
    "encoding/batches.py",
    "models/adam.py",
    "training/determinism.py",
    "encoders/",
    "export/",
    "serving/",
]
HEAVY = {"tensorflow", "keras", "jax", "torch", "gensim", "matplotlib", "sklearn"}


class Import(NamedTuple):
    file: str  # from mrca/ on
    line: int
    module: str

    @property
    def home(self) -> str:
        return self.file.split("/")[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"mrca/{self.file}:{self.line}: imports {self.module}"


def imports(source: str, file: str) -> Iterator[Import]:
    """Every imported module, also inside functions; relative ones by their full name."""
    folder = ["mrca", *file.split("/")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            start = folder[: len(folder) - node.level + 1] if node.level else []
            module = ".".join([*start, *filter(None, [node.module])])
            if module == "mrca":
                # `from mrca import losses` imports a package; `__version__` comes from mrca itself.
                for alias in node.names:
                    known = alias.name in RANK or (PACKAGE / alias.name).is_dir()
                    yield Import(file, node.lineno, f"mrca.{alias.name}" if known else module)
            else:
                yield Import(file, node.lineno, module)


def all_imports() -> list[Import]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        file = path.relative_to(PACKAGE).as_posix()
        # The public names at the top may come from anywhere; they are imported when asked for.
        if file not in ("__init__.py", "__main__.py"):
            found += imports(path.read_text("utf-8"), file)
    return found


def against_the_order(found: list[Import]) -> list[str]:
    offenders = []
    for each in found:
        package, _, rest = each.module.partition(".")
        target = rest.split(".")[0]
        if package != "mrca" or not target or target == each.home:
            continue
        if RANK[target] >= RANK[each.home]:
            offenders.append(f"{each}, which {each.home} may not")
    return offenders


def with_tensorflow(found: list[Import]) -> list[str]:
    return [
        str(each)
        for each in found
        if each.module.split(".")[0] == "tensorflow"
        and not each.file.startswith(tuple(MAY_IMPORT_TENSORFLOW))
    ]


def test_every_package_has_its_place_in_the_order():
    names = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    names |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert not names - set(RANK), "add it to GROUPS"


def test_the_order_is_the_one_of_the_design():
    page = (ROOT / "docs" / "design.md").read_text("utf-8")
    line = page.partition("imports follow it:\n\n```\n")[2].partition("\n```")[0]
    shown = [set(group.replace(",", " ").split()) for group in line.split("→")]
    assert shown == [group - {"quiet"} for group in GROUPS]


def test_imports_go_one_way():
    assert not against_the_order(all_imports())


def test_tensorflow_is_imported_where_it_must_be_only():
    assert not with_tensorflow(all_imports())


@pytest.mark.parametrize(
    ("line", "file", "offends"),
    [
        ("from mrca.losses import get", "metrics/x.py", False),
        ("from mrca.metrics import MicroF1", "losses/x.py", True),
        ("import mrca.cli.main", "text/x.py", True),
        ("from mrca import training", "datasets/x.py", True),
        ("from mrca import __version__", "datasets/x.py", False),
        ("import mrca", "errors.py", False),
        ("from ..training import train", "config/x.py", True),
        ("from .row import Row", "datasets/readers/x.py", False),
        ("from ..registry import CORPORA", "datasets/readers/x.py", False),
        ("from ...models import parts", "datasets/readers/x.py", True),
        ("from .. import models", "layers/x.py", True),
        ("def f():\n    from mrca.models import RelationNetwork", "layers/x.py", True),
        ("from mrca.layers import BiLSTM", "encoding/x.py", True),
        ("from mrca.runs import layout", "datasets/x.py", True),
        ("from mrca.models import Run", "reporting/x.py", False),
        ("from mrca.export import export_run", "experiments/x.py", True),
        ("from mrca.errors import MrcaError", "config/x.py", False),
        ("import numpy", "errors.py", False),
    ],
)
def test_the_check_itself(line, file, offends):
    offenders = against_the_order(list(imports(line, file)))
    assert bool(offenders) == offends
    if offends:
        assert offenders[0].startswith(f"mrca/{file}:{1 + line.count(chr(10))}: imports mrca.")


def test_the_check_for_tensorflow_itself():
    nested = "def f():\n    import tensorflow.experimental as x"
    assert with_tensorflow(list(imports(nested, "losses/x.py"))) == [
        "mrca/losses/x.py:2: imports tensorflow.experimental"
    ]
    assert not with_tensorflow(list(imports(nested, "export/x.py")))


def loaded_by(code: str) -> str:
    code += f"\nimport sys; print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stderr.splitlines()[-1]


@pytest.mark.processes
def test_the_package_and_its_command_line_load_no_framework():
    modules = [path.stem for path in (PACKAGE / "cli").glob("*.py") if path.stem != "__init__"]
    assert "main" in modules
    code = "import mrca\n" + "\n".join(f"import mrca.cli.{name}" for name in modules)
    assert loaded_by(code) == "[]"


@pytest.mark.processes
def test_nothing_up_to_the_runs_loads_a_framework():
    light = set().union(*GROUPS[: RANK["runs"] + 1])
    files = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")]
    names = [".".join(("mrca", *file.parts)) for file in files if file.parts[0] in light]
    assert len(names) > 50
    assert loaded_by("\n".join(f"import {name}" for name in sorted(names))) == "[]"


@pytest.mark.processes
def test_help_loads_no_framework():
    code = (
        "import sys\n"
        "from mrca.cli.main import main\n"
        "sys.argv = ['mrca', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
    )
    assert loaded_by(code) == "[]"


def test_the_public_names_are_all_there():
    for name in mrca.__all__:
        assert getattr(mrca, name) is not None
    assert set(mrca.__all__) <= set(dir(mrca))
    assert mrca.losses.RCDice.__module__ == "mrca.losses.rc_dice"
    with pytest.raises(AttributeError, match="'trian'"):
        _ = mrca.trian
