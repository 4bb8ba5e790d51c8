"""The wheel, and what importing costs; tests/acceptance/test_dependencies.py has what it needs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"qat", "qlmaas", "qhpc", "openqat"}
NOT_SOURCES = (".pyc", ".so")
SERVICE_FOLDERS = ("qat/qpus", "qat/plugins", "qat/generators")

IMPORT_LIGHT = """
import sys
import qat.core, qat.lang.AQASM, qat.qpus, qat.plugins, qat.generators
print(sorted(name for name in ("scipy", "networkx", "matplotlib", "msgspec", "unittest") if name in sys.modules))
"""


def run(program):
    return subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", str(folder), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_wheel_has_every_module_and_nothing_else(wheel):
    files = (path for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix not in NOT_SOURCES)
    sources = {str(path.relative_to(ROOT / "src")) for path in files if path.parent.name != "native"}
    packaged = {name for name in wheel if ".dist-info/" not in name and not name.endswith(".so")}
    assert sources == packaged and {name.partition("/")[0] for name in packaged} == PACKAGES
    assert "qat/py.typed" in packaged and any(name.endswith("licenses/LICENSE") for name in wheel)


def test_wheel_has_the_compiled_engine(wheel):
    assert sum(name.startswith("qat/kernels/_native.") and name.endswith(".so") for name in wheel) == 1


def test_service_folders_are_open_to_other_packages(wheel):
    for folder in SERVICE_FOLDERS:
        assert f"{folder}/openqat_services.py" in wheel and f"{folder}/__init__.py" not in wheel


def test_importing_is_light():
    done = run(IMPORT_LIGHT)
    assert done.stdout.strip() == "[]", done.stderr
