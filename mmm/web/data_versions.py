"""Every version of a data set: who, when, from which files, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from mmm.charts.numbers import long_date
from mmm.data.findings import counted
from mmm.web.components import escape
from mmm.web.data_compare import compare
from mmm.web.data_seen import findings_table
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.data.mapping import Mapping as ColumnMapping
    from mmm.data.sources.source import Recipe, Rule
    from mmm.services.datasets import DatasetInfo, DatasetVersionInfo
    from mmm.services.lineage import Lineage, Privacy, SourceFile

_HOW = {
    "new": "The first version.",
    "append": "Its {period}s were added to version {number}.",
    "replace": "It took the place of version {number}.",
}


def versions_tab(actor: Actor, dataset: DatasetInfo) -> None:
    """The versions, where one of them came from, and two of them side by side."""
    versions = services().datasets.versions(actor, dataset.id)
    versions_table(versions)
    by_id = {version.id: version for version in versions}
    chosen = st.selectbox(
        "Where a version came from",
        list(by_id),
        format_func=lambda key: version_name(by_id[key]),
        key=f"data_lineage_{dataset.latest.id}",
        width=400,
    )
    lineage_of(by_id[chosen], services().datasets.lineage(actor, chosen))
    if len(versions) > 1:
        compare(actor, versions)


def version_name(version: DatasetVersionInfo) -> str:
    """Version 3, 12 Nov 2026."""
    return f"Version {version.number}, {long_date(version.created_at.date())}"


def lineage_of(version: DatasetVersionInfo, lineage: Lineage) -> None:
    """Files with their hashes, what columns became, what was mended, what happened to personal data."""
    before = lineage.parent.number if lineage.parent is not None else 0
    how = _HOW[lineage.how].format(number=before, period=version.summary.get("frequency", "period"))
    changed = lineage.overlap_changes
    restated = f" {counted(changed, 'figure')} stored before came with another value." if changed else ""
    who = f"uploaded by {lineage.created_by} at {lineage.created_at:%H:%M} UTC"
    st.markdown(escape(f"{version_name(version)}, {who}. {how}{restated}"))
    _sources(lineage.sources)
    meanings, personal = st.columns(2, gap="large")
    with meanings:
        st.markdown("**What each column is**")
        _mapping(lineage.mapping, version.id)
        if lineage.recipe is not None:
            _rules(lineage.recipe, version.id)
    with personal:
        st.markdown("**What became of personal data**")
        _privacy(lineage.privacy, version.id)
        st.markdown("**What was mended**")
        findings_table(lineage.repairs, key=f"data_repairs_{version.id}", nothing="Nothing had to be mended.")


def versions_table(versions: Sequence[DatasetVersionInfo]) -> None:
    """Every version: who, when, from which file, what it holds."""
    rows = [
        {
            "Version": v.number,
            "Uploaded by": v.created_by,
            "Uploaded (UTC)": v.created_at,
            "File": v.source_name,
            "Periods": v.summary["periods"],
            "From": v.summary["first"],
            "To": v.summary["last"],
            "Markets": v.summary["markets"],
            "Channels": v.summary["channels"],
            "Findings": sum(v.summary["findings"].values()),
            "SHA-256": v.source_sha256,
        }
        for v in versions
    ]
    st.dataframe(
        pd.DataFrame(rows).astype({"From": "datetime64[s]", "To": "datetime64[s]"}),
        hide_index=True,
        height="content" if len(rows) <= 10 else 380,
        key="data_versions",
        alt=f"{counted(len(rows), 'version')} with who uploaded it, when and from which file",
        column_config={
            "Uploaded (UTC)": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC"),
            "From": st.column_config.DateColumn(format="D MMM YYYY"),
            "To": st.column_config.DateColumn(format="D MMM YYYY", help="First day of the last period"),
            "File": st.column_config.TextColumn(width=260),
            "SHA-256": st.column_config.TextColumn(width="small", help="Of the file; of several, of their hashes"),
        },
    )
    st.caption("A correction is a new version; nothing is ever overwritten.")


def _sources(sources: Sequence[SourceFile]) -> None:
    st.dataframe(
        [
            {
                "File": source.name + (f", sheet {source.sheet}" if source.sheet else ""),
                "Recognised as": (source.platform or "table").replace("_", " "),
                "Rows": source.rows,
                "Columns": len(source.columns),
                "Bytes": source.bytes,
                "SHA-256": source.sha256,
            }
            for source in sources
        ],
        hide_index=True,
        height="content",
        key="data_sources",
        alt=f"{counted(len(sources), 'file')} with size and SHA-256",
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Bytes": st.column_config.NumberColumn(format="localized"),
            "SHA-256": st.column_config.TextColumn(width=420),
        },
    )


def _mapping(mapping: ColumnMapping, version_id: str) -> None:
    st.dataframe(
        [{"Column": column, "Is": use} for column, use in mapping.used_columns],
        hide_index=True,
        height="content" if len(mapping.used_columns) <= 10 else 380,
        key=f"data_mapping_{version_id}",
        alt="Columns and what they were taken for",
    )


def _rules(recipe: Recipe, version_id: str) -> None:
    rows = [
        {
            "File": source.label or source.name,
            "Channel": rule.channel,
            "Where": _where(rule),
        }
        for source in recipe.sources
        for rule in source.rules
    ]
    if rows:
        st.markdown("**How rows became channels**")
        st.dataframe(
            rows,
            hide_index=True,
            height="content" if len(rows) <= 8 else 300,
            key=f"data_rules_{version_id}",
            alt=f"{counted(len(rows), 'rule')} that sent rows to channels",
        )


def _where(rule: Rule) -> str:
    if not rule.text and rule.how == "contains":
        return "every row"
    verb = "contains" if rule.how == "contains" else "matches the pattern"
    return f"{rule.column or 'the text'} {verb} “{rule.text}”"


def _privacy(privacy: Mapping[str, Privacy], version_id: str) -> None:
    told = [(column, tag) for column, tag in privacy.items() if tag.kind is not None or tag.fate != "kept"]
    if not told:
        st.markdown("No column looked personal, and none was left out.")
        return
    st.dataframe(
        [{"Column": column, "Looks like": tag.kind or "", "Was": tag.fate} for column, tag in told],
        hide_index=True,
        height="content" if len(told) <= 8 else 300,
        key=f"data_privacy_{version_id}",
        alt=f"{counted(len(told), 'column')} left out or made pseudonyms",
    )
