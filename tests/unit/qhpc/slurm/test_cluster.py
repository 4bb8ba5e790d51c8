"""The files and commands of a private cluster: what its shape asks for is there, and nothing else."""

from pathlib import Path

import pytest

from qhpc.slurm.cluster_daemons import daemon_command, daemons, entries, make_database, open_database, programs
from qhpc.slurm.cluster_files import ClusterShape, Identity, slurm_conf, slurmdbd_conf
from qhpc.slurm.private_cluster import ClusterError, PrivateCluster, missing

PLACE = Path("/tmp/q")
PLAIN = ClusterShape(nb_nodes=2)
WHOLE = ClusterShape(nb_nodes=2, has_accounting=True, has_rest=True, accounts={"phys": ("ada", "bob")})


def conf(shape):
    identity = Identity(directory=PLACE, host="host", user="ada", ports=range(7000, 7000 + shape.nb_ports))
    return slurm_conf(shape, identity).splitlines(), slurmdbd_conf(identity).splitlines()


def test_a_plain_cluster_has_no_accounting_and_no_tokens():
    lines, _ = conf(PLAIN)
    assert "AccountingStorageType=accounting_storage/none" in lines
    assert not any(line.startswith(("AuthAlt", "AccountingStorageHost")) for line in lines)
    assert daemons(PLAIN) == ("munged", "slurmctld", "slurmd.q1", "slurmd.q2")
    assert "slurmdbd" not in programs(PLAIN) and "slurmrestd" not in programs(PLAIN)


def test_the_accounting_has_the_last_port_and_nodes_keep_theirs():
    lines, database = conf(WHOLE)
    assert [line.split("Port=")[1].split()[0] for line in lines if line.startswith("NodeName")] == ["7001", "7002"]
    assert "AccountingStoragePort=7003" in lines and "DbdPort=7003" in database
    assert "AuthAltParameters=jwt_key=/tmp/q/state/jwt.key" in lines


def test_settings_of_the_shape_go_before_all_others():
    lines, _ = conf(ClusterShape(has_accounting=True, settings={"AccountingStoreFlags": "", "SlurmdTimeout": "5"}))
    assert "SlurmdTimeout=5" in lines and not any(line.startswith("AccountingStoreFlags") for line in lines)


def test_what_needs_the_database_starts_after_it():
    order = daemons(WHOLE)
    assert order.index("mariadbd") < order.index("slurmdbd") < order.index("slurmctld") < order.index("slurmrestd")


def test_nothing_of_the_database_is_open_to_others():
    _, database = conf(WHOLE)
    assert not any(line.startswith("StoragePass") for line in database)
    assert "--auth-root-socket-user=ada" in make_database(PLACE, "ada")
    assert "'ada'@'localhost'" in open_database(PLACE, "ada")[-1]
    assert "--skip-networking" in daemon_command("mariadbd", PLACE, "ada")


def test_databases_leave_the_temporary_tables_of_others_alone():
    for command in (make_database(PLACE, "ada"), daemon_command("mariadbd", PLACE, "ada")):
        assert "--tmpdir=/tmp/q/temporary" in command


@pytest.mark.parametrize(("user", "is_nobody"), [("root", True), ("ada", False)])
def test_requests_over_http_are_not_served_by_root(user, is_nobody):
    script = daemon_command("slurmrestd", PLACE, user)[-1]
    assert ("setpriv --reuid=nobody" in script) is is_nobody
    assert script.endswith("-a rest_auth/jwt unix:/tmp/q/rest/socket")


def test_accounts_and_users_are_entered():
    assert [command[2:] for command in entries(WHOLE)] == [
        ("add", "cluster", "try"),
        ("add", "account", "phys"),
        ("add", "user", "ada", "account=phys"),
        ("add", "user", "bob", "account=phys"),
    ]


def test_what_is_missing_is_named_with_its_packages(monkeypatch):
    monkeypatch.setattr("qhpc.slurm.private_cluster._PATH", "/absent")
    told = missing(WHOLE)
    assert told.endswith("apt-get install slurm-wlm munge slurmdbd mariadb-server slurmrestd slurm-wlm-jwt-plugin")
    assert missing(PLAIN).endswith("apt-get install slurm-wlm munge")
    with pytest.raises(ClusterError, match=r"no munged, .*slurmdbd"):
        PrivateCluster(PLACE / "never", WHOLE).start()
