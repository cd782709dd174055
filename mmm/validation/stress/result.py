"""What a stress test of a fitted model found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "warn", "fail"]
Cap = Literal["", "C", "D"]


@dataclass(frozen=True)
class StressTest:
    """One assumption put to the test.

    Attributes:
        code: short name of the assumption; several tests may share one.
        title: the question, for a card.
        status: "fail" where nothing that the model says can be relied on, "warn" where some of it cannot.
        number: what was measured.
        threshold: from where on it is a finding.
        finding: what was seen, in a sentence.
        remedy: what to do; "" where nothing is needed.
        channels: whose effect is in doubt; empty where the test passed.
        cap: the best grade these channels can have, "C" or "D"; "" where the test passed.
        whole: it concerns the whole model and belongs on the health card.
    """

    code: str
    title: str
    status: Status
    number: float
    threshold: float
    finding: str
    remedy: str = ""
    channels: tuple[str, ...] = ()
    cap: Cap = ""
    whole: bool = False


def passed(code: str, title: str, number: float, threshold: float, finding: str, *, whole: bool = False) -> StressTest:
    """A test that found nothing."""
    return StressTest(code, title, "pass", float(number), threshold, finding, whole=whole)
