import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.findings import Question
from mmm.data.inputs import ControlRole, Frequency
from mmm.data.mapping import ChannelColumns, Mapping, answer, guess_mapping
from mmm.data.panel import KpiKind
from mmm.errors import DataError
from tests.data.tables import raw, weeks

names = st.text(min_size=1, max_size=8)


def guessed(header: str, n: int = 24) -> Mapping:
    """The guess for a table with these columns, filled by what their names promise."""
    columns = header.split(",")

    def cell(column: str, i: int, day: str) -> str:
        if column.lower() in {"date", "week", "day", "month"}:
            return day
        if column in {"geo", "region"}:
            return ("north", "south")[i % 2]
        if column in {"t", "index"}:
            return str(i)
        if column in {"holiday", "promo_flag", "event_1"}:
            return str(int(i % 9 == 0))
        return str(100 + 7 * i % 13)

    rows = [",".join(cell(column, i, day) for column in columns) for i, day in enumerate(weeks(n))]
    return guess_mapping(raw("\n".join([header, *rows])))


def test_spend_and_exposure_of_one_stem_are_one_channel():
    mapping = guessed(
        "Week,Paid Search Spend,Paid Search Clicks,Paid Search Impressions,spend_Social,TV.advert,Revenue"
    )
    assert mapping.channels == {
        "Paid Search": ChannelColumns("Paid Search Spend", "Paid Search Impressions"),
        "Social": ChannelColumns("spend_Social"),
        "TV": ChannelColumns("TV.advert"),
    }
    assert (mapping.date, mapping.kpi, mapping.kpi_kind) == ("Week", "Revenue", KpiKind.REVENUE)


@pytest.mark.parametrize(
    ("header", "channels"),
    [
        ("date,y,x1,x2", {"x1", "x2"}),
        ("date,tv_S,facebook_I,facebook_S,competitor_sales_B,revenue", {"tv", "facebook"}),
        ("date,TV,radio,newspaper,Sales", {"TV", "radio", "newspaper"}),
        ("date,search,social,offline_media,Sales,price", {"search", "social", "offline_media"}),
        ("date,googleSpend,googleImpressions,display cost,kpi", {"google", "display"}),
        ("date,Amount spent (USD),orders", {"Amount spent (USD)"}),
    ],
)
def test_channels_are_found_under_many_names(header, channels):
    assert set(guessed(header).channels) == channels


def test_helper_columns_are_neither_channels_nor_controls():
    mapping = guessed("date,t,dayofyear,index,week_number,quarter,sales,tv_spend")
    assert mapping.controls == {}
    assert set(mapping.channels) == {"tv"}


def test_controls_carry_their_role():
    mapping = guessed("date,sales,tv_spend,price,holiday,competitor_spend,temperature,site_sessions,branded_search")
    assert mapping.controls == {
        "price": ControlRole.CONFOUNDER,
        "holiday": ControlRole.CONFOUNDER,
        "competitor_spend": ControlRole.CONFOUNDER,
        "temperature": ControlRole.PREDICTOR,
        "site_sessions": ControlRole.MEDIATOR,
        "branded_search": ControlRole.MEDIATOR,
    }


def test_a_count_with_its_value_market_and_population_is_recognised():
    mapping = guessed("geo,date,tv_spend,conversions,revenue_per_conversion,population")
    assert (mapping.kpi, mapping.kpi_kind, mapping.value_per_kpi) == (
        "conversions",
        KpiKind.UNITS,
        "revenue_per_conversion",
    )
    assert (mapping.market, mapping.population) == ("geo", "population")


def test_the_currency_is_read_from_a_heading():
    assert guessed("date,sales,Amount spent (USD)").currency == "USD"


def test_a_second_outcome_is_not_a_control():
    assert guessed("date,revenue,orders,tv_spend").controls == {}


@settings(deadline=None)
@given(st.lists(st.lists(st.text(alphabet="ab1,.;-/ €", max_size=6), min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_guess_never_fails(rows):
    text = "\n".join(["a|b|tv spend", *("|".join(["x" + row[0], *row[1:]]) for row in rows)])
    try:
        read = raw(text)
    except DataError:
        return  # no table at all
    guess_mapping(read)


mappings = st.builds(
    Mapping,
    date=names,
    kpi=names,
    kpi_kind=st.sampled_from(KpiKind),
    market=st.none() | names,
    value_per_kpi=st.none() | names | st.floats(0.01, 1e6),
    margin=st.none() | st.floats(0.01, 1),
    channels=st.dictionaries(names, st.builds(ChannelColumns, names, st.none() | names), max_size=3),
    controls=st.dictionaries(names, st.sampled_from(ControlRole), max_size=3),
    frequency=st.none() | st.sampled_from(Frequency),
    roll_up=st.booleans(),
    duplicates=st.sampled_from([None, "sum", "first", "last"]),
    missing_spend=st.sampled_from([None, "zero", "unknown"]),
    negative_spend=st.sampled_from([None, "zero", "credit", "keep"]),
    decimal_mark=st.sampled_from([None, "comma", "point"]),
    week_start=st.integers(0, 6),
    date_order=st.sampled_from([None, "dmy", "mdy"]),
)


@settings(deadline=None)
@given(mappings)
def test_a_mapping_reads_back_from_json(mapping):
    again = Mapping.from_json(mapping.to_json())
    assert again == mapping
    assert list(again.channels) == list(mapping.channels)
    assert Mapping.from_json(mapping.as_dict()) == mapping


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "[]",
        '{"date": "d"}',
        '{"date": "d", "kpi": "k", "surprise": 1}',
        '{"date": "d", "kpi": "k", "duplicates": "all"}',
        '{"date": "d", "kpi": "k", "controls": {"a": "cause"}}',
        '{"format": 99, "date": "d", "kpi": "k"}',
    ],
)
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(DataError):
        Mapping.from_json(text)


def test_an_answer_goes_into_its_field():
    mapping = Mapping(date="d", kpi="k")
    weeks_or_days = Question("roll_up", "?", ("weeks", "days"), "roll_up")
    assert answer(mapping, weeks_or_days, "weeks").roll_up
    assert answer(mapping, weeks_or_days, "days").frequency is Frequency.DAY
    assert answer(mapping, Question("d", "?", ("sum", "first"), "duplicates"), "sum").duplicates == "sum"
    with pytest.raises(DataError, match="no answer"):
        answer(mapping, weeks_or_days, "years")


def test_the_countries_of_markets_read_back_and_an_older_mapping_has_none():
    mapping = Mapping("day", "sales", market="geo", countries={"Wien": "AT"})
    assert Mapping.from_json(mapping.to_json()) == mapping
    older = mapping.as_dict()
    del older["countries"]
    assert Mapping.from_json(older).countries == {}
