"""Channels: one channel's response curve, how long its effect lasts, and two questions answered."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.lasting import lasting
from mmm.charts.response import response
from mmm.charts.sentences import channel_title
from mmm.charts.template import channel_colours
from mmm.web.channel_view import chosen_channel, curve_table, figures, plan_beside, questions_answered
from mmm.web.components import draw, metric_row
from mmm.web.grades_view import evidence_mark
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.insight_view import finding_header, open_bench

actor = guard(Permission.SEE_RESULTS)
bench = open_bench(actor)
labels = bench.panel.labels
header = st.container()
channel = chosen_channel(labels.channels)
index = labels.channel(channel)
found = services().questions.channel(actor, channel, bench.dataset.id)
colour = channel_colours(labels.channels)[channel]

with header:
    finding_header(bench, channel_title(channel, bench.results.roi, index))
metric_row(figures(bench.results.roi, index, found))
evidence_mark(bench.results.grades, channel)

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("What it brings at any level of spend", anchor=False)
    plan = plan_beside(bench, index, found.curve)
    draw(response(found.curve, labels.frequency, colour, plan=plan), key=f"curve_{index}")
    st.caption("The other channels stay at their average spend. Intervals hold 90 %.")
with right:
    st.subheader("How long its effect lasts", anchor=False)
    draw(lasting(found.carry_over, labels.frequency, colour), key=f"lasting_{index}")
questions_answered(found, labels.frequency)
with st.expander("All numbers"):
    curve_table(found.curve, labels.frequency)
