"""Files of values: names, atomicity, errors that name the file."""

import copy
import pickle
import stat

import pytest

from qat.core import (
    Batch,
    BatchResult,
    Circuit,
    HardwareSpecs,
    Job,
    Observable,
    Result,
    Schedule,
    Topology,
    serialization,
)
from qat.core.errors import WireError
from qat.core.serialization import Serializable, set_codec, write_atomically
from qat.kernels.gates import GATES, GateForm
from qat.kernels.tape import TapeBuilder


def circuit():
    builder = TapeBuilder()
    builder.gate(builder.form(GateForm(GATES["H"])), [0])
    return Circuit.from_tape(builder.tape(2))


VALUES = {
    ".circ": circuit(),
    ".job": circuit().to_job(nbshots=3),
    ".batch": Batch([circuit().to_job()]),
    ".res": Result(value=0.5),
    ".bres": BatchResult([Result(value=0.5)]),
    ".obs": Observable.sigma_z(0, 2),
    ".sched": Schedule(drive=Observable.sigma_x(0, 1), tmax=2.0),
    ".hw": HardwareSpecs(nbqbits=3),
    ".topo": Topology(nbqbits=3),
}
each_value = pytest.mark.parametrize(("extension", "value"), VALUES.items())


@each_value
def test_the_extension_is_appended_when_missing(extension, value, tmp_path):
    value.dump(str(tmp_path / "one"))
    value.dump(tmp_path / f"two{extension}")
    value.dump(tmp_path / "three.v1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"one{extension}",
        f"three.v1{extension}",
        f"two{extension}",
    ]


@each_value
def test_what_was_dumped_is_loaded(extension, value, tmp_path):
    value.dump(tmp_path / "x")
    for name in (tmp_path / f"x{extension}", str(tmp_path / "x")):
        loaded = type(value).load(name)
        assert type(loaded) is type(value) and loaded == value
    assert type(value).from_bytes(value.to_bytes()) == value
    assert value.file_extension == extension


@each_value
def test_ordinary_copies_work_too(extension, value):
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)


def test_wrong_damaged_and_missing_files_are_named(tmp_path):
    name = tmp_path / "run.batch"
    Batch([]).dump(name)
    with pytest.raises(WireError, match=r"run\.batch: it holds a Batch; expected a Job; load it with Batch\.load\.$"):
        Job.load(name)
    name.write_bytes(name.read_bytes()[:-1])
    with pytest.raises(WireError, match=r"run\.batch: .*complete file"):
        Batch.load(name)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Batch.load(tmp_path / "nowhere")


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "x.res"
    write_atomically(target, b"old")

    def interrupted(self, data):
        raise OSError("disk full")

    monkeypatch.setattr(type(target), "write_bytes", interrupted)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.res"]


def test_files_have_the_permissions_of_any_new_file(tmp_path):
    Result().dump(tmp_path / "a")
    (tmp_path / "b").write_bytes(b"")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.res", "b")}
    assert len(modes) == 1


def test_the_codec_can_be_exchanged(monkeypatch):
    monkeypatch.setattr(serialization, "_codec_module", serialization._codec_module)
    set_codec("json")
    with pytest.raises(AttributeError, match="encode"):
        Result().to_bytes()


def test_subclasses_of_ones_own_are_loaded_as_such(tmp_path):
    class Special(Result):
        pass

    Special(value=1.0).dump(tmp_path / "x")
    assert type(Special.load(tmp_path / "x")) is Special
    assert type(Result.load(tmp_path / "x")) is Result
    assert issubclass(Special, Serializable)
