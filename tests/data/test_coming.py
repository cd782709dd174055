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
