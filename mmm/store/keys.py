"""Envelope encryption: a master key in a file wraps one data key a workspace; data keys seal rows."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.errors import IntegrityError
from mmm.store.master import KEY_BYTES, NONCE_BYTES, Keyring, MasterKey
from mmm.store.tables import AuditHeadRow, Base, DataKeyRow, new_id

MAGIC = b"MWS1"  # format of sealed bytes: magic, data key id (16), nonce (12), ciphertext with tag
KEY_ID_AT, KEY_ID_BYTES = len(MAGIC), 16
_HEAD = KEY_ID_AT + KEY_ID_BYTES
ROWS = "rows"  # purpose of the keys that seal rows
PSEUDONYMS = "pseudonyms"  # purpose of the key behind ids that stand for people; never replaced
PSEUDONYM_DIGITS = 24  # 96 bits: among a hundred million ids two are alike once in ten trillion installations


def place(table: type[Base], row_id: str, column: str) -> str:
    """Where sealed bytes belong: `place(PlanRow, row.id, "payload")` is the column `payload_sealed` of that row."""
    return f"{table.__tablename__}/{row_id}/{column}"


class Vault:
    """Seals and opens a row's bytes with the data key of its workspace, inside one unit of work.

    The place (table, row, column) is authenticated too, so that sealed bytes cannot be moved to another row.
    """

    def __init__(self, session: Session, keyring: Keyring, known: dict[str, bytes]) -> None:
        self._session = session
        self._keyring = keyring
        self._known = known

    def create_key(self, workspace_id: str) -> None:
        """Give a workspace a (new) data key; rows sealed before stay readable with theirs."""
        self._create(workspace_id, ROWS)

    def row_keys(self, workspace_id: str) -> list[DataKeyRow]:
        """The keys of a workspace that seal rows, newest first; several while a rotation is under way."""
        keys = select(DataKeyRow).where(DataKeyRow.workspace_id == workspace_id, DataKeyRow.purpose == ROWS)
        return list(self._session.scalars(keys.order_by(DataKeyRow.created_at.desc())))

    def reseal(self, workspace_id: str, where: str, sealed: bytes) -> bytes:
        """The same data sealed with the newest key."""
        return self.seal(workspace_id, where, self.open(workspace_id, where, sealed))

    def forget(self, row: DataKeyRow) -> None:
        """Remove a data key; whatever it sealed is lost."""
        self._known.pop(row.id, None)
        self._session.delete(row)
        self._session.flush()

    def pseudonyms(self, workspace_id: str, texts: Sequence[str]) -> list[str]:
        """For each text an id that stands for it in this workspace and tells nothing about it.

        The same text gets the same id in every file and every year (the key is never replaced), so ids stay joinable;
        without the key nobody can find a text by trying. Texts are compared as people mean them: composed (NFC) and
        without space around; capitals do not matter in an e-mail address and do in everything else, where "a1" and "A1"
        are different customers. A blank text stays blank: it is nobody.

        The first call in a workspace makes its key, so the unit of work must be one that may write, and must commit.
        """
        key = self._data_key(self._newest(workspace_id, PSEUDONYMS) or self._create(workspace_id, PSEUDONYMS))
        known = {text: _pseudonym(key, text) for text in set(texts)}
        return [known[text] for text in texts]

    def seal(self, workspace_id: str, where: str, data: bytes) -> bytes:
        """`data` encrypted for one place, as `place` names it."""
        row = self._newest(workspace_id, ROWS)
        if row is None:
            raise IntegrityError(f"Workspace {workspace_id} has no data key; restore the database from a backup.")
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._data_key(row)).encrypt(nonce, data, f"{workspace_id}/{where}".encode())
        return MAGIC + bytes.fromhex(row.id) + nonce + sealed

    def open(self, workspace_id: str, where: str, sealed: bytes) -> bytes:
        """What `seal` was given.

        Raises:
            IntegrityError: wrong master key, changed bytes, or bytes sealed for another place.
        """
        if sealed[: len(MAGIC)] != MAGIC:
            raise IntegrityError(f"The stored bytes of {where} are not in a known format.")
        row = self._session.get(DataKeyRow, sealed[KEY_ID_AT:_HEAD].hex())
        if row is None or row.workspace_id != workspace_id or row.purpose != ROWS:
            raise IntegrityError(f"The data key of {where} is missing from this workspace.")
        nonce, body = sealed[_HEAD : _HEAD + NONCE_BYTES], sealed[_HEAD + NONCE_BYTES :]
        try:
            return AESGCM(self._data_key(row)).decrypt(nonce, body, f"{workspace_id}/{where}".encode())
        except InvalidTag as error:
            raise IntegrityError(
                f"The stored bytes of {where} were changed or belong elsewhere; restore them from a backup."
            ) from error

    def _newest(self, workspace_id: str, purpose: str) -> DataKeyRow | None:
        keys = select(DataKeyRow).where(DataKeyRow.workspace_id == workspace_id, DataKeyRow.purpose == purpose)
        return self._session.scalars(keys.order_by(DataKeyRow.created_at.desc()).limit(1)).first()

    def _create(self, workspace_id: str, purpose: str) -> DataKeyRow:
        key_id, now = new_id(), datetime.now(UTC)
        newest = self._newest(workspace_id, purpose)
        if newest is not None:  # a clock that was put back must not make the older key the newest
            now = max(now, newest.created_at + timedelta(microseconds=1))
        master = ruling_key(self._session, self._keyring)
        row = DataKeyRow(
            id=key_id,
            workspace_id=workspace_id,
            created_at=now,
            purpose=purpose,
        )
        wrap(row, secrets.token_bytes(KEY_BYTES), master)
        self._session.add(row)
        self._session.flush()
        return row

    def _data_key(self, row: DataKeyRow) -> bytes:
        if row.id not in self._known:
            self._known[row.id] = unwrapped(row, self._keyring)
        return self._known[row.id]


def has_secrets(session: Session) -> bool:
    """True when the database holds anything that needs its master key."""
    return any(session.scalars(select(table).limit(1)).first() for table in (DataKeyRow, AuditHeadRow))


def check_master_keys(session: Session, keyring: Keyring) -> None:
    """Refuse keys that cannot open this database.

    Raises:
        IntegrityError: a data key was wrapped by another master key, or its row was changed.
    """
    for row in session.scalars(select(DataKeyRow)):
        unwrapped(row, keyring)


def ruling_key(session: Session, keyring: Keyring) -> MasterKey:
    """The master key that the database is under: it wraps every data key and signs the head of the audit chain.

    It is looked up in the transaction at hand, so that a reader who began before a rotation goes on with the key of
    what it sees.

    Raises:
        IntegrityError: it is not in the key file.
    """
    named = session.scalars(select(DataKeyRow.master_key_id).limit(1)).first()
    return keyring.newest if named is None else keyring.key(named)


def unwrapped(row: DataKeyRow, keyring: Keyring) -> bytes:
    """The key of a data key's row.

    Raises:
        IntegrityError: no master key opens it, or its bytes were changed.
    """
    return keyring.key(row.master_key_id).unwrap(row.wrapped, _bound_to(row))


def wrap(row: DataKeyRow, data_key: bytes, master: MasterKey) -> None:
    """Put a data key in its row, wrapped by `master`."""
    row.master_key_id, row.wrapped = master.id, master.wrap(data_key, _bound_to(row))


def _bound_to(row: DataKeyRow) -> str:
    """Where a wrapped data key belongs; keys that seal rows are older than the word for what they are for."""
    return f"data_key/{row.id}/{row.workspace_id}" + ("" if row.purpose == ROWS else f"/{row.purpose}")


def _pseudonym(key: bytes, text: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    if not plain:
        return ""
    if "@" in plain:
        plain = plain.casefold()
    return "id_" + hmac.digest(key, plain.encode("utf-8", "surrogatepass"), "sha256").hex()[:PSEUDONYM_DIGITS]
