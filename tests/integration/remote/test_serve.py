"""``qat serve``: settings from a file, a Unix socket beside the port, systemd."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import urllib.request

from benchmarks.remote.server import Server


def test_a_centre_s_server_listens_where_its_file_says(tmp_path):
    server = Server(tmp_path)
    link, told, notified = tmp_path / "link", tmp_path / "ready", tmp_path / "notify"
    config = tmp_path / "server.toml"
    config.write_text(
        f'directory = "{server.directory}"\nport = 0\nis_tls = false\nworkers = 1\nroot_path = "/openqat"\n'
        f'unix_socket = "{link}"\nunix_socket_mode = 0o660\nlog_level = "warning"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "openqat", "serve", "--config", str(config), "--ready-file", str(told)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notified))
        systemd.settimeout(60)
        environment = server.client_environment | {"NOTIFY_SOCKET": str(notified)}
        process = subprocess.Popen(command, env=environment)
        try:
            assert systemd.recv(100) == b"READY=1"
            assert link.stat().st_mode & 0o777 == 0o660
            port = json.loads(told.read_text(encoding="utf-8"))["port"]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/version", timeout=30) as reply:
                assert json.load(reply)["api"] == 1
            local = http.client.HTTPConnection("localhost", timeout=30)
            local.sock = socket.socket(socket.AF_UNIX)
            local.sock.connect(str(link))
            local.request("GET", "/v1/openapi.json")
            assert json.load(local.getresponse())["servers"] == [{"url": "/openqat"}]
            local.close()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert systemd.recv(100) == b"STOPPING=1"


def test_settings_that_are_wrong_are_named(tmp_path):
    config = tmp_path / "server.toml"
    config.write_text('host = "0.0.0.0"\nis_tls = false\n', encoding="utf-8")
    command = [sys.executable, "-m", "openqat", "serve", "--config", str(config)]
    environment = Server(tmp_path).client_environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "passwords would travel unprotected" in done.stderr
