"""One numeric thread a process: fits are many small products, for which more threads only wait for each other."""

from __future__ import annotations

import os

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def one_thread() -> None:
    """For this process and its children; to be called before NumPy is loaded, which reads it once.

    Sums then also run in one order, so that a fit gives the same digits everywhere.
    """
    os.environ.update(ONE_THREAD)
