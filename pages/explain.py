"""Explain: where each channel's value comes from (SHAP), partial dependence, and two channels together."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.explain import dependence, split_bars, tree_bars
from mmm.charts.fit import fit_and_forecast
from mmm.charts.template import channel_colours
from mmm.charts.together import together
from mmm.web.channel_view import chosen_channel
from mmm.web.components import draw, escape
from mmm.web.explain_view import METHOD, chosen_pair, fit_words, split_words, units_word
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.insight_view import finding_header, open_bench
from mmm.web.marks import marks_of

actor = guard(Permission.SEE_RESULTS)
bench = open_bench(actor)
labels, dataset_id, questions = bench.panel.labels, bench.dataset.id, services().questions
header = st.container()

with st.spinner("Asking the model about every channel of the latest year…", show_time=True):
    explanation = questions.explanation(actor, dataset_id)
split = split_bars(explanation)
with header:
    finding_header(bench, split.alt, split_words(explanation))

by_channel, by_spend, pair, fit = st.tabs(
    ["Where value comes from", "Partial dependence", "Two channels together", "Fit and forecast"], on_change="rerun"
)
if by_channel.open:
    with by_channel:
        draw(split, key="split")
        st.caption(METHOD)
        if explanation.trees is not None:
            st.subheader("What the trees changed in the structural base", anchor=False)
            draw(tree_bars(explanation.trees, units_word(bench), labels.channels), key="trees")
if by_spend.open:
    with by_spend:
        channel = chosen_channel(labels.channels)
        found = questions.dependence(actor, channel, dataset_id)
        draw(dependence(found, labels.frequency, channel_colours(labels.channels)[channel]), key="dependence")
        st.caption("Mean sales over history if the channel's spend had been multiplied throughout (Friedman 2001).")
if pair.open:
    with pair:
        chosen = chosen_pair(labels.channels)
        if chosen is None:
            st.markdown("It takes two channels to look at them together.")
        else:
            grid = together(questions.together(actor, *chosen, dataset_id), labels.frequency)
            st.markdown(escape(grid.alt))
            draw(grid, key="together")
if fit.open:
    with fit:
        draw(
            fit_and_forecast(
                bench.results.fitted,
                bench.results.hold_out,
                units_word(bench),
                labels.frequency,
                marks=marks_of(actor, dataset_id),
            ),
            key="fit",
        )
        st.caption(fit_words(bench))
