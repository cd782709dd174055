"""The example exports beside the project, added up to channels."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mmm.data.mapping import ChannelColumns, guess_mapping
from mmm.data.read import read_table
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Layout
from mmm.data.sources.widen import Widened, widen
from tests.data.test_shared_files import SHARED

pytestmark = pytest.mark.shared


def shared(name: str):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the example file {name} is not beside the project (../shared/data)")
    return read_table(name, path.read_bytes())


def widened(name: str) -> Widened:
    raw = shared(name)
    return widen(raw, recognise(raw))


def column_sum(result: Widened, ending: str) -> Decimal:
    frame = result.table.frame
    return sum((Decimal(cell) for column in frame if column.endswith(ending) for cell in frame[column]), Decimal(0))


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("export_google_ads_campaign_daily.csv", "582856.18"),
        ("export_meta_ads_campaign_daily.csv", "329717.53"),
        ("fivetran_ad_report_schema.csv", "2247.15"),
    ],
)
def test_spend_comes_to_the_cent(name, cost):
    result = widened(name)
    assert column_sum(result, " spend") == Decimal(cost)
    assert next(iter(result.totals.values())) == float(cost)


def test_google_campaigns_become_channels_by_type_with_the_brand_apart():
    mapping = guess_mapping(widened("export_google_ads_campaign_daily.csv").table)
    names = ["Google brand search", "Google Performance Max", "Google search", "Google Video"]
    assert mapping.channels == {name: ChannelColumns(f"{name} spend", f"{name} impressions") for name in names}


def test_non_brand_search_is_no_brand_search():
    raw = shared("export_google_ads_campaign_daily.csv")
    result = widen(raw, recognise(raw))
    brand = raw.frame["Campaign"].str.startswith("Brand")
    wanted = sum(Decimal(cell.replace(",", "")) for cell in raw.frame["Cost"][brand])
    assert column_sum(result, "Google brand search spend") == wanted


def test_the_platforms_of_a_warehouse_table_are_its_channels():
    frame = widened("fivetran_ad_report_schema.csv").table.frame
    sums = {c: sum(map(Decimal, frame[c])) for c in frame if c.endswith(" spend")}
    assert sums == {
        "Facebook Ads spend": Decimal("1188.00"),
        "Google Ads spend": Decimal("587.05"),
        "TikTok Ads spend": Decimal("472.10"),
    }


def test_every_row_of_the_exports_is_matched():
    names = ("export_google_ads_campaign_daily.csv", "export_meta_ads_campaign_daily.csv")
    assert [widened(name).unmatched for name in names] == [(), ()]


@pytest.mark.parametrize(
    ("name", "date", "market"),
    [
        ("pymc_mmm_example.csv", "date_week", None),
        ("meridian_geo_media.csv", "time", "geo"),
        ("fpp2_insurance_tv_monthly.csv", "month", None),
        ("geolift_pretest.csv", "date", "location"),
    ],
)
def test_wide_files_stay_as_they_are(name, date, market):
    raw = shared(name)
    source = recognise(raw)
    assert (source.layout, source.date, source.market) == (Layout.TABLE, date, market)
    assert widen(raw, source).table is raw
