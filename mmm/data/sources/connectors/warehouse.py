"""Tables that a data pipeline made of several platforms' exports."""

from __future__ import annotations

from mmm.data.cells import is_no_value
from mmm.data.read import RawTable
from mmm.data.sources.connectors.connector import Connector
from mmm.data.sources.headings import plain
from mmm.data.sources.source import Measure, Rule

_SMALL = {"tiktok": "TikTok", "linkedin": "LinkedIn", "youtube": "YouTube"}


def _platform_rules(raw: RawTable, keys: tuple[str, ...]) -> tuple[Rule, ...]:
    """One channel a platform, longer names first, so that one contained in another does not take its rows."""
    column = next((key for key in keys if plain(key) == "platform"), None)
    if column is None:
        return ()
    names = {text.strip() for text in raw.frame[column].unique() if not is_no_value(text)}
    return tuple(Rule(_in_words(name), name, column=column) for name in sorted(names, key=lambda n: (-len(n), n)))


def _in_words(platform: str) -> str:
    """`facebook_ads` is Facebook Ads; a name with capitals stays as it is."""
    words = platform.replace("_", " ").split()
    return " ".join(_SMALL.get(word, word.capitalize() if word.islower() else word) for word in words)


FIVETRAN = Connector(
    platform="fivetran_ad_reporting",
    label="Fivetran",
    needs=(("date_day",), ("platform",), ("spend",), ("impressions",), ("clicks",)),
    date=("date_day",),
    keys=(("platform",), ("campaign_name",)),
    measures={
        Measure.SPEND: ("spend",),
        Measure.IMPRESSIONS: ("impressions",),
        Measure.CLICKS: ("clicks",),
        Measure.CONVERSIONS: ("conversions",),
        Measure.VALUE: ("conversions_value", "conversion_value"),
    },
    rules=_platform_rules,
    unmatched="Other ads",
    how="Export the table ad_reporting__campaign_report (or another with date_day) of the warehouse.",
)
