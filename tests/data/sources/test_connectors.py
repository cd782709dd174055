"""The exports of the platforms, from their headings to channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmm.data.findings import Severity
from mmm.data.mapping import guess_mapping
from mmm.data.sources.connectors.known import CONNECTORS, connector_named
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Layout, Measure
from mmm.data.sources.widen import Widened, widen
from tests.data.sources import exports

EXPORTS = {
    "google_ads": exports.GOOGLE,
    "meta_ads": exports.META_WEEKLY,
    "tiktok_ads": exports.TIKTOK,
    "linkedin_ads": exports.LINKEDIN,
    "microsoft_ads": exports.MICROSOFT,
    "ga4": exports.GA4,
    "fivetran_ad_reporting": exports.FIVETRAN,
    "shopify_orders": exports.shopify("#1,paid,100.00,2026-03-02 10:00:00 +0100,1,,card,0.00"),
    "shopify_sales": exports.SHOPIFY_SALES,
}


def widened(text: str, encoding: str = "utf-8") -> Widened:
    raw = exports.raw(text, encoding=encoding)
    return widen(raw, recognise(raw))


def series(result: Widened) -> dict[str, list[str]]:
    return {str(column): result.table.frame[column].tolist() for column in result.table.frame}


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.platform)
def test_every_platform_is_recognised_by_its_export(connector):
    source = recognise(exports.raw(EXPORTS[connector.platform]))
    assert (source.platform, source.label, source.layout) == (connector.platform, connector.label, connector.layout)


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.platform)
def test_every_platform_says_how_to_export_it(connector):
    assert connector_named(connector.platform) is connector
    assert connector.how.endswith(".")


class TestGoogleAds:
    def test_the_measures_are_found(self):
        assert recognise(exports.raw(exports.GOOGLE)).measures == {
            "Cost": Measure.SPEND,
            "Impr.": Measure.IMPRESSIONS,
            "Clicks": Measure.CLICKS,
            "Conversions": Measure.CONVERSIONS,
            "Conv. value": Measure.VALUE,
        }

    def test_the_currency_is_the_rows(self):
        source = recognise(exports.raw(exports.GOOGLE))
        assert (source.currency, source.currency_column) == (None, "Currency code")

    def test_spend_of_each_type_of_campaign(self):
        found = series(widened(exports.GOOGLE))
        assert found["Google brand search spend"] == ["1100.5", "7", "0"]
        assert found["Google search spend"] == ["922.61", "0", "0"]
        assert found["Google Performance Max spend"] == ["10.1", "0", "0"]
        assert found["Google Video spend"] == ["0", "0", "3.33"]

    def test_what_the_platform_claims_is_one_column_of_the_source(self):
        found = series(widened(exports.GOOGLE))
        assert found["Google Ads conversions"] == ["60.24", "0", "0"]
        assert found["Google Ads conversion value"] == ["4817.62", "0", "0"]

    def test_german_headings_and_decimal_commas(self):
        found = series(widened(exports.GOOGLE_GERMAN))
        assert found["Google brand search spend"] == ["1100.5", "0"]
        assert found["Google Display spend"] == ["0", "5"]
        assert found["Google search spend"] == ["0", "22.1"]

    def test_a_type_nobody_knows_is_a_channel_of_its_own(self):
        text = exports.GOOGLE.replace("Video,Enabled", "Smart,Enabled")
        assert "Google Smart spend" in series(widened(text))

    def test_without_a_type_the_campaigns_name_decides(self):
        lines = [
            "Day,Campaign,Cost,Impr.,Clicks",
            "2026-03-02,DE Brand Search,5.00,10,1",
            "2026-03-02,PMax shoes,6.00,10,1",
            "2026-03-02,nonbrand shoes,7.00,10,1",
            "2026-03-02,mystery,8.00,10,1",
        ]
        result = widened("\n".join(lines))
        found = {name: cells for name, cells in series(result).items() if name.endswith("spend")}
        assert found == {
            "Google brand search spend": ["5"],
            "Google Performance Max spend": ["6"],
            "Google search spend": ["7"],
            "Google other spend": ["8"],
        }
        assert result.unmatched == (("mystery", 1, 8.0),)

    def test_a_report_without_days_is_refused_with_the_way_out(self):
        lines = ["Campaign,Campaign type,Cost,Impr.,Clicks", "Brand,Search,5.00,10,1", "Other,Search,6.00,10,1"]
        (finding,) = widened("\n".join(lines)).findings
        assert (finding.code, finding.severity) == ("no_days", Severity.REFUSE)
        assert "Segment › Time › Day" in finding.message


class TestMeta:
    def test_german_headings(self):
        assert series(widened(exports.META_GERMAN))["Meta spend"] == ["692.36", "744.64"]

    def test_the_currency_stands_in_the_heading(self):
        source = recognise(exports.raw(exports.META_WEEKLY))
        assert (source.currency, source.currency_column) == ("USD", None)

    def test_a_report_by_week_is_dated_by_its_start(self):
        result = series(widened(exports.META_WEEKLY))
        assert result["Reporting starts"] == ["2026-03-02", "2026-03-09"]

    def test_a_report_over_the_whole_time_is_refused_with_the_way_out(self):
        result = widened(exports.META_WITHOUT_DAYS)
        assert [finding.code for finding in result.findings] == ["no_days"]
        assert "By time › Day" in result.findings[0].message


class TestTikTok:
    def test_campaigns_are_one_channel(self):
        found = series(widened(exports.TIKTOK))
        assert (found["TikTok spend"], found["TikTok clicks"]) == (["120.4", "599.6"], ["240", "1453"])

    def test_its_channel_has_impressions_for_exposure(self):
        channel = guess_mapping(widened(exports.TIKTOK).table).channels["TikTok"]
        assert (channel.spend, channel.exposure) == ("TikTok spend", "TikTok impressions")


class TestLinkedIn:
    def test_the_utf_16_file_with_its_preamble(self):
        found = series(widened(exports.LINKEDIN, encoding="utf-16"))
        assert found["Start Date (in UTC)"] == ["2026-03-02", "2026-03-13"]
        assert found["LinkedIn spend"] == ["1200.25", "380.75"]

    def test_dates_that_read_two_ways_are_asked(self):
        result = widened(exports.LINKEDIN.replace("3/13/2026", "3/12/2026"))
        assert [(q.code, q.mapping_field) for q in result.questions] == [("date_order", "date_order")]


class TestMicrosoft:
    def test_footer_and_title_are_no_rows(self):
        found = series(widened(exports.MICROSOFT))
        assert found["Gregorian date"] == ["2026-03-02", "2026-03-03"]
        assert found["Microsoft brand search spend"] == ["64.2", "0"]
        assert found["Microsoft Shopping spend"] == ["41.1", "0"]
        assert found["Microsoft search spend"] == ["0", "30.05"]

    def test_without_a_type_all_is_one_channel(self):
        text = "\n".join(
            ["Gregorian date,Campaign name,Impressions,Clicks,Spend", "2026-03-02,a,5,1,2", "2026-03-02,b,6,1,3"]
        )
        assert series(widened(text))["Microsoft Ads spend"] == ["5"]


class TestGa4:
    def test_visits_are_one_series_and_no_channel(self):
        result = widened(exports.GA4)
        assert series(result)["GA4 sessions"] == ["1900", "1100"]
        assert guess_mapping(result.table).channels == {}

    def test_revenue_is_the_sites_own(self):
        assert series(widened(exports.GA4))["GA4 revenue"] == ["2400.75", "1400"]

    def test_days_counted_from_the_start_are_refused_with_the_way_out(self):
        (finding,) = widened(exports.GA4_NTH_DAY).findings
        assert finding.code == "no_days"
        assert "Nth day" in finding.message


class TestFivetran:
    def test_platforms_are_channels_in_words(self):
        found = series(widened(exports.FIVETRAN))
        assert found["Google Ads spend"] == ["105", "0"]
        assert found["Facebook Ads spend"] == ["224", "200"]

    def test_its_claims_are_of_all_platforms_together(self):
        assert series(widened(exports.FIVETRAN))["Fivetran conversions"] == ["32", "18"]


def test_a_sales_report_of_shopify_is_passed_on_as_it_is():
    raw = exports.raw(exports.SHOPIFY_SALES)
    source = recognise(raw)
    assert source.layout is Layout.TABLE
    assert widen(raw, source).table is raw


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.platform)
def test_the_documentation_names_every_export(connector):
    documented = Path(__file__).resolve().parents[3] / "docs" / "sources.md"
    assert f"| {connector.label}" in documented.read_text(encoding="utf-8")
