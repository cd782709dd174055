"""What the company itself measures: visits by GA4, orders by Shopify."""

from __future__ import annotations

from mmm.data.sources.connectors.connector import Connector
from mmm.data.sources.source import Layout, Measure

GA4 = Connector(
    platform="ga4",
    label="GA4",
    needs=(
        ("sessions", "sitzungen"),
        (
            *("session default channel group", "session primary channel group (default channel group)"),
            *("session source / medium", "session source/medium", "session medium", "session source"),
            *("session campaign", "first user default channel group", "first user source / medium"),
            *("default channel group", "source / medium", "engaged sessions"),
            *("sitzung – standard-channelgruppe", "sitzung - standard-channelgruppe", "sitzung – quelle/medium"),
            *("sitzung – quelle / medium", "sitzungen mit interaktionen"),
        ),
    ),
    date=("date", "datum", "day", "tag", "week", "month"),
    measures={
        Measure.SESSIONS: ("sessions", "sitzungen"),
        Measure.CONVERSIONS: ("key events", "conversions", "schlüsselereignisse"),
        Measure.REVENUE: ("total revenue", "purchase revenue", "gesamtumsatz", "umsatz aus käufen"),
    },
    how="In GA4 open Explore, use the dimension Date beside the channel group (“Nth day” is not enough), then Export "
    "data › CSV.",
)

SHOPIFY_ORDERS = Connector(
    platform="shopify_orders",
    label="Shopify",
    layout=Layout.ORDERS,
    needs=(
        ("name",),
        ("financial status",),
        ("total",),
        ("created at", "paid at"),
        ("lineitem quantity", "lineitem name", "lineitem price"),
    ),
    date=("created at", "paid at"),
    measures={Measure.REVENUE: ("total",), Measure.UNITS: ("lineitem quantity",)},
    order_id=("name",),
    currency=("currency",),
    how="In Shopify open Orders › Export › Plain CSV file.",
)

SHOPIFY_SALES = Connector(
    platform="shopify_sales",
    label="Shopify",
    layout=Layout.TABLE,
    needs=(("day", "date", "week", "month"), ("gross sales",), ("net sales",), ("total sales",), ("orders",)),
    date=("day", "date", "week", "month"),
    measures={},
    how="In Shopify open Analytics › Reports › Sales over time, grouped by Day, then Export.",
)
