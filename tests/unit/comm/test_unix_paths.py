"""Sockets in deep folders can be bound and reached."""

import socket

import pytest

from qat.comm.unix_paths import socket_path


@pytest.mark.parametrize("depth", [1, 40])
def test_a_socket_is_reached_however_deep_it_lies(tmp_path, depth):
    folder = tmp_path.joinpath(*["deep"] * depth)
    folder.mkdir(parents=True)
    path = folder / "socket"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with socket_path(path) as name:
            listener.bind(name)
        assert path.is_socket()
        listener.listen()
        with socket_path(path) as name:
            client.connect(name)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError), socket_path(tmp_path / ("x" * 120) / "socket"):
        pass
