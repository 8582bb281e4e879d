"""Runs `mrca ARGUMENTS` and kills it at a moment: after so many changes of a folder, or soon after.

    python killed.py FOLDER CHANGES SECONDS ARGUMENTS...

It counts the files in the folder that are opened for writing, made, renamed or deleted, as far as
Python asks for it; with CHANGES -1 it kills nothing and writes their number to standard error.
"""

import os
import signal
import sys
import threading
from pathlib import Path

_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main() -> None:
    """Run, and maybe die."""
    folder, changes, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    sys.argv = ["mrca", *sys.argv[4:]]
    seen = 0

    def sees(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in _EVENTS or not isinstance(arguments[0], str | bytes | os.PathLike):
            return
        if event == "open" and not (int(str(arguments[2] or 0)) & _WRITING):
            return
        if folder not in Path(folder, os.fsdecode(arguments[0])).parents:
            return
        seen += 1
        if seen == changes:
            if not seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            dying = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
            dying.daemon = True
            dying.start()

    sys.addaudithook(sees)
    from mrca.cli.main import main as run

    try:
        run()
    finally:
        if changes < 0:
            print(f"changes: {seen}", file=sys.stderr)


if __name__ == "__main__":
    main()
