from datetime import date

import numpy as np
import pytest

from mmm.data.findings import FindingLog
from mmm.data.read import read_table
from mmm.data.sources.calendar import Length, Periods, in_local_days, periods_of, says_week_end, to_starts
from mmm.data.sources.source import Layout, Source
from mmm.errors import DataError
from tests.data.sources.files import days

TABLE = Source("a.csv", date="day", label="a")
ROWS = Source("a.csv", Layout.ROWS, date="day", label="a")


def array(*written: object) -> np.ndarray:
    return np.array([str(day) for day in written], dtype="datetime64[D]")


def stamps(*cells: str):
    return read_table("a.csv", "\n".join(["day,spend", *(f"{cell},1" for cell in cells)]).encode())


def local(zone: str | None, *cells: str) -> tuple[list[str], FindingLog]:
    noted = FindingLog()
    source = Source("a.csv", date="day", label="a", time_zone=zone, currency="EUR")
    return in_local_days(stamps(*cells), source, 3, noted).frame["day"].tolist(), noted


class TestStamps:
    @pytest.mark.parametrize(
        "cell",
        ["2024-03-01T23:30:00Z", "2024-03-01 23:30:00 +0000", "2024-03-01T23:30:00.5+00:00", "2024-03-01 23:30 UTC"],
    )
    def test_universal_time_is_cut_into_local_days(self, cell):
        assert local("Europe/Berlin", cell)[0] == ["2024-03-02"]
        assert local("America/New_York", cell)[0] == ["2024-03-01"]

    def test_summer_time_is_known(self):
        assert local("Europe/London", "2024-07-01T23:30:00Z")[0] == ["2024-07-02"]
        assert local("Europe/London", "2024-01-01T23:30:00Z")[0] == ["2024-01-01"]

    def test_the_zone_is_asked_once_where_times_of_day_tell_days_apart(self):
        cells, noted = local(None, "2024-03-01T23:30:00Z", "2024-03-02T00:00:00Z")
        assert cells == ["2024-03-01T23:30:00Z", "2024-03-02T00:00:00Z"]
        (question,) = noted.questions
        assert (question.code, question.mapping_field) == ("time_zone:3", "sources.3.time_zone")
        assert question.options[0] == "Europe/Berlin"
        assert question.options[-1] == "UTC"

    def test_midnights_are_days_and_nothing_is_asked(self):
        assert local(None, "2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z")[1].questions == []

    def test_local_stamps_keep_their_day(self):
        assert local(None, "2024-03-01T23:30:00+02:00", "2024-03-02T23:30:00+02:00")[1].questions == []

    def test_a_zone_that_does_not_exist_is_refused(self):
        with pytest.raises(DataError, match="no time zone"):
            local("Mars/Olympus", "2024-03-01T23:30:00Z")


class TestPeriods:
    def test_lengths_are_told_by_the_spacing(self):
        assert periods_of(array(*days(20)), TABLE).length is Length.DAY
        assert periods_of(array(*days(20, step=7)), TABLE) == Periods(Length.WEEK, 0)
        assert periods_of(array("2024-01-01", "2024-02-01", "2024-03-01"), TABLE).length is Length.MONTH
        assert periods_of(array("2024-01-01", "2024-04-01", "2024-07-01"), TABLE).length is Length.QUARTER

    def test_uneven_dates_of_a_table_have_no_length_and_those_of_rows_are_days(self):
        uneven = array("2024-01-01", "2024-01-05", "2024-01-16", "2024-03-01")
        assert periods_of(uneven, TABLE) is None
        assert periods_of(uneven, ROWS).length is Length.DAY

    def test_a_month_ends_where_the_next_begins(self):
        month = Periods(Length.MONTH)
        assert month.next(month.start(array("2024-02-17"))).tolist() == [date(2024, 3, 1)]

    def test_a_quarter_starts_in_its_first_month(self):
        assert Periods(Length.QUARTER).start(array("2024-06-30")).tolist() == [date(2024, 4, 1)]

    def test_weeks_hold_days_and_their_like_only(self):
        week = Periods(Length.WEEK, 0)
        assert week.holds(Periods(Length.DAY))
        assert not week.holds(Periods(Length.WEEK, 6))
        assert not Periods(Length.MONTH).holds(week)
        assert Periods(Length.QUARTER).holds(Periods(Length.MONTH))

    def test_a_week_dated_on_its_last_day_starts_six_days_before(self):
        source = Source("a.csv", date="day", label="a", dated_at_end=True)
        sundays = array(*days(5, date(2024, 1, 7), 7))
        periods = periods_of(sundays, source)
        assert periods == Periods(Length.WEEK, 0)
        assert to_starts(sundays, source, periods)[0] == np.datetime64("2024-01-01")


@pytest.mark.parametrize("heading", ["Week ending", "week_ending", "W/E", "WeekEnd date", "Week ended"])
def test_a_heading_may_say_that_dates_are_last_days(heading):
    assert says_week_end(heading)


@pytest.mark.parametrize("heading", ["week", "Week starting", "date", "weekday", "spending"])
def test_other_headings_do_not(heading):
    assert not says_week_end(heading)
