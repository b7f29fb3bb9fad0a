"""The Lava processes need Lava, which CPython 3.10 has only."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("lava") else ["test_*.py"]
