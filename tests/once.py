"""What is expensive to build is built once a run, whichever of its processes asks first."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def built_once(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], dict[str, Any]]
) -> tuple[Path, dict[str, Any]]:
    """A directory that `build` fills and what it returned (as JSON), shared by all processes of this run.

    The others wait for the first; copy the directory before writing to it. A build that failed is begun afresh.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # a worker's own base lies in the run's
    folder, facts = shared / f"once-{name}", shared / f"once-{name}.json"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not facts.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            text = json.dumps(build(folder))
            facts.write_text(text, encoding="utf-8")
    return folder, json.loads(facts.read_text(encoding="utf-8"))
