"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60.0  # a busy machine starts a worker in ten
LOOK_EVERY_S = 0.02


def eventually(question: Callable[[], bool], what: str) -> None:
    """Return as soon as the answer is yes; fail when it never becomes that."""
    deadline = time.monotonic() + PATIENCE_S
    while not question():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(LOOK_EVERY_S)
