"""Large contents in files."""

import errno
import os
import resource
import subprocess
import sys
from hashlib import sha256

import pytest

from qhpc.access.jobs.ids import new_id
from qhpc.access.store.files import FileName, Files
from qhpc.access.store.protocol import DamagedContent, StorageFull

CONTENT = bytes(range(256)) * 400
ID = new_id(1.0, 7)


def name_of(content=CONTENT, job_id=ID):
    return FileName(job_id, "result", sha256(content).hexdigest())


@pytest.fixture
def files(tmp_path):
    opened = Files(tmp_path / "deep" / "files")
    opened.open()
    return opened


def names(files):
    return sorted(entry.name for entry in files._directory.iterdir())


def test_a_content_comes_back(files):
    files.write(name_of(), CONTENT)
    assert files.read(name_of()) == CONTENT
    assert names(files) == [str(name_of())]
    files.remove(name_of())
    files.remove(name_of())
    assert names(files) == []
    with pytest.raises(FileNotFoundError):
        files.read(name_of())


def test_only_the_owner_can_read(files):
    files.write(name_of(), CONTENT)
    path = files._directory / str(name_of())
    assert (path.stat().st_mode & 0o777, files._directory.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_directory_that_others_can_read_is_refused(tmp_path):
    tmp_path.chmod(0o755)
    with pytest.raises(PermissionError, match="chmod 700"):
        Files(tmp_path).open()


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"x" + data[1:], lambda data: b""])
def test_damage_is_noticed(files, damage):
    files.write(name_of(), CONTENT)
    path = files._directory / str(name_of())
    path.write_bytes(damage(CONTENT))
    with pytest.raises(DamagedContent, match=ID):
        files.read(name_of())


def test_a_link_is_not_followed(files, tmp_path):
    (tmp_path / "other").write_bytes(CONTENT)
    (files._directory / str(name_of())).symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic"):
        files.read(name_of())


@pytest.mark.parametrize("job_id", ["../x", "", "/etc/passwd", "0" * 25 + "/", ID + "\0"])
def test_no_name_leads_elsewhere(files, job_id):
    for act in (files.read, files.remove, lambda name: files.write(name, b"")):
        with pytest.raises(ValueError, match="no id"):
            act(name_of(job_id=job_id))
    assert names(files) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_nothing_is_kept_when_the_disk_is_full(files, monkeypatch, code, step):
    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(f"os.{step}", fail)
    with pytest.raises(StorageFull, match="no room for 102400 bytes"):
        files.write(name_of(), CONTENT)
    assert names(files) == []


def test_other_errors_stay_what_they_are(files, monkeypatch):
    def fail(*args):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="broken") as caught:
        files.write(name_of(), CONTENT)
    assert not isinstance(caught.value, StorageFull)
    assert names(files) == []


LIMITED = """
import resource, sys
from pathlib import Path
from qhpc.access.store.files import FileName, Files
from qhpc.access.store.protocol import StorageFull
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Files(Path(sys.argv[1])).write(FileName(sys.argv[2], "result", "0" * 64), bytes(2000))
except StorageFull:
    print("full")
"""


def test_a_real_limit_is_noticed(files):
    """The system's own refusal to let a file grow."""
    command = [sys.executable, "-c", LIMITED, str(files._directory), ID]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert (told.stdout, names(files)) == ("full\n", [])
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_old_files_are_told_and_others_are_none_of_ours(files):
    files.write(name_of(), CONTENT)
    (files._directory / f"{ID}.abc.new").touch()
    (files._directory / "README").touch()
    assert sorted(files.older_than(1e12)) == sorted([str(name_of()), f"{ID}.abc.new"])
    assert files.older_than(0.0) == []
