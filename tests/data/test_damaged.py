"""A short, always equal slice of the damaged files that benchmarks/fuzz.py makes by the thousand."""

from __future__ import annotations

import warnings

from benchmarks.fuzz import run


def test_damaged_files_are_read_or_refused_and_never_crash():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, about damaged workbooks
        counts, failures, _ = run(400, seed=3, inspect_every=10)
    assert failures == []
    assert counts["panel"] > 0
