from dataclasses import replace

import numpy as np
import pytest

from mmm.data.build import build_panel
from mmm.data.findings import MAX_SAME, Severity
from mmm.data.inputs import ControlRole, Frequency
from mmm.data.mapping import guess_mapping
from mmm.data.panel import KpiKind
from tests.data.tables import built, codes, found, raw, table, weeks


def questions(result):
    return {question.code: question for question in result.questions}


def test_a_clean_table_becomes_a_panel_without_a_word():
    result = built(table())
    assert result.findings == ()
    assert result.questions == ()
    panel = result.panel
    assert panel.labels.channels == ("tv", "radio")
    assert panel.labels.frequency is Frequency.WEEK
    assert panel.kpi[0].tolist() == [1000 + 10 * i for i in range(30)]
    assert panel.spend[0, :, 0].sum() == result.totals["tv_spend"] == sum(100 + i for i in range(30))
    assert panel.observed.all()
    assert not panel.filled.any()
    assert panel.meta["source"] == "weeks.csv"


def test_text_in_numbers_is_refused_with_every_place_at_once():
    result = built(table(change={3: {"sales": "many"}, 7: {"tv_spend": "12k"}, 9: {"tv_spend": "?"}}))
    assert result.panel is None
    assert found(result, "text_in_number") == [(5, "sales"), (9, "tv_spend"), (11, "tv_spend")]


def test_a_number_too_large_to_add_up_is_refused_with_its_place():
    result = built(table(change={3: {"sales": "1e308"}, 7: {"tv_spend": "-1e200"}}))
    assert result.panel is None
    assert found(result, "too_large") == [(5, "sales"), (9, "tv_spend")]
    assert all(np.isfinite(total) for total in built(table(change={3: {"sales": "1e14"}})).totals.values())


def test_every_problem_is_reported_at_once():
    text = table(
        change={2: {"tv_spend": "x"}, 4: {"date": "soon"}, 6: {"radio_spend": ""}, 8: {"tv_spend": "-5"}}, n=12
    )
    result = built(text)
    assert result.panel is None
    assert {"text_in_number", "bad_date", "too_short"} <= set(codes(result, Severity.REFUSE))
    assert set(questions(result)) == {"missing_spend", "negative_spend"}


def test_a_long_list_of_bad_cells_is_counted():
    result = built(table(n=200, change={i: {"sales": "x"} for i in range(80)}))
    bad = [finding for finding in result.findings if finding.code == "text_in_number"]
    assert len(bad) == MAX_SAME + 1
    assert bad[-1].message == "30 more places like this."


def test_no_value_in_the_kpi_is_a_gap_and_not_an_error():
    result = built(table(change={5: {"sales": "#N/A"}}))
    assert found(result, "filled") == [(7, "sales")]
    panel = result.panel
    assert panel.kpi[0, 5] == panel.kpi[0, 4]
    assert panel.filled[0].nonzero()[0].tolist() == [5]
    assert (~panel.observed[0]).nonzero()[0].tolist() == [5]


def test_an_empty_spend_cell_is_asked_about():
    text = table(change={5: {"tv_spend": ""}})
    result = built(text)
    assert result.panel is None
    question = questions(result)["missing_spend"]
    assert question.options == ("zero", "unknown")
    assert "row 7 of “tv_spend”" in question.message
    assert found(result, "missing_spend") == [(7, "tv_spend")]
    zero = built(text, missing_spend="zero")
    assert zero.panel.spend[0, 5, 0] == 0
    assert zero.panel.observed.all()
    assert found(zero, "missing_spend") == [(7, "tv_spend")]


def test_negative_spend_is_asked_about_and_a_credit_keeps_the_total():
    text = table(change={5: {"tv_spend": "-150"}})
    assert set(questions(built(text))) == {"negative_spend"}
    zero = built(text, negative_spend="zero").panel
    credit = built(text, negative_spend="credit")
    assert zero.spend[0, 3:6, 0].tolist() == [103, 104, 0]
    assert credit.panel.spend[0, 3:6, 0].tolist() == [57, 0, 0]
    assert credit.panel.spend[0, :, 0].sum() == pytest.approx(credit.totals["tv_spend"])
    assert found(credit, "credit") == [(7, "tv_spend")]


