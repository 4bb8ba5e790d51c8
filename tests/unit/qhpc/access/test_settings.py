"""Settings from a file and the environment."""

import pytest
from pydantic import ValidationError

from qhpc.access.settings import AccessSettings, read_settings


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "server.toml"
    file.write_text('port = 1000\nhost = "::1"\nworkers = 3\n', encoding="utf-8")
    monkeypatch.setenv("QHPC_PORT", "2000")
    monkeypatch.setenv("QHPC_TRUSTED_PROXIES", '["10.0.0.1"]')
    settings = read_settings(file, workers=5, drain_s=None)
    assert (settings.port, settings.host, settings.workers) == (2000, "::1", 5)
    assert (settings.trusted_proxies, settings.drain_s) == (("10.0.0.1",), 5.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prot": 1}, "prot"),
        ({"port": 70000}, "65535"),
        ({"workers": 0}, "greater than or equal to 1"),
        ({"root_path": "openqat/"}, "pattern"),
        ({"certificate": "x.pem"}, "certificate and key"),
        ({"is_tls": False, "host": "0.0.0.0"}, "passwords would travel unprotected"),
        ({"is_tls": False, "host": "centre.example"}, "passwords would travel unprotected"),
        ({"log_level": "loud"}, "debug"),
    ],
)
def test_a_setting_that_is_wrong_is_named(values, said):
    with pytest.raises(ValidationError, match=said):
        AccessSettings(**values)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_may_go_without_tls(host):
    assert not AccessSettings(is_tls=False, host=host).is_tls


def test_none_can_be_said_in_a_file_and_in_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "server.toml"
    file.write_text('retention_s = "none"\n', encoding="utf-8")
    monkeypatch.setenv("QHPC_RECORD_RETENTION_S", "none")
    settings = read_settings(file)
    assert (settings.retention_s, settings.record_retention_s) == (None, None)
    monkeypatch.setenv("QHPC_RECORD_RETENTION_S", "3600")
    with pytest.raises(ValidationError, match="greater than or equal to 86400"):
        read_settings(file)


def test_the_database_lies_in_the_directory_unless_it_is_elsewhere(tmp_path, monkeypatch):
    assert AccessSettings(directory=tmp_path).database_url == f"sqlite:///{tmp_path}/openqat.db"
    monkeypatch.setenv("QHPC_DATABASE", "postgresql://db/openqat")
    assert AccessSettings(directory=tmp_path).database_url == "postgresql://db/openqat"


def test_data_lies_where_the_system_says(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert AccessSettings().directory == tmp_path / "openqat"


def test_nothing_of_a_server_changes_while_it_runs():
    with pytest.raises(ValidationError, match="frozen"):
        AccessSettings().port = 1
