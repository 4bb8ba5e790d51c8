"""Logging in, tokens, users."""

import logging
from dataclasses import replace

import pytest

from qhpc.access.identity import Identity, PasswordHasher
from qhpc.access.identity.secret_texts import SECRET_PREFIX
from qhpc.access.service.problems import AccessProblem
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import Account
from tests.unit.qhpc.access.identity.conftest import PASSWORD


def logged_in(identity, name="ada", now_s=10.0, password=PASSWORD, address="10.0.0.1"):
    return identity.log_in(name, password, address, "laptop", now_s)


def caller_of(identity, name="ada", now_s=10.0):
    return identity.authenticate(logged_in(identity, name, now_s).secret, now_s)


def refused(code, call, *args):
    with pytest.raises(AccessProblem) as caught:
        call(*args)
    assert caught.value.code == code
    return caught.value


# Logging in


def test_a_password_gives_a_token_for_twelve_hours(identity):
    made = logged_in(identity)
    assert (made.token.label, made.token.expires_s, made.token.owner) == ("laptop", 10.0 + 12 * 3600, "ada")
    caller = identity.authenticate(made.secret, 11.0)
    assert (caller.name, caller.scopes, caller.is_operator) == ("ada", ("user", "operator"), True)
    assert identity.authenticate(made.secret, 10.0 + 12 * 3600 - 0.1) == caller
    assert identity.authenticate(made.secret, 10.0 + 12 * 3600) is None


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong horse"), ("nobody", PASSWORD), ("Ada", PASSWORD), ("../ada", PASSWORD), ("ada", ""), ("a\0", "x")],
)
def test_what_was_wrong_is_not_said(identity, name, password):
    problem = refused("not-authenticated", logged_in, identity, name, 0.0, password)
    assert problem.detail == "the user name or the password is wrong"


def test_disabled_users_and_those_without_password_cannot_log_in(identity, store):
    identity.add_user(Account(name="robot"), None, 0.0)
    identity.change_user(replace(identity.runner.run(store.account("bob")), is_active=False))
    for name in ("robot", "bob"):
        refused("not-authenticated", logged_in, identity, name)


def test_for_unknown_users_a_password_is_hashed_as_well(identity, monkeypatch):
    checked = []
    right = PasswordHasher._check
    monkeypatch.setattr(PasswordHasher, "_check", lambda *args: checked.append(args[1:]) or right(*args))
    for name in ("nobody", "../ada"):
        refused("not-authenticated", logged_in, identity, name)
    assert checked == [(None, PASSWORD)] * 2


def test_failed_log_ins_make_the_next_ones_wait(identity):
    for _ in range(5):
        refused("not-authenticated", logged_in, identity, "ada", 0.0, "wrong")
    assert refused("too-many-attempts", logged_in, identity, "ada", 0.25).retry_after_s == 0.75
    assert logged_in(identity, now_s=1.0).token.owner == "ada"


def test_many_log_ins_at_once_count_before_they_fail(identity):
    attempts = [identity.store.log_in("ada", "wrong", "10.0.0.1", None, 0.0) for _ in range(30)]
    codes = [problem.code for problem in identity.together(*attempts)]
    assert codes.count("not-authenticated") == 5
    assert codes.count("too-many-attempts") == 25


def test_who_logs_in_often_does_not_wait(identity):
    for _ in range(50):
        logged_in(identity, now_s=0.0)


def test_a_hash_of_less_effort_is_renewed(identity, store):
    stronger = Identity(store, PasswordHasher(time_cost=2, memory_kib=8))
    before = identity.runner.run(store.account("ada")).password_hash
    for _ in range(2):
        identity.runner.run(stronger.log_in("ada", PASSWORD, "10.0.0.1", None, 0.0))
    after = identity.runner.run(store.account("ada")).password_hash
    assert "t=1" in before
    assert "t=2" in after


# Passwords


def test_a_password_is_changed_with_the_old_one(identity):
    caller = caller_of(identity)
    refused("not-authenticated", identity.change_password, caller, "wrong", "another horse", 11.0)
    identity.change_password(caller, PASSWORD, "another horse", 12.0)
    refused("not-authenticated", logged_in, identity)
    assert logged_in(identity, password="another horse").token.owner == "ada"


def test_a_changed_password_puts_all_out_but_who_changed_it(identity):
    first, second, bobs = logged_in(identity), logged_in(identity), logged_in(identity, "bob")
    machine = identity.issue_token(caller_of(identity), "CI", None, None, 10.0)
    for made in (second, machine):
        assert identity.authenticate(made.secret, 11.0) is not None
    identity.change_password(identity.authenticate(first.secret, 11.0), PASSWORD, "another horse", 11.0)
    assert identity.authenticate(first.secret, 11.0).name == "ada"
    assert [identity.authenticate(made.secret, 11.0) for made in (second, machine)] == [None, None]
    assert identity.authenticate(bobs.secret, 11.0).name == "bob"


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaa", "x" * 1025])
def test_a_poor_password_is_refused(identity, password):
    refused("invalid-argument", identity.change_password, caller_of(identity), PASSWORD, password, 11.0)
    assert logged_in(identity).token.owner == "ada"


def test_guessing_the_old_password_is_slowed_down(identity):
    caller = caller_of(identity)
    for _ in range(5):
        refused("not-authenticated", identity.change_password, caller, "wrong", "another horse", 11.0)
    refused("too-many-attempts", identity.change_password, caller, PASSWORD, "another horse", 11.5)