def test_two_rows_for_a_week_are_asked_about():
    text = table() + "2024-01-08,7,8,9\n"
    question = questions(built(text))["duplicates"]
    assert "row 32" in question.message
    assert question.options == ("sum", "first", "last")
    values = {choice: built(text, duplicates=choice).panel.kpi[0, 1] for choice in ("sum", "first", "last")}
    assert values == {"sum": 1017, "first": 1010, "last": 7}
    assert built(text, duplicates="sum").panel.spend[0, 1].tolist() == [109, 60]


def test_added_rows_average_their_controls():
    text = table(extra={"price": ["10"] * 30}) + "2024-01-08,7,8,9,20\n"
    result = built(text, controls={"price": ControlRole.CONFOUNDER}, duplicates="sum")
    assert result.panel.controls[0, :3, 0].tolist() == [10, 15, 10]


def test_unsorted_rows_are_sorted_and_said():
    lines = table().splitlines()
    lines[3], lines[10] = lines[10], lines[3]
    result = built("\n".join(lines))
    assert found(result, "unsorted") == [(5, "date")]
    assert result.panel.kpi[0].tolist() == [1000 + 10 * i for i in range(30)]


def test_daily_rows_are_offered_for_roll_up():
    result = built(table(n=200, step=1))
    assert questions(result)["roll_up"].options == ("weeks", "days")
    days = built(table(n=200, step=1), frequency=Frequency.DAY).panel
    assert (days.n_periods, days.labels.frequency) == (200, Frequency.DAY)


def test_days_are_added_up_to_whole_weeks():
    text = table(n=200, step=1, extra={"price": [str(10 + i % 7) for i in range(200)]})
    result = built(text, roll_up=True)
    panel = result.panel
    assert panel.labels.frequency is Frequency.WEEK
    assert panel.n_periods == 28
    assert panel.kpi[0, 0] == sum(1000 + 10 * i for i in range(7))
    assert panel.spend[0, 1, 0] == sum(100 + i for i in range(7, 14))
    assert panel.controls[0, :, 0].tolist() == [13.0] * 28
    assert [finding.message[:15] for finding in result.findings] == ["2024-07-15 to 2", "200 days were a"]


@pytest.mark.parametrize(
    ("start", "first", "dropped"), [(0, "2024-01-01", 4), (2, "2024-01-03", 2), (6, "2024-01-07", 5)]
)
def test_weeks_begin_on_the_day_that_was_said_and_partial_ones_are_dropped(start, first, dropped):
    result = built(table(n=200, step=1), roll_up=True, week_start=start)
    assert str(result.panel.periods[0]) == first
    assert 200 - 7 * result.panel.n_periods - start == dropped
    assert "partial_week" in codes(result)
    assert result.panel.kpi[0, 0] == sum(1000 + 10 * (i + start) for i in range(7))


def test_a_rolled_up_week_keeps_its_money():
    text = table(n=210, step=1, extra={"value_per_sale": [str(1 + i % 3) for i in range(210)]})
    result = built(text, roll_up=True, kpi_kind=KpiKind.UNITS, value_per_kpi="value_per_sale")
    money = sum((1000 + 10 * i) * (1 + i % 3) for i in range(210))
    assert (result.panel.kpi * result.panel.money_per_kpi).sum() == pytest.approx(money)


def test_a_rolled_up_week_with_a_missing_day_is_not_fitted():
    panel = built(table(n=210, step=1, drop=(10,)), roll_up=True).panel
    assert (~panel.observed[0]).nonzero()[0].tolist() == [1]
    assert panel.filled[0].nonzero()[0].tolist() == [1]


def test_weekends_without_rows_are_days_without_sales():
    weekend = tuple(i for i in range(210) if i % 7 in (5, 6))
    result = built(table(n=210, step=1, drop=weekend), roll_up=True)
    assert codes(result) == ["closed_days", "partial_week", "rolled_up"]
    assert "Saturday and Sunday" in result.findings[0].message
    assert result.panel.observed.all()
    assert result.panel.kpi.sum() == sum(1000 + 10 * i for i in range(203) if i not in weekend)


def test_a_long_hole_in_weekday_rows_is_still_a_long_gap():
    drop = tuple(i for i in range(280) if i % 7 in (5, 6) or 70 <= i < 91)
    result = built(table(n=280, step=1, drop=drop), roll_up=True)
    assert "excluded" in codes(result)
    lost = (~result.panel.observed[0]).nonzero()[0].tolist()
    assert lost[0] in (9, 10)
    assert lost[-1] == 20
    assert not result.panel.filled.any()


