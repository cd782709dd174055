"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 60.0  # a busy machine starts a worker in ten
LOOK_EVERY_S = 0.02


def eventually(question: Callable[[], bool], what: str, sign_of_life: Callable[[], object] = lambda: None) -> None:
    """Return as soon as the answer is yes; fail when it never becomes that.

    The patience begins anew whenever `sign_of_life` changes: long work that moves on is waited for.
    """
    deadline, seen = time.monotonic() + PATIENCE_S, sign_of_life()
    while not question():
        now = sign_of_life()
        if now != seen:
            deadline, seen = time.monotonic() + PATIENCE_S, now
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(LOOK_EVERY_S)
