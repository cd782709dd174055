"""Search platforms: Google Ads and Microsoft Advertising, campaign by campaign."""

from __future__ import annotations

from mmm.data.cells import is_no_value
from mmm.data.read import RawTable
from mmm.data.sources.connectors.connector import Connector
from mmm.data.sources.headings import plain
from mmm.data.sources.source import Measure, Rule

CAMPAIGN = ("campaign", "campaign name", "campaignname", "kampagne", "kampagnenname")
CAMPAIGN_TYPE = ("campaign type", "campaigntype", "kampagnentyp", "advertising channel type")

_TYPES = {  # channel: texts of the type column in English and German, or of campaigns' names where no type is told
    "Performance Max": ("performance max", "pmax"),
    "Demand Gen": ("demand gen", "discovery"),
    "Shopping": ("shopping",),
    "Display": ("display", "audience"),
    "Video": ("video", "youtube"),
}
_SEARCH = ("search", "such")
_NOT_BRAND = "non.?brand|unbranded|generic|generisch"


def search_rules(platform: str, raw: RawTable, keys: tuple[str, ...]) -> tuple[Rule, ...]:
    """By campaign type, searches for the own brand apart from others; by the campaign's name where no type is told.

    Order matters: the types other than search first, then campaigns that say they are not about the brand.
    """
    kind = next((key for key in keys if plain(key) in CAMPAIGN_TYPE), None)
    name = next((key for key in keys if plain(key) in CAMPAIGN), None)
    by_name = (
        Rule(f"{platform} search", _NOT_BRAND, "regex", name),
        Rule(f"{platform} brand search", "brand", column=name),
    )
    if kind is None:
        every = (
            Rule(f"{platform} {channel}", text, column=name) for channel, texts in _TYPES.items() for text in texts
        )
        return (*every, *by_name, Rule(f"{platform} search", "search", column=name))
    seen = sorted({str(text).strip() for text in raw.frame[kind].unique() if not is_no_value(str(text))})
    others = [text for text in seen if not any(word in text.lower() for word in _SEARCH)]
    searches = [word for word in _SEARCH if any(word in text.lower() for text in seen)] or ["search"]
    return (
        *(Rule(f"{platform} {_channel(text)}", text, column=kind) for text in others),
        *by_name,
        *(Rule(f"{platform} search", word, column=kind) for word in searches),
    )


def _microsoft_rules(raw: RawTable, keys: tuple[str, ...]) -> tuple[Rule, ...]:
    if any(plain(key) in CAMPAIGN_TYPE for key in keys):
        return search_rules("Microsoft", raw, keys)
    return (Rule("Microsoft Ads", ""),)


def _channel(kind: str) -> str:
    """The channel's name for a campaign type: the usual one, or the type as the platform writes it."""
    words = kind.lower()
    return next((name for name, texts in _TYPES.items() if any(text in words for text in texts)), kind)


GOOGLE_ADS = Connector(
    platform="google_ads",
    label="Google Ads",
    needs=(("campaign", "kampagne"), ("cost", "kosten"), ("impr.", "impressions", "impressionen")),
    date=("day", "tag", "week", "woche", "month", "monat", "date", "datum"),
    keys=(CAMPAIGN_TYPE, CAMPAIGN),
    measures={
        Measure.SPEND: ("cost", "kosten"),
        Measure.IMPRESSIONS: ("impr.", "impressions", "impressionen"),
        Measure.CLICKS: ("clicks", "klicks"),
        Measure.CONVERSIONS: ("conversions",),
        Measure.VALUE: ("conv. value", "conversion value", "total conv. value", "conv.-wert", "conversion-wert"),
    },
    rules=lambda raw, keys: search_rules("Google", raw, keys),
    unmatched="Google other",
    currency=("currency code", "currency", "währungscode", "währung"),
    how="In Google Ads open Campaigns, choose Segment › Time › Day, then Download › .csv.",
)

MICROSOFT_ADS = Connector(
    platform="microsoft_ads",
    label="Microsoft Ads",
    needs=(
        CAMPAIGN,
        ("spend", "ausgaben"),
        (
            *("gregorian date", "gregoriandate", "time period", "timeperiod", "gregorianisches datum", "zeitraum"),
            *("weekstartdate", "week start date", "monthstartdate", "account name", "accountname", "kontoname"),
            *("account number", "accountnumber", "ad distribution", "network", "currency code"),
        ),
        ("impressions", "impr.", "impressionen"),
    ),
    date=(
        *("gregorian date", "gregoriandate", "gregorianisches datum", "time period", "timeperiod", "zeitraum"),
        *("day", "date", "tag", "datum", "week start date", "weekstartdate", "week", "monthstartdate", "month"),
    ),
    keys=(CAMPAIGN_TYPE, CAMPAIGN),
    measures={
        Measure.SPEND: ("spend", "ausgaben"),
        Measure.IMPRESSIONS: ("impressions", "impr.", "impressionen"),
        Measure.CLICKS: ("clicks", "klicks"),
        Measure.CONVERSIONS: ("conversions", "conv.", "all conversions", "konversionen"),
        Measure.VALUE: ("revenue", "all revenue", "umsatz"),
    },
    rules=_microsoft_rules,
    unmatched="Microsoft other",
    currency=("currency code", "currencycode", "currency", "währungscode", "währung"),
    how="In Microsoft Advertising open Reports, choose Campaign performance with “Show (unit of time): Day”, then "
    "Download as .csv.",
)
