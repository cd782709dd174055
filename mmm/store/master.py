"""The master keys of an installation and the file they lie in, newest first."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from mmm.errors import IntegrityError

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # the length GCM is specified for
_WRONG_KEY = (
    "The master key does not fit this database: it was sealed with another one. "
    "Put back the key file that was there when the database was written."
)


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


class Keyring:
    """The master keys a process knows, newest first.

    Several lie in the file while a rotation is under way and for as long as older backups are to be read. A server that
    meets a key it does not know reads the file again: somebody rotated the master key meanwhile.
    """

    def __init__(self, keys: Sequence[MasterKey], path: Path | None = None) -> None:
        self._keys = tuple(keys)
        self._path = path

    @property
    def newest(self) -> MasterKey:
        """The key that everything is, or is about to be, wrapped with."""
        return self._keys[0]

    def key(self, key_id: str) -> MasterKey:
        """The key of this name.

        Raises:
            IntegrityError: neither this process nor the key file knows it.
        """
        if key_id not in {key.id for key in self._keys} and self._path is not None:
            self._keys = _together(_read(self._path), self._keys)
        for key in self._keys:
            if key.id == key_id:
                return key
        raise IntegrityError(_WRONG_KEY)

    def add(self) -> MasterKey:
        """Put a fresh key before those in the file and return it; the writer's lock must be held.

        Whoever else adds one must wait until the database is under this one, or one of the two would be lost.
        """
        secret = secrets.token_bytes(KEY_BYTES)
        if self._path is not None:
            _replace(self._path, secret + _bytes_of(self._path))
        self._keys = _together((MasterKey(secret),), self._keys)
        return self.newest

    def forget_older(self) -> int:
        """Keep only the newest key, in the file too, and say how many went; the writer's lock must be held.

        Raises:
            IntegrityError: the newest key in the file is not the one known here.
        """
        here = 0
        if self._path is not None:
            stored = _bytes_of(self._path)
            if MasterKey(stored[:KEY_BYTES]).id != self.newest.id:
                raise IntegrityError(f"{self._path} was changed meanwhile; nothing was removed from it. Try again.")
            here = len(stored) // KEY_BYTES - 1
            _replace(self._path, stored[:KEY_BYTES])
        self._keys = self._keys[:1]
        return here


def read_keyring(path: Path) -> Keyring | None:
    """The master keys in `path`, or None when there is no such file.

    Raises:
        IntegrityError: others may read the file, or it does not hold keys of 32 bytes.
    """
    keys = _read(path)
    return Keyring(keys, path) if keys else None


def create_keyring(path: Path) -> Keyring:
    """Make a fresh key file (0600) in a private directory (0700) and return its key.

    Raises:
        FileExistsError: there is one.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_bytes(KEY_BYTES)
    fresh = _beside(path, secret)
    try:
        os.link(fresh, path)  # the whole key or none, and never over another one
    finally:
        fresh.unlink()
    _sync(path.parent)  # before anything is sealed with it
    return Keyring((MasterKey(secret),), path)


def _read(path: Path) -> tuple[MasterKey, ...]:
    """The keys in the file; none when there is no file."""
    try:
        stored = _bytes_of(path)
    except FileNotFoundError:
        return ()
    return tuple(MasterKey(stored[at : at + KEY_BYTES]) for at in range(0, len(stored), KEY_BYTES))


def _bytes_of(path: Path) -> bytes:
    mode, stored = path.stat().st_mode, path.read_bytes()
    if mode & 0o077:
        raise IntegrityError(f"Others than its owner may read {path}; close it with: chmod 600 {path}")
    if not stored or len(stored) % KEY_BYTES:
        raise IntegrityError(
            f"{path} has {len(stored)} bytes; it must hold one or more master keys of {KEY_BYTES}. "
            "Put the key file back from where you keep it."
        )
    return stored


def _replace(path: Path, content: bytes) -> None:
    """The old file or the new one, whatever happens; the writer's lock must be held."""
    _beside(path, content).replace(path)
    _sync(path.parent)


def _beside(path: Path, content: bytes) -> Path:
    """A private file next to `path`, on the disk before it gets its name.

    Always the same one, so that keys which a killed process left in it are gone with the next that is written.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _sync(directory: Path) -> None:
    """Make a new name in a directory survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _together(first: Sequence[MasterKey], then: Sequence[MasterKey]) -> tuple[MasterKey, ...]:
    known = {key.id for key in first}
    return (*first, *(key for key in then if key.id not in known))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=purpose).derive(secret)
