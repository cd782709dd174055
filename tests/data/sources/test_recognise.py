"""What a file is taken for."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mmm.data.read import read_table
from mmm.data.sources.recognise import label_of, recognise
from mmm.data.sources.source import Layout, Measure
from mmm.errors import DataError
from tests.data.sources import exports
from tests.data.tables import table

DAYS = [(date(2024, 1, 1) + timedelta(days=7 * i)).isoformat() for i in range(30)]


def source_of(text: str, name: str = "weeks.csv"):
    return recognise(read_table(name, text.encode()))


def rows(header: str, *columns: list[str]) -> str:
    """A table of every combination of the columns' cells."""
    return "\n".join([header, *(",".join(cells) for cells in itertools.product(*columns))]) + "\n"


class TestWideTables:
    """Misreading one as rows to be added up would be the worst failure."""

    def test_an_ordinary_one_is_a_table(self):
        source = source_of(table())
        assert (source.layout, source.date, source.market) == (Layout.TABLE, "date", None)

    def test_it_has_no_measures_and_no_keys(self):
        source = source_of(table())
        assert (source.measures, source.keys, source.rules) == ({}, (), ())

    def test_markets_are_not_channels(self):
        source = source_of(
            rows("week,region,sales,tv_spend,radio_spend", DAYS, ["North", "South"], ["9"], ["5"], ["3"])
        )
        assert (source.layout, source.market) == (Layout.TABLE, "region")

    def test_markets_with_a_name_of_their_own_are_not_channels(self):
        source = source_of(rows("week,shop,sales,tv_spend,radio_spend", DAYS, ["Lyon", "Paris"], ["9"], ["5"], ["3"]))
        assert source.layout is Layout.TABLE

    def test_markets_and_one_channel_are_a_table(self):
        source = source_of(rows("week,country,sales,ad_spend", DAYS, ["DE", "FR"], ["9"], ["5"]))
        assert (source.layout, source.market) == (Layout.TABLE, "country")

    def test_columns_that_name_channels_outweigh_a_column_called_channel(self):
        text = rows("week,channel,sales,tv_spend,radio_spend", DAYS, ["Online", "Store"], ["9"], ["5"], ["3"])
        assert source_of(text).layout is Layout.TABLE

    def test_sales_by_sales_channel_without_spend_are_a_table(self):
        assert source_of(rows("week,channel,sales", DAYS, ["Online", "Store"], ["9"])).layout is Layout.TABLE

    def test_a_text_column_beside_one_row_a_week_is_a_comment(self):
        lines = ["week,channel,sales,spend", *(f"{day},{'TV' if i % 2 else 'Radio'},9,5" for i, day in enumerate(DAYS))]
        assert source_of("\n".join(lines)).layout is Layout.TABLE

    def test_a_few_weeks_twice_are_a_table(self):
        days = DAYS + DAYS[:3]
        lines = ["week,channel,sales,spend", *(f"{day},{'TV' if i % 2 else 'Radio'},9,5" for i, day in enumerate(days))]
        assert source_of("\n".join(lines)).layout is Layout.TABLE

    def test_media_by_number_are_a_table(self):
        assert source_of(rows("week,source,y,x1,x2", DAYS, ["a", "b"], ["9"], ["1"], ["2"])).layout is Layout.TABLE

    def test_three_hundred_columns_are_a_table(self):
        header = ",".join(f"ch{i}_spend" for i in range(298))
        lines = [f"week,market,{header}", *(f"{d},{m}," + ",".join(["1"] * 298) for d in DAYS for m in ("A", "B"))]
        source = source_of("\n".join(lines))
        assert (source.layout, source.market) == (Layout.TABLE, "market")

    def test_its_currency_is_the_one_its_headings_name(self):
        source = source_of(rows("week,sales (GBP),tv spend (GBP)", DAYS, ["9"], ["5"]))
        assert source.currency == "GBP"

    def test_shopifys_sales_over_time_are_a_table(self):
        source = recognise(exports.raw(exports.SHOPIFY_SALES))
        assert (source.layout, source.platform, source.date, source.label) == (
            *(Layout.TABLE, "shopify_sales"),
            *("Day", "Shopify"),
        )

    @given(
        market=st.sampled_from(["geo", "region", "store", "branch", "country", None]),
        kpi=st.sampled_from(["sales", "revenue", "orders", "y"]),
        channels=st.lists(
            st.sampled_from(["tv", "radio", "meta", "google", "print", "ooh", "tiktok"]), unique=True, min_size=2
        ),
        ending=st.sampled_from(["_spend", " cost", "_media_spend", " Ausgaben"]),
        comment=st.booleans(),
        months=st.booleans(),
    )
    def test_any_wide_table_is_a_table(self, market, kpi, channels, ending, comment, months):
        days = [f"2024-{month:02d}-01" for month in range(1, 13)] if months else DAYS
        markets = ["Berlin", "Bonn", "Köln"] if market else [""]
        names = ["date", *([market] if market else []), kpi, *(f"{channel}{ending}" for channel in channels)]
        lines = [";".join([*names, *(["campaign"] if comment else [])])]
        for i, day in enumerate(days):
            for place in markets:
                cells = [day, *([place] if market else []), str(1000 + i), *(str(10 + i) for _ in channels)]
                lines.append(";".join([*cells, *(["Summer sale" if i % 5 else "Winter"] if comment else [])]))
        assert source_of("\n".join(lines)).layout is Layout.TABLE