def test_dates_valid_both_ways_are_asked_about():
    days = [f"{1 + i % 12:02d}/{1 + i // 12:02d}/2024" for i in range(24)]
    text = "date,sales,tv_spend\n" + "".join(f"{day},{i},{i}\n" for i, day in enumerate(days, 1))
    result = built(text)
    assert questions(result)["date_order"].options == ("dmy", "mdy")
    assert "01/01/2024" in questions(result)["date_order"].message
    told = built(text, date_order="dmy", frequency=Frequency.DAY)
    assert "date_order" not in questions(told)


def test_the_likelier_reading_of_dates_is_offered_first():
    text = "date,sales,tv_spend\n" + "".join(f"{1 + i % 12}/1/{2020 + i // 12},{i},{i}\n" for i in range(36))
    assert questions(built(text))["date_order"].options == ("mdy", "dmy")
    assert built(text, date_order="mdy").panel.labels.frequency is Frequency.MONTH


def test_weeks_dated_a_day_off_are_aligned_and_said():
    result = built(table(change={5: {"date": "2024-02-06"}, 9: {"date": "2024-03-03"}}))
    assert found(result, "week_start") == [(7, "date"), (11, "date")]
    assert result.panel.observed.all()
    assert result.panel.n_periods == 30


def test_the_same_week_in_many_markets_is_no_duplicate():
    body = "".join(
        f"{day},{geo},{100 + i},{i}\n" for geo in ("north", "south", "west") for i, day in enumerate(weeks(30))
    )
    result = built("date,geo,sales,tv_spend\n" + body)
    assert result.panel.labels.markets == ("north", "south", "west")
    assert result.panel.kpi.shape == (3, 30)
    assert result.findings == ()


def test_a_market_may_lack_a_channel():
    body = "".join(
        f"{day},{geo},{100 + i},{i},{'' if geo == 'south' else i}\n"
        for geo in ("north", "south")
        for i, day in enumerate(weeks(30))
    )
    result = built("date,geo,sales,tv_spend,radio_spend\n" + body)
    assert result.panel.spend[1, :, 1].tolist() == [0.0] * 30
    assert codes(result) == ["no_channel"]


def test_fewer_than_twenty_periods_are_refused_in_a_sentence():
    result = built(table(n=19))
    assert result.panel is None
    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("too_short", Severity.REFUSE)
    assert finding.message.startswith("The file has 19 weeks; at least 20 are needed")
    assert built(table(n=20)).panel is not None


def test_a_mistyped_year_is_refused_where_it_stands():
    result = built(table(change={29: {"date": "2042-07-22"}}))
    assert found(result, "date_jump") == [(31, "date")]


def test_rows_of_the_future_without_values_are_left_out():
    result = built(
        table(
            n=32,
            change={
                30: {"sales": "", "tv_spend": "", "radio_spend": ""},
                31: {"sales": "", "tv_spend": "", "radio_spend": ""},
            },
        )
    )
    assert result.panel.n_periods == 30
    assert codes(result) == ["empty_row", "empty_row"]


def test_a_mapping_that_does_not_fit_the_table_is_refused():
    read = raw(table())
    mapping = guess_mapping(read)
    absent = build_panel(read, replace(mapping, kpi="profit"))
    assert "no column “profit”" in absent.findings[0].message
    twice = build_panel(read, replace(mapping, controls={"tv_spend": ControlRole.CONFOUNDER}))
    assert found(twice, "used_twice") == [(None, "tv_spend")]
    assert codes(build_panel(read, replace(mapping, channels={}))) == ["no_channel_column"]
    assert codes(build_panel(read, replace(mapping, margin=1.5))) == ["bad_answer"]


def test_what_reading_refused_stays_refused():
    result = built(table() + "2024-07-29,1,2,3,4\n")
    assert result.panel is None
    assert found(result, "long_row") == [(32, None)]


def test_a_mediator_is_kept_with_a_reason():
    result = built(table(extra={"site_sessions": [str(500 + 3 * i % 11) for i in range(30)]}))
    assert codes(result) == ["mediator"]
    assert result.panel.labels.modelled_controls == ()


def test_yes_and_no_are_flags():
    result = built(table(extra={"promo": ["yes" if i % 7 == 0 else "no" for i in range(30)]}))
    assert result.panel.controls[0, :8, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 1]


