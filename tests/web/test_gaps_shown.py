"""Which figures of a data set are not learnt from is drawn beside the findings, and only where there are some."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from mmm.data.mapping import Mapping
from tests.fakes import a_panel


@pytest.mark.parametrize("has_gaps", [True, False])
def test_the_strip_of_gaps_stands_above_the_findings(installation, app_as, has_gaps):
    panel = a_panel(n=60)
    observed = panel.observed.copy()
    observed[:, 5:9] = not has_gaps
    installation.services.datasets.save(
        installation.actor("analyst"),
        name="Shop",
        raw_content=b"week,revenue",
        source_name="shop.csv",
        mapping=Mapping(date="week", kpi="revenue"),
        findings=(),
        panel=replace(panel, observed=observed),
        as_read=pd.DataFrame({"week": ["2023-01-02"]}),
    )
    app = app_as("analyst", "data")
    app.session_state["data_tabs"] = "Findings"
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == (2 if has_gaps else 1)