class TestLongTables:
    def test_a_row_for_each_week_and_channel(self):
        source = source_of(rows("week,channel,spend,impressions", DAYS, ["TV", "Radio"], ["5"], ["80"]), "media.csv")
        assert (source.layout, source.date, source.keys) == (Layout.ROWS, "week", ("channel",))
        assert source.measures == {"spend": Measure.SPEND, "impressions": Measure.IMPRESSIONS}
        assert (source.rules, source.label, source.platform) == ((), "media", None)

    def test_a_market_beside_the_channel_stays_a_market(self):
        source = source_of(rows("week,region,channel,spend", DAYS, ["North", "South"], ["TV", "Radio"], ["5"]))
        assert (source.layout, source.market, source.keys) == (Layout.ROWS, "region", ("channel",))

    def test_channels_are_told_by_their_names_under_any_heading(self):
        source = source_of(rows("week,what,cost", DAYS, ["TV", "Radio", "Facebook ads"], ["5"]))
        assert (source.layout, source.keys) == (Layout.ROWS, ("what",))

    def test_a_channel_is_likelier_than_its_campaigns(self):
        text = rows("date,campaign,channel,amount", DAYS, ["a", "b"], ["TV", "Radio"], ["5"])
        assert source_of(text).keys == ("channel",)

    def test_an_amount_without_another_name_is_spend(self):
        source = source_of(rows("date,channel,amount", DAYS, ["TV", "Radio"], ["5"]))
        assert source.measures == {"amount": Measure.SPEND}

    def test_many_campaigns_of_an_unknown_platform_are_one_channel(self):
        text = rows("date,campaign,spend", DAYS, [f"campaign {i}" for i in range(40)], ["5"])
        source = source_of(text, "pinterest_export.csv")
        assert [rule.channel for rule in source.rules] == ["pinterest export"]

    def test_ratios_are_not_added_up(self):
        source = source_of(rows("date,channel,spend,cost per click,ctr", DAYS, ["TV", "Radio"], ["5"], ["1"], ["2"]))
        assert source.measures == {"spend": Measure.SPEND}

    def test_names_and_values(self):
        source = source_of(rows("date,variable,value", DAYS, ["sales", "tv_spend"], ["5"]))
        assert (source.layout, source.keys, source.measures) == (Layout.ROWS, ("variable",), {"value": Measure.SERIES})


class TestOrders:
    def test_orders_of_any_shop(self):
        lines = ["Order ID,Order Date,Status,Quantity,Order Total"]
        lines += [f"{i},{DAYS[i % 9]} 10:00,completed,1,{i}.50" for i in range(60)]
        source = source_of("\n".join(lines), "shop-orders.csv")
        assert (source.layout, source.order_id, source.date) == (Layout.ORDERS, "Order ID", "Order Date")
        assert source.measures == {"Order Total": Measure.REVENUE, "Quantity": Measure.UNITS}

    def test_one_row_a_day_with_a_number_is_a_table(self):
        lines = ["Order number,Date,Revenue", *(f"{i},{day},9" for i, day in enumerate(DAYS))]
        assert source_of("\n".join(lines)).layout is Layout.TABLE


class TestRates:
    def test_a_currency_and_its_rate(self):
        source = source_of(rows("date,currency,rate", DAYS[:3], ["USD", "GBP"], ["1.1"]))
        assert (source.layout, source.date, source.currency_column) == (Layout.RATES, "date", "currency")

    def test_from_and_to(self):
        source = source_of(rows("from,to,rate", ["USD", "GBP"], ["EUR"], ["1.1"]))
        assert (source.layout, source.keys) == (Layout.RATES, ("from", "to"))

    def test_a_column_for_each_currency(self):
        assert source_of(rows("Date,USD,GBP,CHF", DAYS[:3], ["1.1"], ["0.8"], ["0.9"])).layout is Layout.RATES

    def test_an_interest_rate_beside_sales_is_a_table(self):
        assert source_of(rows("week,sales,interest rate", DAYS, ["9"], ["4.5"])).layout is Layout.TABLE


def test_a_label_is_the_files_name_in_words():
    assert label_of("media_spend-2026.csv") == "media spend 2026"


CELLS = st.one_of(st.text(max_size=6), st.sampled_from(["2024-01-01", "1.5", "USD", "", "--", "Search", "0"]))
HEADINGS = st.sampled_from(
    ["Day", "Campaign", "Cost", "Impr.", "date", "channel", "spend", "Order ID", "total", "rate", "currency", "name"]
)


@given(
    header=st.lists(st.one_of(HEADINGS, st.text(min_size=1, max_size=8)), min_size=2, max_size=6),
    cells=st.lists(st.lists(CELLS, min_size=2, max_size=6), min_size=1, max_size=12),
)
def test_it_never_fails(header, cells):
    def line(values):
        return ",".join('"' + value.replace('"', '""') + '"' for value in values)

    text = "\n".join([line(header), *map(line, cells)])
    try:
        raw = read_table("any.csv", text.encode("utf-8", "replace"))
    except DataError:
        return
    assert recognise(raw).name == "any.csv"
