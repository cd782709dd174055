"""Taking turns at the interpreter: a few runs at a time, the others wait without disturbing them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2  # runs; measured at 50 people: with more, threads take the interpreter lock from each other all the time

_turns = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def turn() -> Iterator[None]:
    """Hold one of the places for the length of a short computation (tens of milliseconds); the others queue.

    Every session's run is a thread. Fifty of them at once do not finish sooner than two, but each switch between them
    costs, and the thread that sends the answers waits behind all of them.
    """
    with _turns:
        yield
