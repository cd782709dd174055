"""Coming periods that cannot be planned with are refused in words."""

import pytest

from mmm.data.coming import read_coming
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.read import read_table
from mmm.errors import DataError
from tests.fakes import a_panel


def test_spend_below_zero_is_refused_with_its_column() -> None:
    panel = a_panel(n=60, channels=2)
    first, second = panel.labels.channels
    columns = {first: ChannelColumns("one"), second: ChannelColumns("two")}
    mapping = Mapping(date="week", kpi="revenue", channels=columns)
    coming = read_table(
        "coming.csv", f"week,one,two\n{panel.periods[-1] + 7},10,20\n{panel.periods[-1] + 14},10,-5\n".encode()
    )
    with pytest.raises(DataError, match="below zero in “two”"):
        read_coming(coming, mapping, panel)


@pytest.mark.parametrize(("mark", "spend"), [("comma", 1.234), ("point", 1234.0)])
def test_a_number_that_reads_two_ways_is_read_as_answered_for_the_history(mark: str, spend: float) -> None:
    panel = a_panel(n=60, channels=2)
    first, second = panel.labels.channels
    columns = {first: ChannelColumns("one"), second: ChannelColumns("two")}
    mapping = Mapping(date="week", kpi="revenue", channels=columns, decimal_mark=mark)  # type: ignore[arg-type]
    rows = "".join(f"{panel.periods[-1] + 7 * i};1,234;10\n" for i in (1, 2))
    coming = read_coming(read_table("coming.csv", f"week;one;two\n{rows}".encode()), mapping, panel)
    assert coming.future.spend is not None
    assert coming.future.spend[0, :, 0].tolist() == [spend, spend]
