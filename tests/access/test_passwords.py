import math
import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from mmm.access.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    ONE_TIME_ALPHABET,
    Passwords,
    one_time_password,
    password_problems,
)
from mmm.access.tokens import new_token, token_hash

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class TestHashing:
    def test_the_right_password_is_accepted_and_another_is_not(self):
        stored = CHEAP.hash("a fine long phrase")
        assert CHEAP.verify("a fine long phrase", stored)
        assert not CHEAP.verify("a fine long phrasE", stored)

    def test_stored_hashes_are_argon2id_with_their_own_salt(self):
        first, second = CHEAP.hash("same"), CHEAP.hash("same")
        assert first.startswith("$argon2id$")
        assert first != second

    def test_nobody_has_a_password(self):
        assert not CHEAP.verify("anything", None)

    def test_a_damaged_hash_refuses_everybody(self):
        assert not CHEAP.verify("anything", "$argon2id$broken")

    def test_a_megabyte_is_refused_without_hashing_it(self):
        assert not CHEAP.verify("x" * (MAX_LENGTH + 1), CHEAP.hash("x" * (MAX_LENGTH + 1)))

    def test_letters_composed_differently_by_keyboards_are_the_same(self):
        stored = CHEAP.hash(unicodedata.normalize("NFC", "crème brûlée à la carte"))
        assert CHEAP.verify(unicodedata.normalize("NFD", "crème brûlée à la carte"), stored)

    def test_hashes_made_with_other_parameters_are_outdated(self):
        stored = CHEAP.hash("a fine long phrase")
        assert not CHEAP.outdated(stored)
        assert Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).outdated(stored)

    @given(st.text(max_size=40))
    def test_any_text_can_be_a_password(self, text):
        assert CHEAP.verify(text, CHEAP.hash(text))


class TestRules:
    @pytest.mark.parametrize("good", ["correct horse battery", "ein langer Satz über nichts", "xK9!mmPq7zLw"])
    def test_a_long_phrase_is_taken_whatever_it_is_made_of(self, good):
        assert password_problems(good, "ann") == []

    @pytest.mark.parametrize(
        ("username", "bad", "word"),
        [
            ("ann", "short", str(MIN_LENGTH)),
            ("ann", "x" * (MAX_LENGTH + 1), str(MAX_LENGTH)),
            ("ann", "aaaaaaaaaaaab", "guess"),
            ("ann", "Password1234", "guess"),
            ("ann.marketing", "ann.marketing1", "user name"),
        ],
    )
    def test_a_refusal_says_what_is_wrong(self, username, bad, word):
        assert word in " ".join(password_problems(bad, username))

    def test_a_phrase_may_contain_the_user_name(self):
        assert password_problems("ann has two lovely grey cats", "ann") == []


class TestOneTimePasswords:
    def test_they_carry_at_least_eighty_bits_and_pass_the_rules(self):
        password = one_time_password()
        signs = password.replace("-", "")
        assert len(signs) * math.log2(len(set(ONE_TIME_ALPHABET))) >= 80
        assert set(signs) <= set(ONE_TIME_ALPHABET)
        assert password_problems(password, "ann") == []

    def test_they_differ(self):
        assert len({one_time_password() for _ in range(200)}) == 200


class TestTokens:
    def test_tokens_differ_and_their_hash_does_not_contain_them(self):
        token = new_token()
        assert token != new_token()
        assert len(token) >= 43
        assert token not in token_hash(token)
        assert token_hash(token) == token_hash(token)
