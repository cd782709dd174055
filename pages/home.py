"""Home: what changed, the next moves worth making, and what the model does not know."""

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.changes import changes
from mmm.charts.over_time import stacked_area
from mmm.charts.sentences import change_detail, change_title, moves_title
from mmm.web.components import draw, escape, metric_row
from mmm.web.guard import guard
from mmm.web.holder import services
from mmm.web.home_view import figures, kpi_word, move_cards
from mmm.web.insight_view import finding_header, open_bench
from mmm.web.marks import marks_of

actor = guard(Permission.SEE_RESULTS)
bench = open_bench(actor)
home = services().insight.home(actor, bench.dataset.id)

finding_header(bench, change_title(home.change, kpi_word(bench)))
metric_row(figures(bench, home))

st.subheader(moves_title(home.moves, home.horizon, bench.panel.labels.frequency), anchor=False)
move_cards(actor, bench, home)

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("What changed", anchor=False)
    if home.change is None:
        draw(stacked_area(bench.results.decomposition, marks=marks_of(actor, bench.dataset.id)), key="home_area")
    else:
        st.caption(escape(change_detail(home.change)))
        draw(changes(home.change), key="home_change")
with right:
    st.subheader("What the model does not know", anchor=False)
    for sentence in home.unknown:
        st.markdown(f"- {escape(sentence)}")
    if not home.unknown:
        st.markdown("Its checks passed, and every channel's return is settled either way.")
