"""Where the broker is."""

from pathlib import Path

import pytest

from qat.shared.addresses import FIRST_PATIENCE_S, Address, BrokerUnknown, ClientSettings, address_in, client_settings


@pytest.mark.parametrize(("text", "address"), [
    ("unix:/run/openqat/broker.sock", Address(path="/run/openqat/broker.sock")),
    ("tls://broker.example.org:7411", Address(host="broker.example.org", port=7411)),
    ("tls://127.0.0.1:1", Address(host="127.0.0.1", port=1)),
    ("tls://[::1]:65535", Address(host="::1", port=65535)),
])  # fmt: skip
def test_addresses(text, address):
    assert address_in(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", [
    "", "unix:", "unix:relative", "tls://", "tls://host", "tls://host:0", "tls://host:65536", "tls://:7", "tcp://host:7",
    "http://host:7", "tls://user@host:7", "tls://host:7/path", "tls://a b:7", "host:7", "/run/broker.sock",
])  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(BrokerUnknown, match="expected unix:/PATH or tls://HOST:PORT"):
        address_in(text)


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "broker.toml"
    file.write_text('broker = "unix:/of/the/file"\nauthority = "/ca.pem"\n')
    return str(file)


def test_who_says_it_last_is_heard_first(file):
    assert client_settings("unix:/given", {"QAT_BROKER": "unix:/environment"}, file).broker == "unix:/given"
    assert client_settings(None, {"QAT_BROKER": "unix:/environment"}, file).broker == "unix:/environment"
    assert client_settings(None, {}, file) == ClientSettings(
        broker="unix:/of/the/file", authority="/ca.pem", first_patience_s=FIRST_PATIENCE_S
    )


def test_the_environment_says_the_rest(file):
    environment = {"QAT_BROKER_AUTHORITY": "/other.pem", "QAT_MUNGE_SOCKET": "/munge"}
    found = client_settings(None, environment, file)
    assert (found.broker, found.authority, found.munge_socket) == ("unix:/of/the/file", "/other.pem", "/munge")


@pytest.mark.parametrize(
    ("environment", "expected_s"),
    [
        ({}, 20.0),
        ({"SLURM_JOB_ID": "7"}, 600.0),
        ({"SLURM_JOB_ID": "7", "QAT_BROKER_FIRST_PATIENCE_S": "1.5"}, 1.5),
        ({"QAT_BROKER_FIRST_PATIENCE_S": "0"}, 0.0),
    ],
)
def test_how_long_to_try_at_first(file, environment, expected_s):
    assert client_settings(None, environment, file).first_patience_s == expected_s


def test_the_machine_says_how_long_to_try_at_first(file):
    with Path(file).open("a") as lines:
        lines.write("first_patience_s = 90\n")
    assert client_settings(None, {"SLURM_JOB_ID": "7"}, file).first_patience_s == 90.0
    assert client_settings(None, {"QAT_BROKER_FIRST_PATIENCE_S": "5"}, file).first_patience_s == 5.0


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_a_patience_that_is_none(file, text):
    with pytest.raises(BrokerUnknown, match=f"is '{text}': give seconds, 0 or more"):
        client_settings(None, {"QAT_BROKER_FIRST_PATIENCE_S": text}, file)


def test_the_environment_names_another_file(file):
    assert client_settings(None, {"QAT_BROKER_SETTINGS": file}, "/nowhere").broker == "unix:/of/the/file"
    with pytest.raises(BrokerUnknown, match="QAT_BROKER_SETTINGS names /not/there, which does not exist"):
        client_settings("unix:/given", {"QAT_BROKER_SETTINGS": "/not/there"}, file)


def test_nobody_says_it():
    with pytest.raises(BrokerUnknown, match=r"set QAT_BROKER to .* or have the site write 'broker = …' into /nowhere"):
        client_settings(None, {}, "/nowhere")


@pytest.mark.parametrize("text", ["broker", "broker = 7", 'brocker = "unix:/x"', "\xff"])
def test_a_file_that_is_wrong(tmp_path, text):
    file = tmp_path / "broker.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(BrokerUnknown, match=r"broker.toml cannot be read: .*expected lines like broker = "):
        client_settings(None, {}, str(file))
