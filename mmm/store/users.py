"""Workspaces, people, memberships, sessions and tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from mmm.access import SYSTEM_ID, Actor, Role, system_actor
from mmm.store.tables import MembershipRow, SessionRow, TicketRow, UserRow, WorkspaceRow
from mmm.store.text import storable


@dataclass(frozen=True)
class SessionFacts:
    """Everything about a session that deciding whether it still lives takes."""

    session: SessionRow
    user: UserRow
    roles: frozenset[Role]
    workspace_name: str


class Users:
    """People and what they are in which workspace."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_workspace(self, name: str, now: datetime) -> WorkspaceRow:
        """A new workspace; it still needs a data key."""
        row = WorkspaceRow(name=name, created_at=now)
        self._session.add(row)
        self._session.flush()
        return row

    def workspaces(self) -> list[WorkspaceRow]:
        """All workspaces, oldest first."""
        return list(self._session.scalars(select(WorkspaceRow).order_by(WorkspaceRow.created_at)))

    def add(self, user: UserRow, workspace_id: str, roles: frozenset[Role]) -> UserRow:
        """A new person with roles in one workspace."""
        self._session.add(user)
        self._session.flush()
        self._session.add(MembershipRow(user_id=user.id, workspace_id=workspace_id, roles=_stored(roles)))
        self._session.flush()
        return user

    def by_username(self, username: str) -> UserRow | None:
        """The person with this sign-in name; upper and lower case are the same."""
        return self._session.scalars(
            select(UserRow).where(func.lower(UserRow.username) == storable(username).lower())
        ).first()

    def in_workspace(self, workspace_id: str) -> list[tuple[UserRow, frozenset[Role]]]:
        """Everybody in a workspace with their roles, by sign-in name."""
        rows = self._session.execute(
            select(UserRow, MembershipRow.roles)
            .join(MembershipRow, MembershipRow.user_id == UserRow.id)
            .where(MembershipRow.workspace_id == workspace_id)
            .order_by(UserRow.username)
        )
        return [(user, _read(roles)) for user, roles in rows]

    def member(self, workspace_id: str, user_id: str) -> tuple[UserRow, MembershipRow] | None:
        """One person of a workspace with the membership row."""
        found = self._session.execute(
            select(UserRow, MembershipRow)
            .join(MembershipRow, MembershipRow.user_id == UserRow.id)
            .where(MembershipRow.workspace_id == workspace_id, UserRow.id == user_id)
        ).first()
        return None if found is None else (found[0], found[1])

    def actor(self, workspace_id: str, user_id: str) -> Actor:
        """Somebody as an actor without a session: for work done in their name after they clicked."""
        found = self.member(workspace_id, user_id)
        workspace = self._session.get(WorkspaceRow, workspace_id)
        name = workspace.name if workspace else ""
        if found is None:
            return system_actor(workspace_id, name, frozenset())
        user, membership = found
        return Actor(user.id, user.username, user.display_name, workspace_id, name, _read(membership.roles))

    def first_workspace_of(self, user_id: str) -> str | None:
        """The workspace a person signs in to."""
        return self._session.scalars(
            select(MembershipRow.workspace_id)
            .join(WorkspaceRow, WorkspaceRow.id == MembershipRow.workspace_id)
            .where(MembershipRow.user_id == user_id)
            .order_by(WorkspaceRow.created_at)
            .limit(1)
        ).first()

    def set_roles(self, membership: MembershipRow, roles: frozenset[Role]) -> None:
        """Replace the roles of a membership."""
        membership.roles = _stored(roles)
        self._session.flush()

    def display_names(self, workspace_id: str) -> dict[str, str]:
        """User id to display name, the system's own included."""
        rows = self._session.execute(
            select(UserRow.id, UserRow.display_name)
            .join(MembershipRow, MembershipRow.user_id == UserRow.id)
            .where(MembershipRow.workspace_id == workspace_id)
        )
        return {SYSTEM_ID: "System"} | {row.id: row.display_name for row in rows}


class Sessions:
    """Signed-in browsers and the tickets that open them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_ticket(self, ticket: TicketRow, now: datetime) -> None:
        """Keep a ticket until it is used or runs out; those that ran out are removed."""
        self._session.execute(delete(TicketRow).where(TicketRow.expires_at < now))
        self._session.add(ticket)
        self._session.flush()

    def take_ticket(self, token_hash: str) -> TicketRow | None:
        """The ticket, removed: nobody can take it twice."""
        ticket = self._session.get(TicketRow, token_hash)
        if ticket is not None:
            self._session.delete(ticket)
            self._session.flush()
        return ticket

    def add(self, row: SessionRow) -> SessionRow:
        """A new signed-in session."""
        self._session.add(row)
        self._session.flush()
        return row

    def by_token(self, token_hash: str) -> SessionFacts | None:
        """The session behind a token with its person, roles and workspace; one query."""
        found = self._session.execute(
            select(SessionRow, UserRow, MembershipRow.roles, WorkspaceRow.name)
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .join(
                MembershipRow,
                (MembershipRow.user_id == UserRow.id) & (MembershipRow.workspace_id == SessionRow.workspace_id),
            )
            .join(WorkspaceRow, WorkspaceRow.id == SessionRow.workspace_id)
            .where(SessionRow.token_hash == token_hash)
        ).first()
        if found is None:
            return None
        return SessionFacts(session=found[0], user=found[1], roles=_read(found[2]), workspace_name=found[3])

    def touch(self, session_id: str, now: datetime) -> None:
        """Note that the session was used."""
        self._session.execute(update(SessionRow).where(SessionRow.id == session_id).values(last_seen_at=now))

    def end(self, session_id: str, now: datetime) -> bool:
        """End one session; False when it had ended already."""
        ended = self._session.scalars(
            update(SessionRow)
            .where(SessionRow.id == session_id, SessionRow.ended_at.is_(None))
            .values(ended_at=now)
            .returning(SessionRow.id)
        ).all()
        return bool(ended)

    def end_all_of(self, user_id: str, now: datetime, *, but: str = "") -> int:
        """End every live session of a person (but one) and say how many there were."""
        ended = self._session.scalars(
            update(SessionRow)
            .where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None), SessionRow.id != but)
            .values(ended_at=now)
            .returning(SessionRow.id)
        ).all()
        return len(ended)


def _stored(roles: frozenset[Role]) -> list[str]:
    return sorted(role.value for role in roles)


def _read(roles: list[str]) -> frozenset[Role]:
    known = {role.value for role in Role}
    return frozenset(Role(role) for role in roles if role in known)
