"""Saving, naming and submitting the plan on the sliders."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mmm.access import Actor, Permission
from mmm.errors import MMMError, NotAllowedError
from mmm.services.planning import Outlook
from mmm.services.plans import PlanInfo, PlanStatus
from mmm.services.scenarios import scenario_of, to_payload
from mmm.web.components import escape
from mmm.web.holder import services
from mmm.web.identity import current_actor
from mmm.web.scenario_state import PLAN_NAME, Draft, draft_of, keep_as, read_sliders

STATUS_WORDS = {
    PlanStatus.DRAFT: "draft",
    PlanStatus.SUBMITTED: "waits for approval",
    PlanStatus.APPROVED: "approved",
    PlanStatus.REJECTED: "sent back",
}
_SAID = "plan_said"  # (succeeded, sentence) of the last action, shown once


def plan_bar(actor: Actor, outlook: Outlook, draft: Draft) -> None:
    """Name, save, submit: below the sliders, where the eye ends; nothing for those who may not plan."""
    if not actor.may(Permission.MAKE_PLANS):
        return
    if PLAN_NAME not in st.session_state:
        st.session_state[PLAN_NAME] = draft.name
    st.text_input("Name of the plan", key=PLAN_NAME, max_chars=200, placeholder="Spring: more search")
    with st.container(horizontal=True, gap="small", key="plan_bar"):
        st.button("Save plan", type="primary", key="plan_save", on_click=_save, args=(outlook, False))
        if draft.plan_id is not None:
            st.button("Save as a new plan", key="plan_copy", on_click=_save, args=(outlook, True))
        st.button(
            "Submit for approval",
            key="plan_submit",
            on_click=_submit,
            args=(outlook,),
            help="Saves the plan, shows it to everybody here and asks an executive for approval.",
        )
    say_what_happened()


def say_what_happened() -> None:
    """The outcome of the last action, once."""
    said = st.session_state.pop(_SAID, None)
    if said is not None:
        (st.success if said[0] else st.error)(escape(said[1]))


def act(sentence: str, action: Callable[[Actor], object]) -> bool:
    """Run `action` for the person acting; keep `sentence`, or what stood in the way, for `say_what_happened`."""
    try:
        actor = current_actor()
        if actor is None:
            raise NotAllowedError("You are signed out; sign in again.")
        action(actor)
    except MMMError as problem:
        st.session_state[_SAID] = (False, str(problem))
        return False
    st.session_state[_SAID] = (True, sentence)
    return True


def _typed_name() -> str:
    return " ".join(str(st.session_state.get(PLAN_NAME, "")).split())


def _save(outlook: Outlook, as_new: bool) -> None:
    name = _typed_name()
    act(f"“{name}” is saved.", lambda actor: _store(actor, outlook, name, as_new=as_new))


def _submit(outlook: Outlook) -> None:
    name = _typed_name()

    def store_and_submit(actor: Actor) -> None:
        info = _store(actor, outlook, name)
        services().plans.submit(actor, info.id, version=info.version)
        draft = draft_of(outlook)
        draft.plan_id, draft.version = None, None  # what is changed from here on is another plan

    act(f"“{name}” is submitted; an executive can approve it now.", store_and_submit)


def _store(actor: Actor, outlook: Outlook, name: str, *, as_new: bool = False) -> PlanInfo:
    """Save the plan as the sliders stand at this moment."""
    draft = draft_of(outlook)
    read_sliders(draft)
    spend = draft.spend(outlook)
    outcome = services().planning.evaluate(actor, outlook.model.id, spend)
    info = services().plans.save(
        actor,
        name=name,
        model_version_id=outlook.model.id,
        payload=to_payload(scenario_of(outcome)),
        plan_id=None if as_new else draft.plan_id,
        version=None if as_new else draft.version,
    )
    draft.plan_id, draft.version, draft.name = info.id, info.version, info.name
    keep_as(draft, spend)
    return info
