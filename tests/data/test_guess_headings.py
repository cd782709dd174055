"""Headings as tools and people write them, and what each column is taken for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pytest

from mmm.data.guess import guess
from mmm.data.inputs import ControlRole
from mmm.data.read import read_table

FLAGS = frozenset({"Promo", "event_1", "event_2", "Feiertag", "promo", "holiday", "festivo", "feestdag"})
COUNTERS = frozenset({"row_id", "Unnamed: 0", "t", "#"})
N = 40  # rows

CONFOUNDER, PREDICTOR, MEDIATOR = ControlRole.CONFOUNDER, ControlRole.PREDICTOR, ControlRole.MEDIATOR


@dataclass(frozen=True)
class Meant:
    """What a list of headings means.

    Attributes:
        headings: separated by bars.
        channels: channel to its spend, or to its spend and exposure separated by a bar.
        controls: control to its role; every other column is not used.
    """

    headings: str
    date: str
    kpi: str
    channels: dict[str, str]
    controls: dict[str, ControlRole] = field(default_factory=dict)


MEANT = {
    "robyn": Meant(
        "DATE|revenue|tv_S|ooh_S|print_S|facebook_I|search_clicks_P|search_S|competitor_sales_B|facebook_S|events"
        "|newsletter",
        "DATE",
        "revenue",
        {
            "tv": "tv_S",
            "ooh": "ooh_S",
            "print": "print_S",
            "search": "search_S|search_clicks_P",
            "facebook": "facebook_S|facebook_I",
        },
        {"competitor_sales_B": CONFOUNDER, "events": CONFOUNDER, "newsletter": CONFOUNDER},
    ),
    "meridian": Meant(
        "time|Channel0_impression|Channel1_impression|competitor_activity_score_control|sentiment_score_control|Promo"
        "|conversions|revenue_per_conversion|Channel0_spend|Channel1_spend",
        "time",
        "conversions",
        {"Channel0": "Channel0_spend|Channel0_impression", "Channel1": "Channel1_spend|Channel1_impression"},
        {
            "competitor_activity_score_control": CONFOUNDER,
            "sentiment_score_control": CONFOUNDER,
            "Promo": CONFOUNDER,
        },
    ),
    "pymc": Meant(
        "date_week|y|x1|x2|event_1|event_2|dayofyear|t",
        "date_week",
        "y",
        {"x1": "x1", "x2": "x2"},
        {"event_1": CONFOUNDER, "event_2": CONFOUNDER},
    ),
    "lightweight": Meant("date|media_1|media_2|target", "date", "target", {"media_1": "media_1", "media_2": "media_2"}),
    "advertising": Meant(
        "Date|TV|Radio|Newspaper|Sales", "Date", "Sales", {"TV": "TV", "Radio": "Radio", "Newspaper": "Newspaper"}
    ),
    "a marketer's sheet": Meant(
        "Week|Net Revenue|Facebook_Cost|Facebook_Impr|Google Ads Cost|Google Ads Impressions|TV GRPs|TV Cost",
        "Week",
        "Net Revenue",
        {
            "Facebook": "Facebook_Cost|Facebook_Impr",
            "Google Ads": "Google Ads Cost|Google Ads Impressions",
            "TV": "TV Cost|TV GRPs",
        },
    ),
    "keyword first": Meant(
        "date|revenue|cost_google_ads|impressions_google_ads|cost_meta|impressions_meta|clicks_meta",
        "date",
        "revenue",
        {"google_ads": "cost_google_ads|impressions_google_ads", "meta": "cost_meta|impressions_meta"},
    ),
    "media before the keyword": Meant(
        "week|sales|media_spend_tv|media_spend_radio|media_impressions_tv|Media cost OOH",
        "week",
        "sales",
        {"tv": "media_spend_tv|media_impressions_tv", "radio": "media_spend_radio", "OOH": "Media cost OOH"},
    ),
    "social media is a name": Meant(
        "week|sales|social media spend|tv_spend",
        "week",
        "sales",
        {"social media": "social media spend", "tv": "tv_spend"},
    ),
    "short names": Meant(
        "date|conversions|gads_spend|gads_impr|fb_spend|fb_impr",
        "date",
        "conversions",
        {"gads": "gads_spend|gads_impr", "fb": "fb_spend|fb_impr"},
    ),
    "a dash between": Meant(
        "Week|Sales|Spend - TV|Spend - Online Video|Impressions - TV",
        "Week",
        "Sales",
        {"TV": "Spend - TV|Impressions - TV", "Online Video": "Spend - Online Video"},
    ),
    "currency behind": Meant(
        "Week|Revenue (EUR)|TV (EUR)|Radio (EUR)|Price",
        "Week",
        "Revenue (EUR)",
        {"TV": "TV (EUR)", "Radio": "Radio (EUR)"},
        {"Price": CONFOUNDER},
    ),
    "prefixes of media": Meant(
        "week|sales|mdsp_dm|mdsp_inst|mdip_dm|mdip_inst",
        "week",
        "sales",
        {"dm": "mdsp_dm|mdip_dm", "inst": "mdsp_inst|mdip_inst"},
    ),
    "bare names with exposure": Meant(
        "week|revenue|tv|tv_impressions|radio|radio_grps",
        "week",
        "revenue",
        {"tv": "tv|tv_impressions", "radio": "radio|radio_grps"},
    ),
    "German": Meant(
        "Woche|Umsatz|TV Ausgaben|Suche_Kosten|Suche_Klicks|Feiertag|Preis|Rabatt|Wettbewerber|Temperatur|Sitzungen",
        "Woche",
        "Umsatz",
        {"TV": "TV Ausgaben", "Suche": "Suche_Kosten|Suche_Klicks"},
        {
            "Feiertag": CONFOUNDER,
            "Preis": CONFOUNDER,
            "Rabatt": CONFOUNDER,
            "Wettbewerber": CONFOUNDER,
            "Temperatur": PREDICTOR,
            "Sitzungen": MEDIATOR,
        },
    ),
    "German plural": Meant(
        "Woche|TV Ausgaben|Plakat Kosten|Preis|Umsätze",
        "Woche",
        "Umsätze",
        {"TV": "TV Ausgaben", "Plakat": "Plakat Kosten"},
        {"Preis": CONFOUNDER},
    ),
    "German orders": Meant(
        "Monat|Werbekosten TV|Werbekosten Radio|Absatz",
        "Monat",
        "Absatz",
        {"TV": "Werbekosten TV", "Radio": "Werbekosten Radio"},
    ),
    "French": Meant(
        "semaine|chiffre d'affaires|dépenses TV|dépenses radio|Coût affichage|impressions TV|prix|météo",
        "semaine",
        "chiffre d'affaires",
        {"TV": "dépenses TV|impressions TV", "radio": "dépenses radio", "affichage": "Coût affichage"},
        {"prix": CONFOUNDER, "météo": PREDICTOR},
    ),
    "Spanish": Meant(
        "semana|precio|gasto_tv|gasto_radio|inversión digital|impresiones_tv|festivo|ventas",
        "semana",
        "ventas",
        {"tv": "gasto_tv|impresiones_tv", "radio": "gasto_radio", "digital": "inversión digital"},
        {"precio": CONFOUNDER, "festivo": CONFOUNDER},
    ),
    "Italian": Meant(
        "settimana|prezzo|spesa_tv|spesa_radio|fatturato",
        "settimana",
        "fatturato",
        {"tv": "spesa_tv", "radio": "spesa_radio"},
        {"prezzo": CONFOUNDER},
    ),
    "Dutch": Meant(
        "week|prijs|uitgaven_tv|kosten_radio|feestdag|omzet",
        "week",
        "omzet",
        {"tv": "uitgaven_tv", "radio": "kosten_radio"},
        {"prijs": CONFOUNDER, "feestdag": CONFOUNDER},
    ),
    "steps on the way to a sale": Meant(
        "week|sales|tv_spend|sessions|branded_queries|brand_search_volume|Site visits",
        "week",
        "sales",
        {"tv": "tv_spend"},
        {
            "sessions": MEDIATOR,
            "branded_queries": MEDIATOR,
            "brand_search_volume": MEDIATOR,
            "Site visits": MEDIATOR,
        },
    ),
    "what else moves sales": Meant(
        "week|sales|tv_spend|price|discount|promo|holiday|competitor_price|competitor_spend|temperature|CPI"
        "|unemployment|discount_rate",
        "week",
        "sales",
        {"tv": "tv_spend"},
        {
            "price": CONFOUNDER,
            "discount": CONFOUNDER,
            "promo": CONFOUNDER,
            "holiday": CONFOUNDER,
            "competitor_price": CONFOUNDER,
            "competitor_spend": CONFOUNDER,
            "temperature": PREDICTOR,
            "CPI": CONFOUNDER,
            "unemployment": CONFOUNDER,
            "discount_rate": CONFOUNDER,
        },
    ),
    "row numbers": Meant("Unnamed: 0|row_id|#|week|revenue|tv_spend", "week", "revenue", {"tv": "tv_spend"}),
    "a count of rows is no KPI": Meant("row_id|week|tv_spend|omega", "week", "omega", {"tv": "tv_spend"}),
}


def written(headings: list[str], dated: str) -> bytes:
    rng = np.random.default_rng(1)
    rows = ["\t".join(headings)]
    for i in range(N):
        cells = {
            name: f"{rng.integers(0, 2)}" if name in FLAGS else f"{rng.integers(1_000, 900_000) / 100:.2f}"
            for name in headings
        }
        cells |= {name: str(i + 1) for name in headings if name in COUNTERS}
        cells[dated] = (date(2022, 1, 3) + timedelta(7 * i)).isoformat()
        rows.append("\t".join(cells[name] for name in headings))
    return "\n".join(rows).encode()


@pytest.mark.parametrize("case", list(MEANT))
def test_every_column_is_taken_for_what_it_is(case):
    meant = MEANT[case]
    found = guess(read_table("a.tsv", written(meant.headings.split("|"), meant.date)))
    channels = {name: "|".join(filter(None, (used.spend, used.exposure))) for name, used in found.channels.items()}
    assert (found.date, found.kpi, channels, found.controls) == (meant.date, meant.kpi, meant.channels, meant.controls)


def test_the_value_of_one_conversion_is_told_from_the_kpi():
    meant = MEANT["meridian"]
    found = guess(read_table("a.tsv", written(meant.headings.split("|"), meant.date)))
    assert (found.kpi_kind, found.value_per_kpi) == ("units", "revenue_per_conversion")


def test_a_column_that_adds_up_all_spend_is_no_channel():
    rows = [f"{date(2022, 1, 3) + timedelta(7 * i)}\t{900 + 7 * i}\t{10 + i % 5}\t{20 + i % 7}" for i in range(N)]
    rows = [f"{row}\t{30 + i % 5 + i % 7}" for i, row in enumerate(rows)]
    found = guess(read_table("a.tsv", "\n".join(["week\tsales\ttv_spend\tradio_spend\tTotal spend", *rows]).encode()))
    assert list(found.channels) == ["tv", "radio"]
    assert found.controls == {}
