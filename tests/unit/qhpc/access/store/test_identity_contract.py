"""Users, tokens and sessions on every store."""

from dataclasses import replace

from qhpc.access.store.protocol import Account, ApiToken, Session

EVE = Account(
    name="eve", account="lab", password_hash="$argon2id$x", scopes=("user", "operator"), created_s=1.5,
    max_waiting_jobs=0, max_running_jobs=3, max_stored_bytes=1 << 40,
)  # fmt: skip
TOKEN = ApiToken(id="t1", owner="eve", secret_sha256="ab" * 32, scopes=("user",), created_s=2.0)


def test_users_come_back_as_they_were(store):
    assert store.account("eve") is None
    for account in (EVE, Account(name="bob", scopes=(), is_active=False)):
        store.put_account(account)
        assert store.account(account.name) == account
    assert [account.name for account in store.accounts()] == ["bob", "eve"]
    assert store.account("Eve") is None


def test_a_user_that_is_put_again_is_changed(store):
    store.put_account(EVE)
    changed = replace(EVE, is_active=False, max_waiting_jobs=None)
    store.put_account(changed)
    assert store.accounts() == [changed]


def test_tokens_are_found_by_hash_and_by_user(store):
    later = replace(TOKEN, id="t0", secret_sha256="cd" * 32, created_s=3.0, expires_s=9.0, label="CI", scopes=())
    for token in (later, TOKEN, replace(TOKEN, id="t2", owner="bob", secret_sha256="ef" * 32)):
        store.put_token(token)
    assert store.token_by_hash("cd" * 32) == later
    assert store.token_by_hash("00" * 32) is None
    assert store.tokens("eve") == [TOKEN, later]
    assert store.tokens("nobody") == []


def test_only_the_owner_removes_a_token(store):
    store.put_token(TOKEN)
    assert not store.delete_token("t1", "bob")
    assert store.token_by_hash(TOKEN.secret_sha256) == TOKEN
    assert store.delete_token("t1", "eve")
    assert not store.delete_token("t1", "eve")
    assert store.token_by_hash(TOKEN.secret_sha256) is None


def test_sessions_are_closed_once(store):
    session = Session(id="s1", owner="eve", created_s=1.0, expires_s=9.0, name="n")
    store.add_session(session)
    assert store.session("s1") == session
    assert store.close_session("s1", 5.0) == replace(session, closed_s=5.0) == store.session("s1")
    assert store.close_session("s1", 7.0) == store.session("s1") == replace(session, closed_s=5.0)
    assert store.session("s2") is None
    assert store.close_session("s2", 5.0) is None


def test_sessions_of_a_user_are_listed_newest_first(store):
    for number, owner in enumerate(["eve", "bob", "eve"]):
        store.add_session(Session(id=f"s{number}", owner=owner, created_s=float(number)))
    assert [session.id for session in store.sessions("eve")] == ["s2", "s0"]
    assert store.sessions("nobody") == []


def test_expired_tokens_are_forgotten(store):
    for number, expires_s in enumerate([5.0, 9.0, None]):
        store.put_token(replace(TOKEN, id=f"t{number}", secret_sha256=f"{number}", expires_s=expires_s))
    assert store.forget_tokens(9.0) == 1
    assert [token.id for token in store.tokens("eve")] == ["t1", "t2"]
    assert store.forget_tokens(9.0) == 0
