"""Where settings come from, which wins, and what files must look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qat.qlmaas import QLMaaSConnection
from qat.qlmaas.config_files import (
    ini_path,
    netrc_entry,
    profiles_path,
    read_configuration,
    read_profiles,
    save_profile,
    write_ini,
)
from qat.qlmaas.configuration import FIELDS, Configuration, Layer, environment_layer, merge
from qat.qlmaas.errors import ConfigurationError, NotConfiguredError

INI = """[Server]
hostname=from-file
port=444
check_host=False
authentication=password
proxy_host=
proxy_port=
timeout=1000

[SSL]
certificate=/c.pem
key=
"""


@pytest.fixture
def env(tmp_path):
    return {"QLMAAS_DIR": str(tmp_path / "ini"), "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def ini(env):
    path = ini_path(env)
    path.parent.mkdir()
    path.write_text(INI)
    return path


def test_the_published_file(env, ini):
    found = read_configuration({}, env)
    assert (found.hostname, found.port, found.check_host, found.timeout) == ("from-file", 444, False, 1000.0)
    assert (found.certificate, found.key, found.proxy_host, found.login) == ("/c.pem", None, None, "password")
    assert found.sources["port"] == str(ini) and found.sources["key"] == "default"


def test_arguments_win_over_the_environment_and_that_over_files(env, ini):
    env |= {"QLMAAS_PORT": "445", "QLMAAS_TIMEOUT": "5", "QLMAAS_HOSTNAME": ""}
    found = read_configuration({"port": 446, "key": None}, env)
    assert (found.port, found.timeout, found.hostname) == (446, 5.0, "from-file")
    assert found.sources["port"] == "argument"
    assert found.sources["timeout"] == "environment variable QLMAAS_TIMEOUT"


def test_profiles(env):
    path = profiles_path(env)
    save_profile("b", {"hostname": "two", "token": "t", "port": 1, "check_host": False, "key": None}, path=path)
    save_profile("a", {"hostname": 'o"ne'}, path=path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_profiles(path)[0] == "b" and list(read_profiles(path)[1]) == ["b", "a"]
    assert read_configuration({}, env).token == "t" and read_configuration({}, env).login == "token"
    assert read_configuration({}, env, "a").hostname == 'o"ne'
    assert read_configuration({}, {**env, "QLMAAS_PROFILE": "a"}).hostname == 'o"ne'
    save_profile("a", {"hostname": "three"}, path=path, is_default=True)
    found = read_configuration({}, env)
    assert found.hostname == "three" and found.sources["hostname"] == f"profile a in {path}"
    with pytest.raises(ConfigurationError, match=r"no profile 'z' .* there are b, a"):
        read_configuration({}, env, "z")
    with pytest.raises(ConfigurationError, match="profile c"):
        save_profile("c", {"hostnam": "x"}, path=path)


def test_a_file_comes_before_the_default_profile_and_after_one_asked_for(env, ini):
    save_profile("p", {"hostname": "from-profile", "token": "t"}, path=profiles_path(env))
    assert (read_configuration({}, env).hostname, read_configuration({}, env).token) == ("from-file", None)
    assert read_configuration({}, env, "p").port == 443


def test_what_has_to_do_with_trust_is_for_the_server_it_was_written_down_for(env):
    trust = {
        "token": "t",
        "username": "u",
        "port": 8,
        "check_host": False,
        "certificate": "/c",
        "key": "/k",
        "ca": "/a",
    }
    save_profile("p", {"hostname": "mine", **trust, "timeout": 5}, path=profiles_path(env))
    other = read_configuration({"hostname": "other"}, env)
    assert other == Configuration(hostname="other", timeout=5.0, sources=other.sources)
    assert read_configuration({"hostname": "mine"}, env).token == "t"
    assert read_configuration({"hostname": "other"}, {**env, "QLMAAS_TOKEN": "e"}).token == "e"


def test_nothing_is_configured(env, nobody):
    with pytest.raises(AttributeError, match="qat up"):
        QLMaaSConnection()
    with pytest.raises(NotConfiguredError):
        read_configuration({}, env).required_hostname  # noqa: B018


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"port": "http"}, r"'http' is no port \(test\): invalid literal"),
        ({"port": 0}, "1 to 65535"),
        ({"timeout": -1}, "positive number"),
        ({"timeout": "inf"}, "positive number"),
        ({"check_host": "maybe"}, "True or False"),
        ({"authentication": "magic"}, "password, token, ssl"),
        ({"host": "x"}, "unknown setting 'host'"),
    ],
)
def test_wrong_values_are_named_with_their_source(values, expected):
    with pytest.raises(ConfigurationError, match=expected):
        merge([Layer.of(values, "test")])


def test_what_is_secret_is_not_shown():
    assert "hush" not in repr(Configuration(hostname="x", token="hush"))


@given(st.lists(st.dictionaries(st.sampled_from(["port", "proxy_port"]), st.integers(1, 65535)), max_size=4))
def test_the_first_layer_that_has_a_value_wins(layers):
    merged = merge([Layer.of(values, f"layer {n}") for n, values in enumerate(layers)])
    for name in ("port", "proxy_port"):
        having = [(values[name], f"layer {n}") for n, values in enumerate(layers) if name in values]
        expected = having[0] if having else (FIELDS[name].default, "default")
        assert (getattr(merged, name), merged.sources[name]) == expected


def test_every_setting_has_a_variable():
    layer = environment_layer({f"QLMAAS_{name.upper()}": "x" for name in FIELDS})
    assert set(layer.values) == set(FIELDS)


# ---------------------------------------------------------------- files
@pytest.mark.parametrize("text", ["nonsense", "[Server", "[Server]\nhostname=a\nhostname=b", b"\xff\xfe"])
def test_a_malformed_file(env, ini, text):
    ini.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration({}, env)


@pytest.mark.parametrize("text", ["[[[", "profiles = 3", "[profiles]\na = 3"])
def test_malformed_profiles(env, text):
    path = profiles_path(env)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=str(path)):
        read_configuration({}, env)


def test_files_with_secrets_must_be_private(env, ini):
    path = save_profile("p", {"hostname": "h", "token": "t"}, path=profiles_path(env))
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match=rf"mode 640.*chmod 600 {path}"):
        read_configuration({}, env, "p")
    ini.write_text(INI.replace("timeout=1000", "token=t"))
    ini.chmod(0o604)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_configuration({}, env)
    ini.chmod(0o600)
    assert read_configuration({}, env).token == "t"


def test_create_config_writes_what_is_read_back(env, connected, capsys):
    connected.create_config()
    assert "configuration written" in capsys.readouterr().out
    text = ini_path().read_text()
    assert text.startswith("[Server]\nhostname=fake\nport=443\n") and "secret" not in text
    again = read_configuration({})
    assert (again.hostname, again.check_host, again.timeout, again.token) == ("fake", True, 60.0, None)
    assert write_ini(again).read_text() == text


def test_netrc(tmp_path):
    path = tmp_path / ".netrc"
    assert netrc_entry("host") is None
    path.write_text("machine host login me password p1\nmachine open login you\n")
    path.chmod(0o600)
    assert netrc_entry("host") == ("me", "p1") and netrc_entry("open") is None and netrc_entry("other") is None
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        netrc_entry("host")
    path.write_text("engine host login")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        netrc_entry("host")
