"""Signing in and out: credentials, tickets, sessions, own password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mmm.access import Actor, Permission
from mmm.access.passwords import password_problems
from mmm.access.tokens import new_token, token_hash
from mmm.errors import ConflictError, NotAllowedError
from mmm.services.base import Service, open_to_all, requires
from mmm.store.audit import REFUSED
from mmm.store.tables import SessionRow, TicketRow, UserRow
from mmm.store.unit_of_work import UnitOfWork
from mmm.store.users import SessionFacts

TICKET_S = 30  # seconds; the browser redeems it within one
TOUCH_S = 60  # seconds; last_seen is written at most this often (four times per idle limit when that is short)
MAX_FAILURES = 5  # wrong passwords in a row before an account is locked (ASVS 6.3.1)
LOCK_S = 15 * 60  # seconds for the first lock; doubles with every further round
MAX_LOCK_S = 4 * 3600  # seconds; a stranger must not shut somebody out for days

REFUSAL = "The name or the password is wrong, or the account is locked for a while after too many attempts."


@dataclass(frozen=True)
class SignInVerdict:
    """Whether a name and password were accepted; true in a condition when they were.

    The message is the same for a wrong name, a wrong password and a locked account: a stranger learns nothing from it.
    """

    accepted: bool
    message: str = ""

    def __bool__(self) -> bool:
        return self.accepted


class Accounts(Service):
    """Who somebody is, from password to session and back out."""

    @open_to_all("signing in is how one becomes somebody")
    def check_credentials(self, username: str, password: str) -> SignInVerdict:
        """Check a password; after five wrong ones in a row the account is locked for a while.

        The hash is computed outside any transaction, for unknown and locked people too, so that time tells nothing.
        """
        with self._work(read_only=True) as uow:
            user = uow.users.by_username(username)
        good = self._kit.passwords.verify(password, user.password_hash if user else None)
        with self._work() as uow:
            now = self._now()
            found = uow.users.by_username(username)
            if found is not None and user is not None and found.password_hash != user.password_hash:
                good = False  # the password was changed while this one was being checked
            why_not = _why_not(found, good=good, now=now)
            if found is not None:
                self._count(found, why_not, password, now)
            workspace = uow.users.first_workspace_of(found.id) if found else None
            uow.audit.record(
                _at_the_door(found, workspace),
                "sign_in",
                "user",
                found.id if found else None,
                outcome="ok" if why_not is None else REFUSED,
                details={} if why_not is None else {"why": why_not},
                at=now,
            )
            uow.commit()
        return SignInVerdict(True) if why_not is None else SignInVerdict(False, REFUSAL)

    @open_to_all("called by the sign-in form after a good password")
    def issue_ticket(self, username: str) -> str:
        """A single-use ticket for somebody whose password was just accepted; it lives 30 seconds.

        Raises:
            NotAllowedError: nobody active has this name.
        """
        with self._work() as uow:
            now = self._now()
            user = uow.users.by_username(username)
            if user is None or not user.active or _locked(user, now):
                raise NotAllowedError(REFUSAL)
            ticket = new_token()
            row = TicketRow(
                token_hash=token_hash(ticket),
                user_id=user.id,
                token_version=user.token_version,
                expires_at=now + timedelta(seconds=TICKET_S),
            )
            uow.sessions.add_ticket(row, now)
            uow.commit()
        return ticket

    @open_to_all("the ticket is the proof")
    def redeem_ticket(self, ticket: str) -> str:
        """Open a session and return its token, for an HttpOnly cookie and nowhere else.

        Raises:
            NotAllowedError: the ticket is unknown, used, too old, or the account changed meanwhile.
        """
        with self._work() as uow:
            now = self._now()
            row = uow.sessions.take_ticket(token_hash(ticket))
            user = uow.session.get(UserRow, row.user_id) if row is not None else None
            workspace = uow.users.first_workspace_of(user.id) if user else None
            if row is None or user is None or workspace is None or not _good_ticket(row, user, now):
                uow.commit()
                raise NotAllowedError("This sign-in took too long or was used already; please sign in again.")
            token = new_token()
            session = uow.sessions.add(
                SessionRow(
                    token_hash=token_hash(token),
                    user_id=user.id,
                    workspace_id=workspace,
                    token_version=user.token_version,
                    created_at=now,
                    last_seen_at=now,
                )
            )
            uow.audit.record(_at_the_door(user, workspace, session.id), "open_session", "session", session.id, at=now)
            uow.commit()
        return token

    @open_to_all("the token is the proof")
    def actor_for(self, token: str, *, extend: bool = True) -> Actor | None:
        """The person behind a session token, or None when the session is over; one query.

        A session ends by signing out, when idle too long, after its absolute life, and when the person is deactivated
        or their password changes.

        Args:
            token: what `redeem_ticket` returned.
            extend: count this as use of the session; pollers and background requests say False.
        """
        hashed = token_hash(token)
        now = self._now()
        with self._work(read_only=True) as uow:
            facts = uow.sessions.by_token(hashed)
        if facts is None or not self._alive(facts, now):
            return None
        touch_after = timedelta(seconds=min(TOUCH_S, self._kit.settings.session_idle_s / 4))
        if extend and now - facts.session.last_seen_at >= touch_after:
            with self._work() as uow:
                uow.sessions.touch(facts.session.id, now)
                uow.commit()
        return Actor(
            user_id=facts.user.id,
            username=facts.user.username,
            display_name=facts.user.display_name,
            workspace_id=facts.session.workspace_id,
            workspace_name=facts.workspace_name,
            roles=facts.roles,
            session_id=facts.session.id,
            must_change_password=facts.user.must_change_password,
        )

    @open_to_all("signing out always works")
    def sign_out(self, actor: Actor) -> None:
        """End the actor's session, in every tab that shares it."""
        with self._work() as uow:
            now = self._now()
            if uow.sessions.end(actor.session_id, now):
                uow.audit.record(actor, "sign_out", "session", actor.session_id, at=now)
            uow.commit()

    @requires(Permission.CHANGE_OWN_PASSWORD)
    def change_password(self, actor: Actor, old: str, new: str) -> None:
        """Replace the actor's own password and end all their other sessions; this one goes on.

        Raises:
            NotAllowedError: the old password is wrong, or the account is locked after too many wrong ones.
            ConflictError: the new password breaks a rule; the message names every one.
        """
        with self._work(read_only=True) as uow:
            user = uow.session.get(UserRow, actor.user_id)
        stored = user.password_hash if user else None
        good = self._kit.passwords.verify(old, stored)
        problems = password_problems(new, actor.username) + (["The new password is the old one."] if new == old else [])
        hashed = self._kit.passwords.hash(new) if good and not problems else ""
        with self._work() as uow:
            now = self._now()
            user = uow.session.get(UserRow, actor.user_id)
            why_not = _why_not(user, good=good and user is not None and user.password_hash == stored, now=now)
            if user is None or why_not is not None:
                if user is not None:
                    self._count(user, why_not, old, now)
                details = {"why": why_not or "unknown"}
                uow.audit.record(
                    actor, "change_password", "user", actor.user_id, outcome=REFUSED, details=details, at=now
                )
                uow.commit()
                raise NotAllowedError("The present password is wrong, or was tried too often; the new one was not set.")
            if problems:
                raise ConflictError(" ".join(problems))
            self._set_own(uow, actor, user, hashed, now)
            uow.commit()

    def _set_own(self, uow: UnitOfWork, actor: Actor, user: UserRow, hashed: str, now: datetime) -> None:
        user.password_hash = hashed
        user.must_change_password = False
        user.token_version += 1
        own = uow.session.get(SessionRow, actor.session_id)
        if own is not None:
            own.token_version = user.token_version
        ended = uow.sessions.end_all_of(user.id, now, but=actor.session_id)
        uow.audit.record(actor, "change_password", "user", user.id, details={"sessions_ended": ended}, at=now)

    def _count(self, user: UserRow, why_not: str | None, password: str, now: datetime) -> None:
        if why_not is None:
            user.failed_attempts, user.locked_until = 0, None
            if self._kit.passwords.outdated(user.password_hash):
                user.password_hash = self._kit.passwords.hash(password)
        elif why_not == "wrong password":
            user.failed_attempts += 1
            rounds, rest = divmod(user.failed_attempts, MAX_FAILURES)
            if rest == 0:
                user.locked_until = now + timedelta(seconds=min(LOCK_S * 2 ** min(rounds - 1, 10), MAX_LOCK_S))

    def _alive(self, facts: SessionFacts, now: datetime) -> bool:
        settings, row = self._kit.settings, facts.session
        return (
            row.ended_at is None
            and facts.user.active
            and facts.user.token_version == row.token_version
            and now - row.last_seen_at < timedelta(seconds=settings.session_idle_s)
            and now - row.created_at < timedelta(seconds=settings.session_absolute_s)
        )


def _why_not(user: UserRow | None, *, good: bool, now: datetime) -> str | None:
    if user is None:
        return "unknown name"
    if _locked(user, now):
        return "locked"
    if not good:
        return "wrong password"
    return None if user.active else "deactivated"


def _locked(user: UserRow, now: datetime) -> bool:
    return user.locked_until is not None and now < user.locked_until


def _good_ticket(ticket: TicketRow, user: UserRow, now: datetime) -> bool:
    return user.active and now < ticket.expires_at and ticket.token_version == user.token_version


def _at_the_door(user: UserRow | None, workspace_id: str | None, session_id: str = "") -> Actor | None:
    """Who is named in the audit table before there is a session; nobody when the name is unknown.

    The name typed for an unknown person is not kept: people type passwords into the wrong field.
    """
    if user is None or workspace_id is None:
        return None
    return Actor(
        user_id=user.id,
        username=user.username,
        display_name=user.display_name,
        workspace_id=workspace_id,
        workspace_name="",
        roles=frozenset(),
        session_id=session_id,
    )
