"""Random tokens; the store keeps their SHA-256 and never the token itself."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32  # 256 bits: guessing is hopeless, so a plain hash is enough to store


def new_token() -> str:
    """A fresh URL-safe token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is stored and looked up in place of `token`."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
