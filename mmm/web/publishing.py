"""Which model answers for a data set: publishing one, and going back to the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Permission
from mmm.charts.numbers import long_date
from mmm.errors import MMMError
from mmm.models.averaged import AVERAGED
from mmm.models.registry import FAMILIES
from mmm.services.models import HealthStatus, champions_standing
from mmm.web.components import escape
from mmm.web.data_upload import notice
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.models import ModelInfo, Publication

_ASKED = "publishing_asked"  # what is being confirmed: ("publish" or "roll_back", model id)


def family_title(name: str) -> str:
    """A family's name for people, without what is in brackets."""
    if name == AVERAGED:
        return "Average of the models"
    return FAMILIES[name].title.split(" (")[0] if name in FAMILIES else name.replace("_", " ").capitalize()


def model_title(model: ModelInfo) -> str:
    """`Model 3 (Structural)`."""
    return f"Model {model.number} ({family_title(model.family)})"


def _within(model: ModelInfo) -> str:
    """The same inside a sentence, ready to be shown."""
    return escape(f"m{model_title(model)[1:]}")


def failed_checks(model: ModelInfo) -> list[str]:
    """Titles of the checks that failed."""
    return [str(check["title"]) for check in model.health.get("checks", []) if check.get("status") == "fail"]


def publish_actions(actor: Actor, model: ModelInfo, name: str, *, champion: ModelInfo | None) -> None:
    """Publish this model, roll back; each asks once more before anything changes.

    Args:
        actor: who acts.
        model: the model on show.
        name: of its data set.
        champion: the model published now, or None.
    """
    if not actor.may(Permission.PUBLISH):
        return
    earlier = _earlier(actor, model.dataset_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if model.is_champion:
            st.badge("Published", color="blue", icon=":material/verified:")
        elif st.button(f"Publish {_within(model)}", key=f"publish_{model.id}"):
            st.session_state[_ASKED] = ("publish", model.id)
        if champion is not None and earlier is not None:
            back = next((m for m in services().models.list(actor, model.dataset_id) if m.id == earlier), None)
            if back is not None and st.button(f"Roll back to {_within(back)}", key="roll_back"):
                st.session_state[_ASKED] = ("roll_back", model.dataset_id)
    asked = st.session_state.get(_ASKED)
    if asked == ("publish", model.id) and not model.is_champion:
        _confirm_publication(actor, model, name, champion)
    elif asked == ("roll_back", model.dataset_id) and earlier is not None:
        _confirm_roll_back(actor, model.dataset_id, name)


def _earlier(actor: Actor, dataset_id: str) -> str | None:
    standing = champions_standing(services().models.history(actor, dataset_id)[::-1])
    return standing[-2] if len(standing) > 1 else None


def _confirm_publication(actor: Actor, model: ModelInfo, name: str, champion: ModelInfo | None) -> None:
    failed = model.status is HealthStatus.FAIL
    against = services().models.needs_reason(actor, model.id)
    with st.container(border=True, width=640, key="confirm_publish"):
        instead = f" instead of {_within(champion)}" if champion is not None else ""
        st.markdown(
            f"**Publish {_within(model)} for “{escape(name)}”?** From then on every page and every "
            f"new plan answers with it{instead}. It can be rolled back."
        )
        if failed:
            st.error(escape(f"It failed: {', '.join(failed_checks(model)) or 'a health check'}."))
        elif against is not None:
            st.warning(escape(against))
        label = "Why publish it all the same? (kept in the audit record)" if against else "Reason (optional)"
        reason = st.text_area(label, max_chars=2000, height=80, key=f"publish_reason_{model.id}")
        _confirm(
            "Publish now",
            lambda: services().models.publish(actor, model.id, reason),
            f"{model_title(model)} answers for “{name}” from now on.",
        )


def _confirm_roll_back(actor: Actor, dataset_id: str, name: str) -> None:
    with st.container(border=True, width=640, key="confirm_roll_back"):
        st.markdown(f"**Go back to the model published before for “{escape(name)}”?** Nothing is removed.")
        reason = st.text_area("Reason (optional)", max_chars=2000, height=80, key=f"back_reason_{dataset_id}")
        _confirm(
            "Roll back now",
            lambda: services().models.roll_back(actor, dataset_id, reason),
            f"The model before answers for “{name}” again.",
        )


def _confirm(label: str, act: Callable[[], object], done: str) -> None:
    with st.container(horizontal=True):
        pressed = st.button(label, type="primary", key="confirm_now")
        if st.button("Leave it as it is", type="tertiary", key="confirm_leave"):
            st.session_state.pop(_ASKED, None)
            st.rerun()
    if not pressed:
        return
    try:
        act()
    except MMMError as refusal:
        st.error(escape(refusal))
        return
    st.session_state.pop(_ASKED, None)
    notice(done)
    st.rerun()


def publication_history(history: Sequence[Publication], models: Sequence[ModelInfo]) -> None:
    """Every change of the published model, newest first."""
    if not history:
        st.markdown("Nothing has been published yet.")
        return
    titles = {model.id: model_title(model) for model in models}
    rows = [
        {
            "When": long_date(item.at.date()) + item.at.strftime(", %H:%M UTC"),
            "What": "published" if item.kind == "publish" else "rolled back to",
            "Model": titles.get(item.model_version_id, "a model of another data set"),
            "By": item.by,
            "Reason": item.reason or "",
        }
        for item in history
    ]
    st.dataframe(rows, hide_index=True, height="content", key="publications", alt="Publications, newest first")
