"""The package ``qlmaas``: names of services, what importing it needs, loads and says."""

import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import qat
from qat.core import Circuit
from qat.qlmaas import QLMaaSConnection, connection
from qat.qlmaas.job_id import get_job_id, set_job_id
from qat.qlmaas.qpus import QLMaaSQPU

HEAVY = (
    "scipy", "fastapi", "sqlalchemy", "click", "rich", "pydantic", "networkx", "matplotlib", "asyncpg", "qhpc",
    "email", "http", "urllib3",
)  # fmt: skip


@pytest.fixture(autouse=True)
def fresh():
    """``qlmaas`` is not imported yet, and is not when the test is over."""
    finders = list(sys.meta_path)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "qlmaas"]:
            del sys.modules[name]
        sys.meta_path[:] = finders

    forget()
    yield
    forget()


def test_names_of_services(connected):
    from qlmaas.plugins import ScipyMinimizePlugin
    from qlmaas.qpus import LinAlg

    assert issubclass(LinAlg, QLMaaSQPU) and LinAlg is connected.get_qpu("LinAlg")
    result = (ScipyMinimizePlugin() | LinAlg()).submit(Circuit.empty(1).to_job()).join()
    assert len(result) == 1


def test_listings(connected):
    import qlmaas.generators
    import qlmaas.jobs
    import qlmaas.plugins
    import qlmaas.qpus

    assert dir(qlmaas.qpus) == ["LinAlg"] and dir(qlmaas.plugins) == ["ObservableSplitter", "ScipyMinimizePlugin"]
    assert hasattr(qlmaas.generators, "MaxCutGenerator") and not hasattr(qlmaas.generators, "Nothing")
    namespace = {}
    exec("from qlmaas.qpus import *", namespace)
    assert "LinAlg" in namespace
    connected.get_qpu("LinAlg")().submit(Circuit.empty(1).to_job())
    assert dir(qlmaas.jobs) == ["Jobj1"] and qlmaas.jobs.Jobj1.get_status() == "done"
    with pytest.raises(AttributeError, match="write Job and the id"):
        qlmaas.jobs.j1  # noqa: B018


def test_unknown_names_are_explained(connected):
    import qlmaas.plugins

    with pytest.raises(ImportError, match=r"cannot import name 'Linalg' from 'qlmaas.qpus': .* did you mean LinAlg\?"):
        exec("from qlmaas.qpus import Linalg")
    with pytest.raises(AttributeError, match="did you mean ObservableSplitter"):
        qlmaas.plugins.ObservableSpliter  # noqa: B018
    assert qlmaas.plugins.hint("ObservableSplitter") == "qat.plugins has ObservableSplitter"


def test_warnings_of_services(connected):
    import qlmaas.plugins

    with pytest.warns(UserWarning, match="ObservableSplitter: being mended"):
        qlmaas.plugins.ObservableSplitter  # noqa: B018
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        qlmaas.plugins.ScipyMinimizePlugin  # noqa: B018


def test_the_last_connection_is_used(connected, server):
    other = QLMaaSConnection("fake", token="secret", transport=server)
    import qlmaas.qpus

    assert qlmaas.qpus.LinAlg().connection is other
    connected.override_default()
    assert qlmaas.qpus.LinAlg().connection is connected


def test_files_of_users_are_not_offered(connected):
    import qlmaas.utils

    assert "upload_files" in dir(qlmaas.utils)
    with pytest.raises(NotImplementedError, match=r"result\.dump"):
        qlmaas.utils.upload_files("x")
    with pytest.raises(AttributeError):
        qlmaas.utils.nothing  # noqa: B018


def test_without_a_server():
    with pytest.raises(ImportError, match=r"no server is configured: .* 'qat up' starts a server"):
        importlib.import_module("qlmaas.qpus")
    assert connection._last is None


def test_a_server_that_is_away(monkeypatch):
    monkeypatch.setenv("QLMAAS_HOSTNAME", "http://127.0.0.1:1")
    monkeypatch.setenv("QLMAAS_TOKEN", "x")
    with pytest.raises(ImportError, match=r"qlmaas needs an access server: http://127\.0\.0\.1:1 does not answer"):
        importlib.import_module("qlmaas")


def test_only_light_packages_are_loaded():
    program = f"""
import sys
from qat.qlmaas import QLMaaSConnection
from tests.unit.qlmaas.fake_server import FakeServer
QLMaaSConnection("http://127.0.0.1", token="secret", transport=FakeServer())
from qlmaas.qpus import LinAlg
from qlmaas.plugins import ScipyMinimizePlugin
stack = ScipyMinimizePlugin() | LinAlg()
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    root = Path(qat.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": f"{root / 'src'}:{root}", "HOME": "/nonexistent", "PATH": ""},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_job_that_runs_here():
    assert get_job_id() is None
    set_job_id("j7")
    assert get_job_id() == "j7"
    set_job_id(None)
