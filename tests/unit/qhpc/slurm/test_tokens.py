"""Slurm's tokens: who is named by good ones, and why others prove nothing."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import digest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhpc.slurm.tokens import LEEWAY_S, TokenError, user_of_token

KEY = bytes(range(32))
NOW_S = 1_800_000_000.0
CLAIMS = {"sun": "ada", "iat": NOW_S - 10, "exp": NOW_S + 100}


def encoded(value):
    return urlsafe_b64encode(json.dumps(value).encode() if isinstance(value, dict) else value).rstrip(b"=")


def token(claims=CLAIMS, header=None, key=KEY):
    signed = encoded(header or {"alg": "HS256", "typ": "JWT"}) + b"." + encoded(claims)
    return signed + b"." + encoded(digest(key, signed, sha256))


def why(given, now_s=NOW_S):
    with pytest.raises(TokenError) as caught:
        user_of_token(given, KEY, now_s)
    return str(caught.value)


def test_a_good_token_names_its_user():
    assert user_of_token(token(), KEY, NOW_S) == "ada"


def test_the_mac_is_of_the_bytes_and_not_of_what_they_mean():
    header = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"  # as Slurm writes it: without spaces
    assert token().split(b".")[0] != header
    signed = header + b"." + encoded(CLAIMS)
    assert user_of_token(signed + b"." + encoded(digest(KEY, signed, sha256)), KEY, NOW_S) == "ada"


def test_a_token_of_another_key():
    assert "not signed with this cluster's key" in why(token(key=b"other"))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS512", "RS256", "", None, 7])
def test_other_algorithms_are_refused_before_anything_else_is_looked_at(algorithm):
    assert "expected 'HS256'" in why(token(header={"alg": algorithm}))


def test_none_without_a_signature():
    signed = encoded({"alg": "none"}) + b"." + encoded(CLAIMS) + b"."
    assert "expected 'HS256'" in why(signed)


def test_what_must_be_understood_and_is_not_is_refused():
    assert "expected 'HS256'" in why(token(header={"alg": "HS256", "crit": ["b64"], "b64": False}))


def test_an_expired_token():
    assert why(token(), NOW_S + 130) == "the token expired 30 s ago; get a new one with 'scontrol token'"
    assert "expired 0 s ago" in why(token(), NOW_S + 100)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_the_future(claim):
    assert user_of_token(token({**CLAIMS, claim: NOW_S + LEEWAY_S}), KEY, NOW_S) == "ada"
    assert "check that the clocks agree" in why(token({**CLAIMS, claim: NOW_S + LEEWAY_S + 1}))


@pytest.mark.parametrize("value", [None, True, "1e99", -1, [], float("inf"), float("nan"), 1 << 60])
def test_a_token_without_an_end(value):
    assert "malformed" in (text := why(token({**CLAIMS, "exp": value}))) or "time 'exp'" in text


@pytest.mark.parametrize("user", [None, "", 0, ["root"], {"root": 1}])
def test_a_token_that_names_nobody(user):
    assert "names no user" in why(token({**CLAIMS, "sun": user}))


@pytest.mark.parametrize(
    "given", [b"", b".", b"..", b"...", b"a.b.c", b"\xff.\xff.\xff", b"x" * 10_000, encoded(b"[1]") + b".e30.e30"]
)
def test_what_is_no_token(given):
    assert "malformed" in why(given)


@given(st.binary(max_size=200))
def test_nonsense_is_refused_and_breaks_nothing(given):
    why(given)


@given(st.integers(0, len(token()) - 1), st.integers(1, 127))
def test_a_changed_token_is_refused(place, change):
    good = token()
    changed = good[:place] + bytes([good[place] ^ change]) + good[place + 1 :]
    try:
        user_of_token(changed, KEY, NOW_S)
    except TokenError:
        return
    assert changed.rpartition(b".")[0] == good.rpartition(b".")[0]  # only the unused bits of the MAC's last letter
    assert place == len(good) - 1


def test_no_message_holds_the_token():
    good = token()
    for part in good.split(b"."):
        assert part.decode() not in why(good[:-4] + b"AAAA")
