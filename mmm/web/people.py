"""The parts of the People page: the list, adding somebody, changing somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from mmm.access.roles import Role
from mmm.errors import MMMError
from mmm.web.components import escape
from mmm.web.holder import services

if TYPE_CHECKING:
    from mmm.access.actor import Actor
    from mmm.services.users import Invitation, UserInfo

_INVITATION, _DONE, _PROBLEM = "_people_invitation", "_people_done", "_people_problem"

WHAT_ROLES_DO = {
    Role.EXECUTIVE: "sees results, approves plans",
    Role.MANAGER: "sees results, makes plans",
    Role.ANALYST: "uploads data, trains and publishes models, makes plans",
    Role.ENGINEER: "uploads data",
    Role.AUDITOR: "reads and verifies the audit record",
    Role.ADMIN: "manages people and keys, makes backups, reads the audit record, cancels jobs; sees no results",
}


def headline(people: Sequence[UserInfo]) -> str:
    """How many may come in, and who has not used the invitation yet."""
    active = [person for person in people if person.active]
    waiting = sum(person.must_change_password for person in active)
    who = "One person" if len(active) == 1 else f"{len(active)} people"
    if not waiting:
        return f"{who} can sign in to this workspace."
    still = "one of them has" if waiting == 1 else f"{waiting} of them have"
    return f"{who} can sign in to this workspace; {still} not chosen a password yet."


def state_of(person: UserInfo) -> str:
    """One phrase for the list."""
    if not person.active:
        return "shut out"
    if person.locked_until is not None:
        return f"locked until {person.locked_until:%H:%M} UTC after too many wrong passwords"
    return "one-time password not used yet" if person.must_change_password else "active"


def show_last_result() -> None:
    """What the last press did: the one-time password (this once), a confirmation, or why it was refused."""
    invitation: Invitation | None = st.session_state.pop(_INVITATION, None)
    done, problem = st.session_state.pop(_DONE, None), st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(escape(problem))
    if done:
        st.success(escape(done))
    if invitation is not None:
        with st.container(border=True, width=560, key="invitation"):
            st.markdown(
                f"One-time password for **{escape(invitation.user.username)}**. It is shown only now: pass it on by a "
                "channel you trust. It must be replaced at the first sign-in."
            )
            st.code(invitation.one_time_password, language=None)


def people_table(people: Sequence[UserInfo]) -> None:
    """Everybody, by sign-in name."""
    rows = [
        {
            "User name": person.username,
            "Name": person.display_name,
            "Roles": ", ".join(sorted(role.value for role in person.roles)),
            "State": state_of(person),
        }
        for person in people
    ]
    st.dataframe(rows, hide_index=True, height="content", alt="People of this workspace with their roles and state")


def add_form(actor: Actor) -> None:
    """A new person with a one-time password."""
    st.subheader("Add a person", anchor=False)
    with st.form("add_person", clear_on_submit=True):
        username = st.text_input("User name", help="What they sign in with: small letters, digits, dots, dashes, @.")
        name = st.text_input("Name", help="How others see them.")
        roles = _role_picker("Roles", key="add_roles", chosen=())
        if st.form_submit_button("Add and show the password", type="primary"):
            _invite(lambda: services().users.create(actor, username=username, display_name=name, roles=roles))


def change_form(actor: Actor, people: Sequence[UserInfo]) -> None:
    """Roles, a new one-time password, shutting out and letting in again."""
    st.subheader("Change a person", anchor=False)
    with st.container(border=True):
        by_id = {person.id: person for person in people}
        chosen = st.selectbox("Person", list(by_id), format_func=lambda key: by_id[key].username, key="change_person")
        person = by_id[chosen]
        held = tuple(sorted(person.roles))
        # The key holds the roles too: a changed person starts with what is true now.
        roles = _role_picker("Roles of this person", key=f"roles_{person.id}_{'_'.join(held)}", chosen=held)
        with st.container(horizontal=True):
            if st.button("Save roles", key="save_roles", disabled=set(roles) == set(held)):
                _do(
                    lambda: services().users.set_roles(actor, person.id, roles),
                    f"{person.username} now has: {', '.join(roles)}.",
                )
            if st.button("New one-time password", key="reset_password"):
                _invite(lambda: services().users.reset_password(actor, person.id))
            _activity_button(actor, person)


def _activity_button(actor: Actor, person: UserInfo) -> None:
    if person.active:
        if st.button("Shut out", key="deactivate", help="Ends their sessions at once; what they made stays."):
            _do(
                lambda: services().users.deactivate(actor, person.id),
                f"{person.username} can no longer sign in, and every open session has ended.",
            )
    elif st.button("Let in again", key="activate"):
        _do(lambda: services().users.activate(actor, person.id), f"{person.username} can sign in again.")


def _role_picker(label: str, *, key: str, chosen: Sequence[Role]) -> list[Role]:
    return st.multiselect(
        label,
        list(Role),
        default=list(chosen),
        format_func=lambda role: f"{role.value}: {WHAT_ROLES_DO[role]}",
        key=key,
        placeholder="Choose at least one",
    )


def _invite(action: Callable[[], Invitation]) -> None:
    try:
        st.session_state[_INVITATION] = action()
    except MMMError as refusal:
        st.session_state[_PROBLEM] = str(refusal)
    st.rerun()


def _do(action: Callable[[], object], done: str) -> None:
    try:
        action()
        st.session_state[_DONE] = done
    except MMMError as refusal:
        st.session_state[_PROBLEM] = str(refusal)
    st.rerun()
