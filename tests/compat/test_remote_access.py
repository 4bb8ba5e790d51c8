"""The published behaviour of ``qat.qlmaas`` and ``qlmaas``, as programs rely on it."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import qat
from qat.comm.qlmaas.ttypes import JobInfo, JobStatus
from qat.qlmaas import QLMaaSConnection
from qat.qlmaas.qpus import QLMaaSQPU
from qat.qlmaas.result import AsyncResult
from qat.qlmaas.wrappers import ServiceDescription

WITHOUT_A_SERVER = """
import sys
try:
    from qlmaas.qpus import LinAlg
except (ImportError, OSError):
    sys.exit(7)
"""
CONNECTION = """
get_qpus get_plugins get_generators get_qpu get_plugin get_generator get_importable get_job get_jobs get_jobs_info
get_status get_result cancel_job delete_job_files create_config override_default reconnect open_prompt drop_interactive
change_password save_certificate save_ssl_dn upload_files download_files delete_files list_files mirror_files
update_config
"""
RESULT = """
join get_result get_status cancel delete_files get_batch get_info queue submission_date starting_date ending_date get_id
"""


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    for name in ("QLMAAS_DIR", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("QLMAAS_HOSTNAME", raising=False)


def test_names():
    assert set(CONNECTION.split()) <= set(dir(QLMaaSConnection)) and set(RESULT.split()) <= set(dir(AsyncResult))
    assert {"submit", "get_specs", "push_plugin", "load_config", "compile"} <= set(dir(QLMaaSQPU))
    assert ServiceDescription("qat.qpus:X").name == "qat.qpus:X"
    assert JobInfo(id="Job1", status=3).status == JobStatus.DONE


def test_arguments_of_a_connection():
    names = "hostname port authentication certificate key check_host timeout kwargs"
    assert " ".join(inspect.signature(QLMaaSConnection).parameters) == names


def test_no_hostname():
    with pytest.raises(AttributeError):
        QLMaaSConnection()


def test_no_password(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(RuntimeError):
        QLMaaSConnection("http://127.0.0.1:1")


def test_programs_try_to_import_qlmaas():
    environment = {**os.environ, "PYTHONPATH": str(Path(qat.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", WITHOUT_A_SERVER], check=False, timeout=60, env=environment)
    assert done.returncode == 7
