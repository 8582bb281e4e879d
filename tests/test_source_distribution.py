"""What is published as source holds what the README's commands and the tests need."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = "import sys; from setuptools.build_meta import build_sdist; print(build_sdist(sys.argv[1]))"


@pytest.mark.processes
def test_every_file_of_the_repository_is_in_it(tmp_path):
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no clone of the repository")
    tracked = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    for name in tracked:
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / "clone" / name)
    built = subprocess.run(
        [sys.executable, "-c", BUILD, tmp_path],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        check=True,
    )
    with tarfile.open(tmp_path / built.stdout.split()[-1]) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked <= held, sorted(tracked - held)
    more = {name for name in held - tracked if Path(name).suffix and ".egg-info" not in name}
    assert more <= {"setup.cfg"}, sorted(more)
