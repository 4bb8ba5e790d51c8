"""Log-in, passwords and tokens through the API."""

from contextlib import asynccontextmanager

from qat.comm.access.messages import TokenView, UserView
from qhpc.access.identity import Identity, PasswordHasher
from qhpc.access.store.memory import MemoryStore
from qhpc.access.store.protocol import Account
from tests.unit.qhpc.access.api.asking import api
from tests.unit.qhpc.access.service.scripted import in_loop

FIRST, SECOND = "correct horse battery", "staple of the horse"


@asynccontextmanager
async def logged_in():
    """A client, and the secret of ada's token."""
    store = MemoryStore()
    identity = Identity(store, PasswordHasher(time_cost=1, memory_kib=8))
    await identity.add_user(Account(name="ada"), FIRST, 0.0)
    async with api(store=store, identity=identity) as (_, ask):
        yield ask, (await log_in(ask, FIRST)).json(TokenView)


async def log_in(ask, password):
    return await ask.post("/v1/login", {"username": "ada", "password": password, "label": "laptop"}, who=None)


@in_loop
async def test_a_password_gives_a_token_that_works():
    async with logged_in() as (ask, token):
        assert (token.owner, token.label, token.scopes) == ("ada", "laptop", ("user",))
        assert token.expires_s > token.created_s
        assert (await ask("GET", "/v1/me", who=token.secret)).json(UserView).name == "ada"
        listed = (await ask("GET", "/v1/tokens", who=token.secret)).json(list[TokenView])
        assert [(entry.id, entry.secret) for entry in listed] == [(token.id, None)]
        assert (await log_in(ask, "wrong password")).problem.code == "not-authenticated"


@in_loop
async def test_a_password_is_changed_by_who_knows_it():
    async with logged_in() as (ask, token):
        wrong = await ask.post("/v1/me/password", {"old": SECOND, "new": SECOND}, who=token.secret)
        assert wrong.problem.code == "not-authenticated"
        changed = await ask.post("/v1/me/password", {"old": FIRST, "new": SECOND}, who=token.secret)
        assert (changed.status, changed.body) == (204, b"")
        assert (await log_in(ask, FIRST)).status == 401
        assert (await log_in(ask, SECOND)).status == 200


@in_loop
async def test_tokens_are_made_and_revoked():
    async with logged_in() as (ask, token):
        made = (await ask.post("/v1/tokens", {"label": "script"}, who=token.secret)).json(TokenView)
        assert (await ask("GET", "/v1/me", who=made.secret)).status == 200
        assert (await ask("DELETE", f"/v1/tokens/{made.id}", who=token.secret)).status == 204
        assert (await ask("GET", "/v1/me", who=made.secret)).status == 401
        assert (await ask("DELETE", f"/v1/tokens/{made.id}", who=token.secret)).problem.code == "unknown-token"
        excess = await ask.post("/v1/tokens", {"scopes": ["operator"]}, who=token.secret)
        assert excess.problem.code == "forbidden"


@in_loop
async def test_failed_log_ins_make_the_next_ones_wait():
    async with logged_in() as (ask, _):
        problems = [(await log_in(ask, "wrong password")).problem for _ in range(8)]
        assert problems[0].code == "not-authenticated"
        assert problems[-1].code == "too-many-attempts"
        assert problems[-1].retry_after_s > 0
        assert (await log_in(ask, FIRST)).problem.code == "too-many-attempts"
