"""Contribution: what sales were made of, and what each channel's money earned."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.over_time import stacked_area
from mmm.charts.returns import return_bars, shares
from mmm.charts.sentences import contribution_title, return_finding, share_finding
from mmm.charts.waterfall import parts_of, waterfall
from mmm.web.components import download, draw, escape, metric_row
from mmm.web.contribution_view import ADDS_UP, ONE_OUT, channel_table, figures, left_out_words, told_apart
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.insight_view import finding_header, open_bench
from mmm.web.marks import marks_of

actor = guard(Permission.SEE_RESULTS)
bench = open_bench(actor)
results, dataset_id = bench.results, bench.dataset.id
parts = parts_of(results.decomposition)

finding_header(bench, contribution_title(parts, results.contributions))
told_apart(bench)
metric_row(figures(results, parts))

whole, weekly = st.tabs(["In total", f"By {bench.panel.labels.frequency.value}"])
with whole:
    draw(waterfall(results.decomposition), key="waterfall")
with weekly:
    draw(stacked_area(results.decomposition, marks=marks_of(actor, dataset_id)), key="area")
st.caption(f"{ADDS_UP} {left_out_words(parts, bench)}".strip())

left, right = st.columns(2, gap="large")
with left:
    st.subheader(escape(return_finding(results.roi)), anchor=False)
    draw(return_bars(results.roi), key="returns")
with right:
    st.subheader(escape(share_finding(results.roi)), anchor=False)
    draw(shares(results.roi), key="shares")
st.caption(ONE_OUT)

with st.expander("All numbers"):
    channel_table(results)
download(
    "Export as CSV",
    lambda now: services().questions.contribution_csv(now, dataset_id),
    file_name="contribution.csv",
    mime="text/csv",
    key="contribution_csv",
)
