"""The settings of a broker: what they mean, and what is said of wrong ones."""

import re
from pathlib import Path

import pytest

from qhpc.broker.brokerage import TaskTiming
from qhpc.broker.settings import BadSettings, read_settings, settings_in
from qhpc.scheduling.model import Pool

TEXT = """
directory = "/var/lib/openqat/broker"
cluster = "lab"

[listen]
unix = "/run/openqat/broker.sock"

[identity]
methods = ["peer", "munge"]
trusted_uids = [0, 990]

[limits]
lease_s = 60
max_qpu_s = 3600.0

[pools.fresnel]
qpus = ["fresnel-1", "fresnel-2"]
slice_s = 30.0
policy = "fifo"

[qpus.fresnel-1]
driver = "emulated"
timing = "neutral-atoms"
latency_s = 2.5
[qpus.fresnel-1.options]
service = "qat.qpus:AnalogQPU"
speedup = 100

[qpus.fresnel-2]
driver = "service"
"""


def test_what_they_mean():
    settings = settings_in(TEXT)
    rules = settings.rules()
    assert settings.unix_socket == Path("/run/openqat/broker.sock")
    assert settings.driver_socket("fresnel-1") == Path("/var/lib/openqat/broker/drivers/fresnel-1.sock")
    assert rules.pools == (Pool(name="fresnel", qpus=("fresnel-1", "fresnel-2"), slice_s=30.0),)
    assert rules.policies == {"fresnel": "fifo"} and rules.cluster == "lab"
    assert rules.timings == {"fresnel": TaskTiming(shot_s=0.012, latency_s=0.025)}
    assert (rules.limits.lease_s, rules.limits.max_qpu_s, rules.limits.recovery_s) == (60.0, 3600.0, 5.0)
    assert settings.identity.trusted_uids == (0, 990) and settings.qpus["fresnel-1"].options["speedup"] == 100


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('cluster = "lab"', 'clutser = "lab"', "line 3: clutser is not known here: did you mean 'cluster'?"),
        ("slice_s = 30.0", 'slice_s = "long"', "line 18: pools.fresnel.slice_s is not right: expected `float"),
        ("slice_s = 30.0", "slice_s = 0", "line 18: pools.fresnel.slice_s is not right: expected `float` > 0"),
        ('policy = "fifo"', 'policy = "lifo"', "line 19: pools.fresnel.policy is 'lifo': expected one of fifo"),
        ('"fresnel-2"]', '"fresnel-3"]', "line 17: pools.fresnel.qpus names 'fresnel-3', and there is no table"),
        ('"fresnel-2"]', '"fresnel-1"]', "line 17: pools.fresnel.qpus names 'fresnel-1', which the pool 'fresnel'"),
        (', "fresnel-2"]', "]", "line 29: qpus.fresnel-2 is in no pool: name it in qpus of a table"),
        (
            'qpus = ["fresnel-1", "fresnel-2"]',
            "qpus = []",
            "line 17: pools.fresnel.qpus is not right: expected `array`",
        ),
        ('timing = "neutral-atoms"', 'timing = "atoms"', "line 23: qpus.fresnel-1.timing is 'atoms': expected one of"),
        ("speedup = 100", "sped = 1", "qpus.fresnel-1.options cannot be: unknown option 'sped'"),
        ("speedup = 100", "speedup = 0", "qpus.fresnel-1.options cannot be: speedup of an emulated driver"),
        ('driver = "service"', 'driver = "servise"', "qpus.fresnel-2.options cannot be: driver is 'servise'"),
        ('"/var/lib/openqat/broker"', '"broker"', "line 2: directory is 'broker': give the whole path"),
        ('unix = "', 'host = "0.0.0.0"\nunix = "', "listen needs host, certificate and key for TCP, or none"),
        ('["peer", "munge"]', "[]", "line 9: identity.methods is empty"),
        ('["peer", "munge"]', '["peer", "password"]', "line 9: identity.methods is not right: invalid enum value"),
        ('["peer", "munge"]', '["jwt"]', "identity allows 'jwt' and needs jwt_key"),
        ("[limits]", "[limit]", "line 12: limit is not known here: did you mean 'limits'?"),
        ("lease_s = 60", "lease = 60", "line 13: limits.lease is not known here: did you mean 'lease_s'?"),
        ("[pools.fresnel]", '[pools."../x"]', "pools.../x is no name: letters, digits"),
        ('cluster = "lab"', "cluster = ", "broker.toml: "),
    ],
)
def test_what_is_said_of_wrong_ones(old, new, told):
    assert old in TEXT
    with pytest.raises(BadSettings, match=re.escape(told)):
        settings_in(TEXT.replace(old, new, 1))


def test_there_has_to_be_a_pool():
    with pytest.raises(BadSettings, match="missing required field `pools`"):
        settings_in('directory = "/b"\nqpus = {}\n')
    with pytest.raises(BadSettings, match="there is no pool"):
        settings_in('directory = "/b"\npools = {}\nqpus = {}\n')


def test_a_table_has_to_be_one():
    with pytest.raises(BadSettings, match=r"line 2: listen is 3: expected a table"):
        settings_in('directory = "/b"\nlisten = 3\npools = {}\nqpus = {}\n')


def test_a_file(tmp_path):
    path = tmp_path / "broker.toml"
    path.write_text(TEXT, encoding="utf-8")
    assert read_settings(path) == settings_in(TEXT)
    path.write_bytes(b"directory = '\xff'")
    with pytest.raises(BadSettings, match="is not text in UTF-8"):
        read_settings(path)


DRIVES = """directory = "/srv/b"
[slurm]
drives_licences = true
{slurm}
[pools.{pool}]
qpus = ["q"]
{more}
[qpus.q]
driver = "emulated"
"""


def test_the_broker_may_drive_the_licences():
    settings = settings_in(
        DRIVES.format(slurm='method = "resource"', pool="p", more="alpha = 1.3\ntarget_stretch = 1.3")
    )
    assert settings.slurm.drives_licences and settings.slurm.method == "resource"
    assert settings.pools["p"].alpha == 1.3
    assert not settings_in(TEXT).slurm.drives_licences


@pytest.mark.parametrize(
    ("slurm", "pool", "more", "told"),
    [
        ("", '"a-b"', "", "a-b is no name of a licence"),
        ('method = "magic"', "p", "", "line 4: slurm.method is not right"),
        ('server = "a b"', "p", "", "line 4: slurm.server is 'a b'"),
        ("", "p", "alpha = 0.5", "line 7: pools.p.alpha is not right"),
        ("", "p", "target_stretch = 1.0", "pools.p.target_stretch is not right"),
    ],
)
def test_licences_that_cannot_be_driven(slurm, pool, more, told):
    with pytest.raises(BadSettings, match=told):
        settings_in(DRIVES.format(slurm=slurm, pool=pool, more=more))
