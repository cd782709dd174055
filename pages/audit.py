"""Audit: who did what, when, with which outcome; and whether the record is whole."""

import streamlit as st

from mmm.access.actor import Actor
from mmm.access.roles import Permission
from mmm.errors import MMMError
from mmm.web.audit_view import as_csv, headline, table, verdict_words, words
from mmm.web.components import download, escape, page_header
from mmm.web.guard import guard
from mmm.web.holder import services

STEP = 200  # events a press of "Older events" adds
LARGEST_FILE = 100_000  # events in one CSV

actor = guard(Permission.SEE_AUDIT)
audit = services().audit
limit = st.session_state.setdefault("audit_limit", STEP)
recent = audit.events(actor, limit=5 * STEP)

header = st.container()
with st.container(horizontal=True, vertical_alignment="bottom"):
    who = st.selectbox("Who", sorted({e.actor for e in recent if e.actor}), index=None, placeholder="Everybody")
    what = st.multiselect("What", sorted({e.action for e in recent}), format_func=words, placeholder="Everything")
    outcome = st.selectbox("Outcome", ["ok", "refused", "failed"], index=None, placeholder="Any")
wanted = {"by": who, "actions": what, "outcome": outcome}
events = audit.events(actor, limit=limit, **wanted)
with header:
    page_header(headline(events), [actor.workspace_name, "Times are UTC", "Newest first"])

st.dataframe(
    table(events),
    hide_index=True,
    height=440,
    alt=headline(events),
    column_config={
        "Number": st.column_config.NumberColumn(format="%d", width="small"),
        "Time (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", timezone="UTC"),
        "Details": st.column_config.TextColumn(width="large"),
    },
)


def csv_of_everything(now: Actor) -> bytes:
    """All events that match the filters, written down as an export first."""
    everything = audit.events(now, limit=LARGEST_FILE, **wanted)
    audit.record_export(now, "audit", None, format="csv", details={"rows": len(everything)})
    return as_csv(everything)


with st.container(horizontal=True):
    verify = st.button("Verify the record", type="primary", help="Walks every event and checks that none was changed.")
    download(
        "Export as CSV",
        csv_of_everything,
        file_name="mixwright-audit.csv",
        mime="text/csv",
        key="audit_csv",
        permission=Permission.SEE_AUDIT,
    )
    if len(events) == limit and st.button("Older events"):
        st.session_state["audit_limit"] += STEP
        st.rerun()
with st.expander("Compare with a note from an earlier check"):
    noted = st.text_input("Anchor noted earlier", help="Proves that no older copy of the database was put back.")
if verify:
    try:
        verdict = audit.verify(actor, anchor=noted.strip() or None)
    except MMMError as problem:
        st.error(escape(problem))
    else:
        (st.success if verdict.ok else st.error)(escape(verdict_words(verdict)))
        st.caption("Anchor of this check; note it outside this machine:")
        st.code(verdict.anchor, language=None)
