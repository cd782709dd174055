"""Envelope encryption: a master key in a file wraps one data key a workspace; data keys seal rows."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.errors import IntegrityError
from mmm.store.tables import AuditHeadRow, Base, DataKeyRow, new_id

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # the length GCM is specified for
MAGIC = b"MWS1"  # format of sealed bytes: magic, data key id (16), nonce (12), ciphertext with tag
_HEAD = len(MAGIC) + 16
ROWS = "rows"  # purpose of the keys that seal rows
PSEUDONYMS = "pseudonyms"  # purpose of the key behind ids that stand for people; never replaced
PSEUDONYM_DIGITS = 24  # 96 bits: among a hundred million ids two are alike once in ten trillion installations


def place(table: type[Base], row_id: str, column: str) -> str:
    """Where sealed bytes belong: `place(PlanRow, row.id, "payload")` is the column `payload_sealed` of that row."""
    return f"{table.__tablename__}/{row_id}/{column}"


class MasterKey:
    """The one secret of an installation. Wraps data keys and signs the head of the audit chain."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise IntegrityError(f"The master key has {len(secret)} bytes; it must have {KEY_BYTES}.")
        self._wrap = AESGCM(_derive(secret, b"mixwright wrap data keys"))
        self._sign = _derive(secret, b"mixwright sign audit head")
        self.id = _derive(secret, b"mixwright master key id")[:8].hex()

    def wrap(self, data_key: bytes, associated: str) -> bytes:
        """`data_key` encrypted, bound to `associated`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, data_key, associated.encode())

    def unwrap(self, wrapped: bytes, associated: str) -> bytes:
        """The data key behind `wrapped`.

        Raises:
            IntegrityError: another master key wrapped it, or the bytes were changed.
        """
        try:
            return self._wrap.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], associated.encode())
        except InvalidTag as error:
            raise IntegrityError(_WRONG_KEY) from error

    def sign(self, message: str) -> str:
        """Keyed SHA-256 of `message`, hexadecimal."""
        return hmac.new(self._sign, message.encode(), hashlib.sha256).hexdigest()

    def signed(self, message: str, signature: str) -> bool:
        """True when `signature` was made for `message` with this key."""
        return hmac.compare_digest(self.sign(message), signature)


class Vault:
    """Seals and opens a row's bytes with the data key of its workspace, inside one unit of work.

    The place (table, row, column) is authenticated too, so that sealed bytes cannot be moved to another row.
    """

    def __init__(self, session: Session, master: MasterKey, unwrapped: dict[str, bytes]) -> None:
        self._session = session
        self._master = master
        self._unwrapped = unwrapped

    def create_key(self, workspace_id: str) -> None:
        """Give a workspace a (new) data key; rows sealed before stay readable with theirs."""
        self._create(workspace_id, ROWS)

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
        row = self._session.get(DataKeyRow, sealed[len(MAGIC) : _HEAD].hex())
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
        row = DataKeyRow(
            id=key_id,
            workspace_id=workspace_id,
            master_key_id=self._master.id,
            wrapped=self._master.wrap(secrets.token_bytes(KEY_BYTES), f"data_key/{key_id}/{workspace_id}"),
            created_at=now,
            purpose=purpose,
        )
        self._session.add(row)
        self._session.flush()
        return row

    def _data_key(self, row: DataKeyRow) -> bytes:
        if row.id not in self._unwrapped:
            self._unwrapped[row.id] = self._master.unwrap(row.wrapped, f"data_key/{row.id}/{row.workspace_id}")
        return self._unwrapped[row.id]


def read_master_key(path: Path) -> MasterKey | None:
    """The master key in `path`, or None when there is no such file.

    Raises:
        IntegrityError: others may read the file, or it does not hold 32 bytes.
    """
    try:
        mode = path.stat().st_mode
        secret = path.read_bytes()
    except FileNotFoundError:
        return None
    if mode & 0o077:
        raise IntegrityError(f"Others than its owner may read {path}; close it with: chmod 600 {path}")
    return MasterKey(secret)


def create_master_key(path: Path) -> MasterKey:
    """Make a fresh key file (0600) in a private directory (0700) and return its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return MasterKey(secret)


def has_secrets(session: Session) -> bool:
    """True when the database holds anything that needs its master key."""
    return any(session.scalars(select(table).limit(1)).first() for table in (DataKeyRow, AuditHeadRow))


def check_master_key(session: Session, master: MasterKey) -> None:
    """Refuse a key that cannot open this database.

    Raises:
        IntegrityError: a data key was wrapped by another master key.
    """
    for row in session.scalars(select(DataKeyRow)):
        if row.master_key_id != master.id:
            raise IntegrityError(_WRONG_KEY)
        master.unwrap(row.wrapped, f"data_key/{row.id}/{row.workspace_id}")


_WRONG_KEY = (
    "The master key does not fit this database: it was sealed with another one. "
    "Put back the key file that was there when the database was written."
)


def _pseudonym(key: bytes, text: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    if not plain:
        return ""
    if "@" in plain:
        plain = plain.casefold()
    return "id_" + hmac.digest(key, plain.encode("utf-8", "surrogatepass"), "sha256").hex()[:PSEUDONYM_DIGITS]


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=purpose).derive(secret)
