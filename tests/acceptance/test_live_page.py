"""docs/live.md: its tables are those of the figures that are kept, its commands are those of the benchmarks."""

import json
import re
import runpy

import pytest

from benchmarks.live import thousand, three_ways
from tests.acceptance.pages import ROOT

TEXT = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
MADE = runpy.run_path(str(ROOT / "docs" / "make_live.py"))
KEPT = {name: json.loads((ROOT / "docs" / "live" / f"{name}.json").read_text()) for name in MADE["TABLES"]}


def test_its_tables_are_up_to_date():
    assert MADE["page"](TEXT) == TEXT, "run python docs/make_live.py"


def test_its_tables_are_those_of_the_figures():
    for way in KEPT["three_ways"]["ways"].values():
        assert f"| {way['live']['utilisation']:.3f} | {way['lab']['utilisation']:.3f} |" in TEXT
    assert f"| jobs a second | {KEPT['thousand']['jobs_per_s']:.2f} |" in TEXT


def test_what_is_kept_is_of_runs_without_faults():
    assert KEPT["thousand"]["faults"] == []
    assert {name: found["benchmark"] for name, found in KEPT.items()} == {name: name for name in MADE["TABLES"]}


@pytest.mark.parametrize("benchmark", [three_ways, thousand])
def test_its_commands_are_those_of_the_benchmarks(benchmark):
    name = benchmark.__name__
    (words,) = re.findall(rf"^python -m {name} (.*)$", TEXT, re.MULTILINE)
    assert benchmark.parsed(words.split()).json.name == f"{name.rpartition('.')[2]}.json"


def test_only_figures_of_these_benchmarks_are_kept(tmp_path):
    keep = MADE["keep"]
    for wrong in ({"benchmark": "other"}, {**KEPT["thousand"], "faults": ["job 3 has ended 2 times"]}):
        file = tmp_path / "found.json"
        file.write_text(json.dumps(wrong))
        with pytest.raises(SystemExit, match="nothing is kept of it"):
            keep([str(file)])
