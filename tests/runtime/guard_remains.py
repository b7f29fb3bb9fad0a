"""What a run leaves behind, found independently of how the guard finds it.

A variable in the environment marks every process of a test; the segments it uses are read from
the memory maps of these processes while they live.
"""

import os
import re
import time
from pathlib import Path

import psutil

MARK = "LSS_TEST_MARK"
GATE = "LSS_TEST_GATE"
"""Names a file that the source of `guard_lava_processes` waits for before its first time step."""

_SEGMENT = re.compile(r"(/dev/shm/\S+)$", re.MULTILINE)  # those marked "(deleted)" are gone


class Remains:
    """Looks at the processes with a mark; `look` fits as a progress callback."""

    def __init__(self, mark, gate=None):
        self.mark = mark
        self.gate = gate
        self.processes = set()
        self.segments = set()
        self.folders = set()

    def look(self, *_):
        """Note what there is, then let the simulation begin its first time step."""
        for process in self.alive():
            try:
                self._note(process)
            except (psutil.Error, OSError):  # ended meanwhile
                continue
        if self.gate is not None:
            self.gate.touch()

    def _note(self, process):
        self.processes.add(process.pid)
        folder = Path(process.environ().get("TMPDIR", ""))
        if folder.name.startswith("lss-"):
            self.folders.add(str(folder))
        maps = Path(f"/proc/{process.pid}/maps")
        if maps.exists():
            self.segments.update(_SEGMENT.findall(maps.read_text()))

    def alive(self):
        """Marked processes other than this one; zombies have ended."""
        return [
            process
            for process in psutil.process_iter()
            if process.pid != os.getpid() and self._is_marked(process)
        ]

    def left(self):
        """Everything that should be gone: processes, segments, folders."""
        paths = [path for path in sorted(self.segments | self.folders) if Path(path).exists()]
        return [*(f"{process.pid} {process.status()}" for process in self.alive()), *paths]

    def wait_until_gone(self, patience_s=60.0):
        """Wait for the end of a run whose guard was killed; return what is left."""
        deadline = time.monotonic() + patience_s
        while self.left() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.left()

    def _is_marked(self, process):
        try:
            return (
                process.environ().get(MARK) == self.mark
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False
