"""What import qat checks and sets up; lazy exports."""

import subprocess
import sys
from pathlib import Path

import pytest

import qat.core
import qat.core.wrappers
from qat.core.lazy import lazy_exports
from qat.modules import get_default_qpu, refuse_closed_distributions


def test_the_closed_implementation_beside_this_one_is_refused(tmp_path):
    for name in ("qat_core-1.14.0", "qat_lang-3.4.2", "myqlm_fermion-1.4.1", "openqat-0.1.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
    with pytest.raises(ImportError) as info:
        refuse_closed_distributions([str(tmp_path / "qat")])
    message = str(info.value)
    assert "qat_core-1.14.0, qat_lang-3.4.2" in message and str(tmp_path) in message
    assert "pip uninstall qat-core qat-lang && pip install --force-reinstall --no-deps openqat" in message


def test_other_distributions_are_welcome(tmp_path):
    for name in ("myqlm_fermion-1.4.1", "qat_corelib-1.0", "openqat-0.1.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
    refuse_closed_distributions([str(tmp_path / "qat"), str(tmp_path / "other" / "qat")])


def test_import_qat_refuses_it(tmp_path):
    source = Path(qat.core.__file__).parent.parent.parent
    (tmp_path / "qat_comm-1.9.2.dist-info").mkdir()
    (tmp_path / "qat").mkdir()
    program = f"import sys; sys.path[:0] = [{str(source)!r}, {str(tmp_path)!r}]; import qat"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "ImportError: openqat and qat_comm-1.9.2 are installed" in done.stderr


@pytest.mark.parametrize("package", [qat.core, qat.core.wrappers])
def test_every_export_exists(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


def test_submodules_of_core_are_attributes():
    for name in dir(qat.core):
        if not name.startswith("_") and name not in ("TYPE_CHECKING",):
            assert getattr(qat.core, name) is not None


def test_lazy_exports_are_kept():
    getter, listing = lazy_exports("qat.core", {"ErrorType": "qat.core.enums"})
    assert getter("ErrorType") is qat.core.ErrorType and "ErrorType" in listing()
    del qat.core.ErrorType


def test_the_default_qpu():
    assert str(get_default_qpu()) == "ScipyMinimizePlugin | LinAlg"
