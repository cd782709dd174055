"""What a check answers with, and how it names things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmm.data.panel import Panel

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Status = Literal["pass", "warn", "fail"]

MOST_NAMED = 8  # names in one finding; a person reads no more, the rest are counted
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Check:
    """The answer to one question about a panel.

    Attributes:
        code: stable name of the question.
        status: "pass", "warn" (usable, with care) or "fail" (the answer of a model would mislead).
        finding: what was seen, with names and numbers.
        remedy: what to do about it; empty where nothing is needed.
    """

    code: str
    title: str
    status: Status
    finding: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """The check as JSON-able values."""
        return asdict(self)


def passed(code: str, title: str, finding: str) -> Check:
    """Nothing to do."""
    return Check(code, title, "pass", finding, "")


def listed(names: Sequence[str], separator: str = ", ") -> str:
    """Names in a row; beyond `MOST_NAMED` they are counted."""
    more = len(names) - MOST_NAMED
    return separator.join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def day(period: np.datetime64) -> str:
    """A date as people write it: "3 Mar 2025"."""
    date = period.astype("datetime64[D]").item()
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def of_market(panel: Panel, market: int) -> str:
    """The market's name in brackets where there are several, nothing otherwise."""
    return f" ({panel.labels.markets[market]})" if len(panel.labels.markets) > 1 else ""


def unit(panel: Panel, n: int = 1) -> str:
    """The length of a period in words: "week", or "weeks" for a count that is not one."""
    return panel.labels.frequency.value + ("" if n == 1 else "s")


def is_flag(panel: Panel) -> BoolArray:
    """Which controls hold nothing but 0 and 1 `[control]`."""
    return np.asarray(((panel.controls == 0) | (panel.controls == 1)).all(axis=(0, 1)))