def test_the_cleaned_table_holds_what_the_panel_holds():
    result = built(table(drop=(5,)))
    assert list(result.cleaned) == ["date", "sales", "tv_spend", "radio_spend", "observed", "filled"]
    assert np.array_equal(result.cleaned["tv_spend"].to_numpy(), result.panel.spend[0, :, 0])
    assert result.cleaned["filled"].sum() == 1


def test_numbers_that_read_two_ways_in_every_cell_are_asked_about():
    text = "date;sales;tv_spend\n" + "".join(f"{day};1,{200 + i};{i}\n" for i, day in enumerate(weeks(25)))
    result = built(text)
    assert found(result, "decimal_mark") == [(None, "sales")]
    assert questions(result)["decimal_mark"].options == ("point", "comma")
    assert built(text, decimal_mark="comma").panel.kpi[0, 0] == pytest.approx(1.2)
    assert built(text, decimal_mark="point").panel.kpi[0, 0] == 1200


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("{day};1,{tail};{n}\n{day};7;2\n", id="smaller numbers without a mark"),
        pytest.param('{day};1,{tail};"12,345.50"\n', id="another column tells"),
        pytest.param("{day};1,{tail},000;4\n", id="two groups"),
    ],
)
def test_numbers_that_the_file_explains_are_not_asked_about(rows):
    text = "date;sales;tv_spend\n" + "".join(rows.format(day=day, tail=200 + i, n=i) for i, day in enumerate(weeks(25)))
    result = built(text, duplicates="sum")
    assert result.questions == ()
    assert result.panel.kpi[0, 0] in (1200, 1207, 1_200_000)


def test_quoted_groups_in_a_file_cut_at_commas_are_thousands():
    text = "date,sales,tv_spend\n" + "".join(f'{day},"1,{200 + i}",{i}\n' for i, day in enumerate(weeks(25)))
    result = built(text)
    assert result.questions == ()
    assert result.panel.kpi[0, 0] == 1200


def test_what_has_no_kpi_yet_is_a_plan_and_not_history():
    result = built(table(n=34, change={i: {"sales": ""} for i in (31, 32, 33)}))
    assert result.panel.n_periods == 31
    assert result.panel.observed.all()
    assert found(result, "no_kpi_yet") == [(33, "sales")]


def test_negative_spend_kept_in_its_period_is_taken_off_its_other_rows():
    text = table() + "2024-01-08,0,-40,0\n"
    panel = built(text, negative_spend="keep", duplicates="sum").panel
    assert panel.spend[0, 1, 0] == 101 - 40
    days = built(table(n=210, step=1, change={8: {"tv_spend": "-50"}}), negative_spend="keep", roll_up=True)
    assert days.panel.spend[0, 1, 0] == sum(100 + i for i in range(7, 14)) - 108 - 50


def test_a_period_that_stays_below_zero_is_refused_with_the_other_answers():
    result = built(table(change={5: {"tv_spend": "-5"}}), negative_spend="keep")
    assert result.panel is None
    refusal = [finding for finding in result.findings if finding.severity is Severity.REFUSE]
    assert [(finding.row, finding.column) for finding in refusal] == [(7, "tv_spend")]
    assert "“credit”" in refusal[0].message
    assert "“zero”" in refusal[0].message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("campaign,impressions,cost\nA,100,5\nB,200,6\n", "Segment › Time › Day"),
        ("channel,Jan,Feb,Mar\nTV,1,2,3\nRadio,4,5,6\n", "transpose"),
        ("week,sales,tv_spend\n1,100,5\n2,200,6\n", "2024-W10"),
    ],
)
def test_a_table_without_dates_is_refused_with_what_to_do(text, says):
    result = built(text)
    assert "no_date_column" in codes(result, Severity.REFUSE)
    assert says in next(finding.message for finding in result.findings if finding.code == "no_date_column")


def test_a_market_has_the_country_it_is_given_and_the_mappings_otherwise():
    text = "week,geo,sales,tv_spend\n" + "".join(
        f"{day},{market},{100 + i % 7},{10 + i % 5}\n" for i, day in enumerate(weeks(30)) for market in ("east", "west")
    )
    panel = built(text, country="DE", countries={"west": "FR", "nowhere": "US"}).panel
    assert panel.labels.markets == ("east", "west")
    assert panel.countries == panel.inputs().countries == ("DE", "FR")
    assert built(text, country="DE").panel.countries is None
