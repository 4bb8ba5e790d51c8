"""What operators type on the machine of a server: users, tokens, the database."""

import asyncio
import json
import os
import time

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from qhpc.access.identity import Identity, PasswordHasher
from qhpc.access.jobs.ids import new_id
from qhpc.access.settings import read_settings
from qhpc.access.store.factory import store_at
from qhpc.access.store.protocol import Account

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Hashing without effort."""
    make = PasswordHasher.__init__
    monkeypatch.setattr(PasswordHasher, "__init__", lambda self: make(self, time_cost=1, memory_kib=8))


@pytest.fixture
def run(tmp_path):
    """Runs a command about the server in a directory; gives what it printed."""

    def call(*arguments, code=0, given=None):
        done = CliRunner().invoke(qat, [*arguments, "--directory", str(tmp_path / "server")], input=given)
        assert done.exit_code == code, done.output
        return done.output

    return call


@pytest.fixture
def in_server(tmp_path):
    """Does something with the store and identity of that server."""

    def call(work):
        async def main():
            settings = read_settings(directory=tmp_path / "server")
            store = store_at(settings.database_url, directory=settings.directory / "files")
            await store.open()
            try:
                return await work(store, Identity(store))
            finally:
                await store.close()

        return asyncio.run(main())

    return call


def log_in(password=PASSWORD):
    return lambda store, identity: identity.log_in("ada", password, "10.0.0.1", None, time.time())


def ada(in_server):
    return in_server(lambda store, identity: store.account("ada"))


def test_a_user_is_added_with_a_password_from_the_standard_input(run, in_server):
    options = ["--operator", "--account", "lab", "--max-waiting", "5", "--max-stored-mib", "2"]
    assert run("users", "add", "ada", *options, given=f"{PASSWORD}\nignored\n") == "added ada\n"
    user = ada(in_server)
    assert (user.account, user.scopes, user.max_waiting_jobs, user.max_running_jobs, user.max_stored_bytes) == (
        "lab", ("user", "operator"), 5, None, 2 << 20,
    )  # fmt: skip
    assert user.created_s > 1.7e9
    assert in_server(log_in()).token.owner == "ada"


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [("ada", "short\n", "at least 8"), ("ada", "", "at least 8"), ("../x", f"{PASSWORD}\n", "user name")],
)
def test_a_user_who_cannot_be_added_is_not(run, in_server, name, given, expected):
    assert expected in run("users", "add", name, given=given, code=1)
    assert in_server(lambda store, identity: store.accounts()) == []


def test_passwords_are_never_on_the_command_line(run):
    for name in ("add", "password"):
        assert "--password" not in run("users", name, "--help").replace("--no-password", "")


def test_a_user_is_added_once(run):
    run("users", "add", "ada", "--no-password")
    assert "already" in run("users", "add", "ada", "--no-password", code=1)


def test_users_are_listed(run):
    run("users", "add", "bob", "--no-password", "--max-running", "3")
    run("users", "add", "ada", "--operator", given=f"{PASSWORD}\n")
    heading, first, second = run("users", "list").splitlines()
    assert heading.split() == ["USER", "ACCOUNT", "SCOPES", "ACTIVE", "WAITING", "RUNNING", "STORED"]
    assert first.split() == ["ada", "-", "user", "operator", "yes", "-", "-", "-"]
    assert second.split() == ["bob", "-", "user", "yes", "-", "3", "-"]
    assert run("users", "list", "--output", "quiet") == "ada\nbob\n"
    listed = json.loads(run("users", "list", "--output", "json"))
    assert [user["max_running_jobs"] for user in listed] == [None, 3]
    assert "argon2" not in json.dumps(listed)


def test_a_user_is_changed(run, in_server):
    run("users", "add", "ada", "--operator", "--max-waiting", "5", "--max-running", "0", "--no-password")
    run("users", "change", "ada", "--no-operator", "--max-waiting", "-1", "--account", "lab")
    user = ada(in_server)
    assert (user.scopes, user.max_waiting_jobs, user.max_running_jobs, user.account) == (("user",), None, 0, "lab")


def test_a_disabled_user_is_kept_out_until_enabled(run, in_server):
    run("users", "add", "ada", given=f"{PASSWORD}\n")
    run("users", "disable", "ada")
    with pytest.raises(Exception, match="not-authenticated"):
        in_server(log_in())
    run("users", "enable", "ada")
    assert in_server(log_in()).token.owner == "ada"


def test_a_password_is_set(run, in_server):
    run("users", "add", "ada", given=f"{PASSWORD}\n")
    run("users", "password", "ada", given="another horse\n")
    assert in_server(log_in("another horse")).token.owner == "ada"
    assert "at least 8" in run("users", "password", "ada", given="x\n", code=1)


def test_a_new_password_revokes_tokens_unless_they_are_to_be_kept(run, in_server):
    run("users", "add", "ada", given=f"{PASSWORD}\n")
    run("tokens", "add", "ada")
    run("users", "password", "ada", "--keep-tokens", given="another horse\n")
    assert run("tokens", "list", "ada", "--output", "quiet").count("\n") == 1
    run("users", "password", "ada", given="third horse\n")
    assert run("tokens", "list", "ada", "--output", "quiet") == ""


def test_all_tokens_of_a_user_are_revoked(run):
    for name in ("ada", "bob"):
        run("users", "add", name, "--no-password")
        run("tokens", "add", name)
    run("tokens", "add", "ada")
    assert run("tokens", "revoke", "ada", "--all") == "revoked 2 tokens\n"
    assert run("tokens", "list", "--output", "quiet").count("\n") == 1
    assert "no user 'eve'" in run("tokens", "revoke", "eve", "--all", code=1)
    for wrong in (["ada"], ["ada", "x", "--all"]):
        assert "name a token, or give --all" in run("tokens", "revoke", *wrong, code=2)


@pytest.mark.parametrize("command", ["disable", "enable", "change", "password"])
def test_an_unknown_user_is_said(run, command):
    assert "no user 'eve'" in run("users", command, "eve", given=f"{PASSWORD}\n", code=1)


def test_a_token_is_made_listed_and_revoked(run, in_server):
    run("users", "add", "ada", "--operator", "--no-password")
    secret = run("tokens", "add", "ada", "--label", "CI", "--scope", "user", "--days", "1").strip()
    caller = in_server(lambda store, identity: identity.authenticate(secret, time.time()))
    assert (caller.name, caller.scopes) == ("ada", ("user",))
    assert in_server(lambda store, identity: identity.authenticate(secret, time.time() + 86401)) is None
    [listed] = json.loads(run("tokens", "list", "--output", "json"))
    assert (listed["owner"], listed["label"], listed["secret"]) == ("ada", "CI", None)
    assert run("tokens", "list", "ada").splitlines()[1].split()[:4] == [listed["id"], "ada", "CI", "user"]
    assert run("tokens", "revoke", "ada", listed["id"]) == f"revoked {listed['id']}\n"
    assert in_server(lambda store, identity: identity.authenticate(secret, time.time())) is None
    assert "has no token" in run("tokens", "revoke", "ada", listed["id"], code=1)


def test_a_token_allows_no_more_than_its_user(run):
    run("users", "add", "ada", "--no-password")
    assert "'operator'" in run("tokens", "add", "ada", "--scope", "operator", code=1)
    for arguments in (("add", "eve"), ("list", "eve")):
        assert "no user 'eve'" in run("tokens", *arguments, code=1)


def test_files_of_no_job_are_swept_away(run, tmp_path):
    run("users", "list")
    lost = tmp_path / "server" / "files" / f"{new_id(0.0)}.result.{'0' * 32}"
    lost.touch()
    assert run("store", "sweep") == "removed 0 files\n"
    os.utime(lost, (0, 0))
    assert run("store", "sweep") == "removed 1 files\n"
    assert not lost.exists()


def test_only_postgresql_is_migrated_by_hand(run):
    assert "by itself" in run("store", "migrate", code=1)


def test_settings_come_from_the_file_and_errors_are_said(tmp_path):
    config = tmp_path / "server.toml"
    config.write_text(f'directory = "{tmp_path / "other"}"\n')
    call = ["users", "list", "--config", str(config)]
    assert CliRunner().invoke(qat, call).exit_code == 0
    assert (tmp_path / "other" / "openqat.db").exists()
    for wrong in ("port = 'x'", "=", 'database = "mysql://eve:hunter2@h/n"'):
        config.write_text(wrong)
        done = CliRunner().invoke(qat, call)
        assert done.exit_code == 1
        assert done.output.startswith("Error: ")
        assert "hunter2" not in done.output


def test_users_of_a_running_server_are_seen_by_it(run, in_server):
    """The command writes into the database that a server has open."""

    async def work(store, identity):
        await asyncio.to_thread(run, "users", "add", "ada", "--no-password")
        return await store.account("ada")

    found = in_server(work)
    assert found == Account(name="ada", created_s=found.created_s)
