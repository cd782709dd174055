"""The few words that findings, checks and pages share."""

import pytest

from mmm.data.findings import counted, whole_percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.362, "36 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.004, "under 1 %"),
        (0.997, "over 99 %"),
        (-0.03, "\u22123 %"),
    ],
)
def test_a_share_is_said_in_whole_percent_that_no_line_breaks(share: float, said: str) -> None:
    assert whole_percent(share) == said.replace(" %", "\u202f%")


def test_one_has_no_plural() -> None:
    assert [counted(n, "row") for n in (1, 0, 1200)] == ["1 row", "0 rows", "1,200 rows"]
