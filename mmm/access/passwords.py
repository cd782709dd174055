"""Passwords: argon2id hashes, rules, and one-time passwords."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 12  # characters; between the 8 that ASVS 5.0 6.2.1 demands and the 15 it recommends
MAX_LENGTH = 256  # characters; one sign-in attempt must not hash megabytes
ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # 31 signs nobody confuses when reading aloud
ONE_TIME_GROUPS = 5  # groups of four: 20 signs * log2(31) = 99 bits

COMMON = frozenset(
    """
    123456789012 1234567890123 12345678901234 000000000000 111111111111 123123123123 121212121212 112233445566
    012345678910 123456123456 987654321098 qwertyuiop12 qwertyuiop123 qwertyuiop[] qwerty123456 qwertyqwerty
    1q2w3e4r5t6y 1qaz2wsx3edc zaq12wsxcde3 asdfghjkl123 asdfghjkl;'# qazwsxedcrfv passwordpassword password1234
    password12345 password123456 passw0rd1234 p@ssw0rd1234 p@ssword1234 password123! iloveyou1234 iloveyouforever
    administrator administrator1 admin1234567 adminadminadmin letmeinplease letmein12345 welcome12345 welcome123456
    welcomewelcome changeme1234 changemeplease abcdefghijkl abcdefghijklm abcdefghijklmnop abc123abc123 abcd1234abcd
    correcthorsebatterystaple monkeymonkey dragondragon footballfootball sunshine1234 princess1234 trustno1trustno1
    mixwright1234 mixwrightmixwright marketing1234 marketingmix1 summer202400 companyname1 secretsecret secret123456
    """.split()  # noqa: SIM905 - a list of words reads as words
)
"""Guesses of at least twelve characters that lead every list of leaked passwords."""


class Passwords:
    """Hashes and checks passwords with one set of argon2id parameters.

    A class because the dummy hash, against which unknown users are checked so that they cost the same time, must be
    made with the same parameters as the real ones.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()  # RFC 9106, low memory: 3 passes, 64 MiB, 4 lanes

    @cached_property
    def _dummy(self) -> str:
        return self.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """The argon2id hash of a password, with its salt and parameters."""
        return self._hasher.hash(_bytes(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """True when `password` is the one behind `stored`; None (no such user) costs the same and is False."""
        dummy = self._dummy  # made on the first check of anybody, so that it betrays nobody
        if len(password) > MAX_LENGTH:
            password = ""
        try:
            self._hasher.verify(dummy if stored is None else stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """True when `stored` was made with other parameters and should be hashed again."""
        return self._hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    """What is hashed: one form for letters that keyboards compose differently, and no text that cannot be encoded."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def password_problems(password: str, username: str) -> list[str]:
    """Why a new password cannot be taken, in words for the person choosing it; empty when it can."""
    found = []
    folded = password.strip().casefold()
    if len(password) < MIN_LENGTH:
        found.append(f"The password has {len(password)} characters; it needs at least {MIN_LENGTH}.")
    if len(password) > MAX_LENGTH:
        found.append(f"The password is longer than {MAX_LENGTH} characters.")
    if username.casefold() in folded and len(folded) < len(username) + MIN_LENGTH:
        found.append("The password is little more than the user name; choose another.")
    if folded in COMMON or len(set(folded)) < 4:
        found.append("This password is among the first that anyone would guess; choose another.")
    return found


def one_time_password() -> str:
    """A random password that reads well aloud, such as `k7mq-…`; 99 bits."""
    groups = ("".join(secrets.choice(ONE_TIME_ALPHABET) for _ in range(4)) for _ in range(ONE_TIME_GROUPS))
    return "-".join(groups)
