"""The Data page before there is anything: what a table looks like, what else is read, and where a file goes in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Permission
from mmm.web.catalogue import ROOT
from mmm.web.components import download, page_header
from mmm.web.data_box import upload_box

if TYPE_CHECKING:
    from mmm.access.actor import Actor

SAMPLES = ROOT / "sample_data"
TEMPLATE = """week,revenue,search_spend,social_spend,tv_spend,promotion
2024-01-01,152300,8200,5400,12000,0
2024-01-08,149800,7900,5600,0,0
2024-01-15,158100,8800,5900,15000,1
"""

_EXAMPLE = """
| week | revenue | search_spend | tv_spend | promotion |
|---|--:|--:|--:|--:|
| 2024-01-01 | 152,300 | 8,200 | 12,000 | 0 |
| 2024-01-08 | 149,800 | 7,900 | 0 | 0 |
| 2024-01-15 | 158,100 | 8,800 | 15,000 | 1 |
"""

_ALSO = """
| What | How to get it |
|---|---|
| Google Ads | Campaigns → segment by **Day** → Download as CSV |
| Meta Ads | Ads Manager → Breakdown **By time: Day** → Export table data |
| TikTok, LinkedIn, Microsoft Ads | Campaign report with **one row a day** → Export |
| GA4 | Reports → Traffic acquisition, with **Date** as a dimension → Download CSV |
| Shopify | Orders → Export → **Orders as CSV**; each order is counted once |
| Warehouse | An `ad_reporting` table (Fivetran) with one row for each day and ad |
| Exchange rates | A table with a date, a currency and its rate, beside amounts in that currency |
| Your own sales | A table with the date and the sales, beside any of the above |
"""


def nothing_yet(actor: Actor) -> None:
    """The first visit: why it is empty, where files go in, and two files to look at."""
    page_header("There are no data yet.", [actor.workspace_name])
    if not actor.may(Permission.UPLOAD_DATA):
        st.markdown("An analyst or an engineer can upload them here.")
        return
    with st.container(width=760, gap="medium"):
        st.markdown(
            "Mixwright learns from what was sold and what was spent on each channel, week by week (or day, or month). "
            "Two years are a good start. **Nothing is stored before you have seen what was read.**"
        )
        upload_box(actor, None)
        examples()
        st.subheader("What a table looks like", anchor=False)
        st.markdown(_EXAMPLE)
        st.caption(
            "A row for each week, a column for what was sold, a column for each channel's spend, and whatever else "
            "moves sales. Column names are yours; any usual way to write dates and numbers is read."
        )
        st.subheader("What else is read", anchor=False)
        st.markdown(
            "Reports straight from the platforms, together with your sales: choose several files at once, and they "
            "are joined on the calendar."
        )
        st.markdown(_ALSO)


def examples() -> None:
    """An empty template and the sample as files."""
    with st.container(horizontal=True):
        download(
            "Template (CSV)",
            lambda _: TEMPLATE.encode(),
            file_name="mixwright-template.csv",
            mime="text/csv",
            key="data_template",
            permission=Permission.UPLOAD_DATA,
        )
        sample = sample_file()
        if sample is not None:
            download(
                "Sample data (CSV)",
                lambda _: sample.read_bytes(),
                file_name=sample.name,
                mime="text/csv",
                key="data_sample",
                permission=Permission.UPLOAD_DATA,
            )


def sample_file() -> Path | None:
    """The sample that comes with the program, if it is there."""
    return next(iter(sorted(SAMPLES.glob("*.csv"))), None)
