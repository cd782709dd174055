"""Every export that is recognised, the most particular headings first."""

from __future__ import annotations

from mmm.data.sources.connectors.connector import Connector
from mmm.data.sources.connectors.search import GOOGLE_ADS, MICROSOFT_ADS
from mmm.data.sources.connectors.site import GA4, SHOPIFY_ORDERS, SHOPIFY_SALES
from mmm.data.sources.connectors.social import LINKEDIN_ADS, META_ADS, TIKTOK_ADS
from mmm.data.sources.connectors.warehouse import FIVETRAN
from mmm.data.sources.headings import Headings

CONNECTORS: tuple[Connector, ...] = (
    SHOPIFY_ORDERS,
    SHOPIFY_SALES,
    FIVETRAN,
    META_ADS,
    LINKEDIN_ADS,
    GA4,
    TIKTOK_ADS,
    GOOGLE_ADS,
    MICROSOFT_ADS,
)


def connector_for(headings: Headings) -> Connector | None:
    """The export that these headings belong to, or None."""
    return next((connector for connector in CONNECTORS if connector.fits(headings)), None)


def connector_named(platform: str | None) -> Connector | None:
    """The export with that stable name, or None."""
    return next((connector for connector in CONNECTORS if connector.platform == platform), None)