# Tokens


def test_a_token_of_ones_own_lives_until_it_is_revoked(identity):
    caller = caller_of(identity)
    made = identity.issue_token(caller, "CI", ("user",), None, 11.0)
    assert made.secret.startswith(SECRET_PREFIX)
    assert identity.authenticate(made.secret, 1e9).scopes == ("user",)
    assert made.token in identity.tokens(caller)
    assert identity.revoke_token(caller, made.token.id)
    assert identity.authenticate(made.secret, 1e9) is None
    assert not identity.revoke_token(caller, made.token.id)


def test_nobody_revokes_the_token_of_another(identity):
    made = logged_in(identity, "ada")
    assert not identity.revoke_token(caller_of(identity, "bob"), made.token.id)
    assert identity.authenticate(made.secret, 11.0).name == "ada"


def test_all_tokens_of_a_user_are_revoked(identity):
    made = [logged_in(identity), logged_in(identity)]
    assert all(identity.authenticate(one.secret, 11.0) for one in made)
    assert identity.revoke_all("bob") == 0
    assert identity.revoke_all("ada") == 2
    assert [identity.authenticate(one.secret, 11.0) for one in made] == [None, None]


def test_a_token_does_not_allow_more_than_its_maker(identity):
    refused("forbidden", identity.issue_token, caller_of(identity, "bob"), None, ("user", "operator"), None, 11.0)
    limited = identity.issue_token(caller_of(identity, "ada"), None, ("user",), 60.0, 11.0)
    caller = identity.authenticate(limited.secret, 12.0)
    refused("forbidden", identity.issue_token, caller, None, ("operator",), None, 12.0)
    assert identity.issue_token(caller, None, None, None, 12.0).token.scopes == ("user",)
    assert identity.authenticate(limited.secret, 71.0) is None


def test_a_user_who_is_no_operator_any_more_keeps_no_such_token(identity, store):
    made = logged_in(identity)
    identity.change_user(replace(identity.runner.run(store.account("ada")), scopes=("user",)))
    assert identity.authenticate(made.secret, 11.0).scopes == ("user",)


def test_a_disabled_user_is_out_at_once(identity, store):
    made = logged_in(identity)
    assert identity.authenticate(made.secret, 11.0) is not None
    identity.change_user(replace(identity.runner.run(store.account("ada")), is_active=False))
    assert identity.authenticate(made.secret, 11.0) is None


@pytest.mark.parametrize("how", ["revoked", "disabled"])
def test_what_another_process_takes_away_is_gone_within_a_second(identity, store, hasher, how):
    made = logged_in(identity)
    assert identity.authenticate(made.secret, 11.0) is not None
    other = Identity(store, hasher)
    if how == "revoked":
        identity.runner.run(store.delete_token(made.token.id, "ada"))
    else:
        ada = identity.runner.run(store.account("ada"))
        identity.runner.run(other.change_user(replace(ada, is_active=False)))
    assert identity.authenticate(made.secret, 11.9) is not None
    assert identity.authenticate(made.secret, 12.0) is None


@pytest.mark.parametrize("secret", ["", "oqat_", "Bearer x", "\ud800", "ä" * 10_000])
def test_other_texts_are_no_secrets(identity, secret):
    assert identity.authenticate(secret, 0.0) is None


def test_the_memory_of_tokens_is_bounded(identity, monkeypatch):
    monkeypatch.setattr("qhpc.access.identity.identity._MAX_CACHED", 3)
    made = [logged_in(identity, now_s=0.0) for _ in range(10)]
    assert all(identity.authenticate(one.secret, 0.5) for one in made)
    assert len(identity.store._known) <= 3


# Users


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "1x", "x" * 65, "a\n", "é"])
def test_a_user_has_a_plain_name(identity, name):
    assert "user name" in refused("invalid-argument", identity.add_user, Account(name=name), PASSWORD, 0.0).detail


def test_a_user_is_added_once_with_known_scopes(identity):
    refused("invalid-argument", identity.add_user, Account(name="ada"), "other horse", 0.0)
    assert logged_in(identity).token.owner == "ada"
    refused("invalid-argument", identity.add_user, Account(name="eve", scopes=("root",)), PASSWORD, 0.0)


def test_the_first_user_is_an_operator_with_a_made_password(hasher, identity):
    assert identity.add_first_user("me", 0.0) is None
    fresh = Identity(MemoryStore(), hasher)
    user, password = identity.runner.run(fresh.add_first_user("me", 5.0))
    assert (user.scopes, user.created_s, len(password)) == (("user", "operator"), 5.0, 24)
    assert identity.runner.run(fresh.log_in("me", password, "10.0.0.1", None, 6.0)).token.owner == "me"
    assert identity.runner.run(fresh.add_first_user("me", 7.0)) is None


# Secrets


def test_no_secret_is_printed_or_logged(identity, caplog):
    caplog.set_level(logging.DEBUG)
    made = logged_in(identity)
    caller = identity.authenticate(made.secret, 11.0)
    refused("not-authenticated", logged_in, identity, "ada", 11.0, "wrong horse")
    printed = "".join(map(repr, (made, caller, identity.store, identity.tokens(caller)))) + caplog.text
    for secret in (made.secret, PASSWORD, "wrong horse", caller.user.password_hash, made.token.secret_sha256):
        assert secret not in printed
