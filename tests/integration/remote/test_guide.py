"""The guide of remote access: its programs and commands run in order against a real server."""

import re
import subprocess
import sys

from tests.acceptance.pages import ROOT

_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n(?:\n((?:    [^\n]*\n)+))?", re.MULTILINE | re.DOTALL)
_END = "--- end of block ---"
_SHELL = """
import os, subprocess
def shell(code):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
"""


def program_of(blocks):
    """One Python program of all blocks."""
    parts = [code if language == "python" else f"shell({code!r})\n" for language, code, _ in blocks]
    return _SHELL + f"print({_END!r})\n".join([*parts, ""])


def test_the_guide(access_server, tmp_path):
    blocks = _BLOCK.findall((ROOT / "docs" / "remote.md").read_text(encoding="utf-8"))
    assert {language for language, _, _ in blocks} == {"python", "sh"}
    command = tmp_path / "qat"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m openqat "$@"\n')
    command.chmod(0o755)
    environment = access_server.client_environment
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"], input=program_of(blocks), capture_output=True, text=True, timeout=200,
        check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    printed = done.stdout.split(_END + "\n")
    for (language, code, expected), output in zip(blocks, printed, strict=False):
        if language == "python":
            assert output == re.sub("^    ", "", expected, flags=re.MULTILINE), code
    assert (tmp_path / "result.json").exists()
