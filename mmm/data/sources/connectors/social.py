"""Social platforms: Meta, TikTok and LinkedIn, each one channel unless a person writes rules."""

from __future__ import annotations

from mmm.data.sources.connectors.connector import Connector, one_channel
from mmm.data.sources.source import Measure

META_ADS = Connector(
    platform="meta_ads",
    label="Meta Ads",
    needs=(
        ("amount spent", "ausgegebener betrag"),
        (
            *("campaign name", "ad set name", "ad name", "account name", "reporting starts"),
            *("kampagnenname", "anzeigengruppenname", "name der anzeige", "berichtsstart"),
        ),
    ),
    date=("day", "tag", "date", "week", "woche", "month", "monat", "reporting starts", "berichtsstart"),
    ends=("reporting ends", "berichtsende"),
    keys=(("campaign name", "kampagnenname", "ad set name", "anzeigengruppenname", "ad name", "name der anzeige"),),
    measures={
        Measure.SPEND: ("amount spent", "ausgegebener betrag"),
        Measure.IMPRESSIONS: ("impressions", "impressionen"),
        Measure.CLICKS: ("link clicks", "link-klicks", "clicks (all)", "klicks (alle)"),
        Measure.CONVERSIONS: ("purchases", "website purchases", "käufe", "website-käufe"),
        Measure.VALUE: (
            *("purchases conversion value", "website purchases conversion value", "purchase conversion value"),
            *("conversion-wert für käufe", "conversion-wert von käufen", "kauf-conversion-wert"),
        ),
    },
    rules=one_channel("Meta"),
    unmatched="Meta other",
    currency=("currency", "währung"),
    how="In Meta Ads Manager open Campaigns, choose Breakdown › By time › Day, then Reports › Export table data.",
)

TIKTOK_ADS = Connector(
    platform="tiktok_ads",
    label="TikTok Ads",
    needs=(
        ("campaign name", "ad group name", "ad name", "kampagnenname"),
        ("cost", "total cost", "kosten", "gesamtkosten"),
        (
            *("by day", "clicks (destination)", "clicks (all)", "cpc (destination)", "ctr (destination)"),
            *("destination clicks", "klicks (ziel)", "video views", "2-second video views", "stat_time_day"),
        ),
    ),
    date=("by day", "date", "day", "stat_time_day", "by week", "week", "by month", "month", "datum", "tag"),
    keys=(("campaign name", "kampagnenname", "ad group name", "ad name"),),
    measures={
        Measure.SPEND: ("cost", "total cost", "kosten", "gesamtkosten"),
        Measure.IMPRESSIONS: ("impressions", "impressionen"),
        Measure.CLICKS: ("clicks (destination)", "destination clicks", "klicks (ziel)", "clicks (all)", "clicks"),
        Measure.CONVERSIONS: ("conversions", "conversion", "total conversions"),
        Measure.VALUE: ("total purchase value", "purchase value", "total complete payment value"),
    },
    rules=one_channel("TikTok"),
    unmatched="TikTok other",
    currency=("currency", "währung"),
    how="In TikTok Ads Manager open Reporting › Custom report, add the dimensions Campaign name and By Day, then "
    "Export as .csv.",
)

LINKEDIN_ADS = Connector(
    platform="linkedin_ads",
    label="LinkedIn Ads",
    needs=(
        ("total spent", "gesamtausgaben"),
        ("campaign name", "campaign group name", "account name", "kampagnenname"),
        ("impressions", "impressionen"),
    ),
    date=("start date (in utc)", "date (in utc)", "start date", "date", "day", "startdatum (in utc)", "datum"),
    ends=("end date (in utc)", "end date", "enddatum (in utc)"),
    keys=(("campaign name", "kampagnenname", "campaign group name"),),
    measures={
        Measure.SPEND: ("total spent", "gesamtausgaben"),
        Measure.IMPRESSIONS: ("impressions", "impressionen"),
        Measure.CLICKS: ("clicks", "klicks"),
        Measure.CONVERSIONS: ("conversions", "konversionen"),
        Measure.VALUE: ("total conversion value",),
    },
    rules=one_channel("LinkedIn"),
    unmatched="LinkedIn other",
    currency=("currency", "währung"),
    how="In LinkedIn Campaign Manager choose Export › Campaign performance with the time breakdown “Daily”.",
)
