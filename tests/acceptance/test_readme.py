"""The programs of the README run and print what it says; those for a server on one of their own."""

import runpy

import pytest

from tests.acceptance.pages import ROOT, blocks_of, outputs_of

BLOCKS = blocks_of(ROOT / "README.md")
LOCAL = """
stack = ScipyMinimizePlugin() | LinAlg()
results = stack.submit(jobs)
"""
REMOTE = """
from qlmaas.qpus import LinAlg
from qlmaas.plugins import ScipyMinimizePlugin

stack = ScipyMinimizePlugin() | LinAlg()
future_results = stack.submit(jobs)
results = future_results.join()
"""


@pytest.fixture
def _server(monkeypatch):
    monkeypatch.setenv("QLMAAS_DIR", "")  # what the server sets is undone
    with runpy.run_path(str(ROOT / "examples" / "own_server.py"))["own_server"]():
        yield


@pytest.mark.usefixtures("_server")
def test_programs():
    assert outputs_of(BLOCKS) == [block.output for block in BLOCKS]


def test_the_mission_comes_first():
    assert LOCAL in BLOCKS[0].code
    assert BLOCKS[1].code == REMOTE.lstrip()
