"""Calls commands one after the other in this process, each with a stdout of its own.

    python json_driver.py CALLS.json

reads ``[{"words": [...]}, ...]`` and prints on stderr one line of JSON for each call: its exit code
and what it wrote to stdout by whatever way. With ``LSS_WITHOUT_LAVA`` set, Lava cannot be imported.
"""

import json
import os
import sys
import tempfile
from importlib.abc import MetaPathFinder
from pathlib import Path

BLOCKED = ("lava", "greenlet")


class Blocker(MetaPathFinder):
    """Refuses packages as an interpreter does that has not got them."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def main() -> None:
    calls = json.loads(Path(sys.argv[1]).read_text())
    if os.environ.get("LSS_WITHOUT_LAVA"):
        sys.meta_path.insert(0, Blocker())
    told = os.fdopen(os.dup(2), "w")
    for call in calls:
        with tempfile.TemporaryFile() as caught:
            before = os.dup(1)
            os.dup2(caught.fileno(), 1)
            try:
                from lava_spikyspace.cli.app import main as lss

                code = lss(call["words"])
                sys.stdout.flush()
            finally:
                os.dup2(before, 1)
                os.close(before)
            caught.seek(0)
            stdout = caught.read().decode()
        told.write("\n@" + json.dumps({"code": code, "stdout": stdout}) + "\n")
        told.flush()


if __name__ == "__main__":
    main()
