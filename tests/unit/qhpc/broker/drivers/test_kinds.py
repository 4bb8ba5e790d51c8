"""From a name and options to a driver, or to words that say what is wrong with them."""

import sys

import msgspec
import pytest

from qhpc.broker.drivers.kinds import driver_of
from qhpc.broker.drivers.settings import KINDS, BadOptions, Configuration, configuration_in


@pytest.fixture
def other_package(tmp_path, monkeypatch):
    """An installed package with a driver."""
    (tmp_path / "otherlab.py").write_text("class Driver:\n    def __init__(self, port):\n        self.port = port\n")
    info = tmp_path / "otherlab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: otherlab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qhpc.drivers]\notherlab = otherlab:Driver\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("otherlab", None)


def test_a_driver_of_another_package(other_package):
    assert driver_of("installed", {"name": "otherlab", "arguments": {"port": 3}}).port == 3
    with pytest.raises(BadOptions, match="'otherlab' cannot be made: TypeError"):
        driver_of("installed", {"name": "otherlab"})
    with pytest.raises(BadOptions, match=r"no driver 'mylab' is installed here .*: there are otherlab"):
        driver_of("installed", {"name": "mylab"})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("emulator", {}, "driver is 'emulator': expected one of emulated, .*; did you mean emulated?"),
        ("emulated", {"timing": "neutral-atom"}, "timing is 'neutral-atom': .*; did you mean neutral-atoms?"),
        ("emulated", {"speedup": 0}, "speedup of an emulated driver: expected `float` > 0"),
        ("emulated", {"shot_s": "1"}, "shot_s of an emulated driver: expected `float | null`, got `str`"),
        ("emulated", {"failure_rate": 1.5}, "failure_rate of an emulated driver: expected `float` <= 1"),
        ("served", {}, "missing required field `port`"),
        ("served", {"port": 70_000}, "port of a served driver: expected `int` <= 65535"),
        ("served", {"port": 1, "prot": 2}, "unknown option 'prot' of a served driver; did you mean port?"),
        ("service", {"service": "qat.qpus"}, "service is 'qat.qpus': expected qat.qpus:NAME"),
        ("service", {"memory_mb": 1, "service": "qat.qpus:SimulatedAnnealing"}, "cannot be made"),
    ],
)
def test_what_cannot_be(kind, options, message):
    with pytest.raises(BadOptions, match=message):
        driver_of(kind, options)


def test_every_kind_can_be_named():
    for kind in KINDS:
        try:
            driver_of(kind, {})
        except BadOptions as error:
            assert "missing required field" in str(error)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xff", b'{"qpu": 1}', b'{"qpu": "a"}'])
def test_configurations_that_are_none(data):
    with pytest.raises(BadOptions):
        configuration_in(data)


def test_configurations_in_both_formats():
    whole = Configuration(qpu="a", socket="/a.sock", driver="emulated", options={"speedup": 2.0})
    assert configuration_in(msgspec.json.encode(whole)) == configuration_in(msgspec.msgpack.encode(whole)) == whole
