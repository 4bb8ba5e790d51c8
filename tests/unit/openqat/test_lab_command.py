"""``qat lab``: tables, JSON, pictures, and what it says of wrong input."""

import json
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from openqat.cli import qat
from openqat.output import exit_code_of
from qhpc.lab.comparison import CONTENDERS, Contender, all_contenders
from qhpc.lab.errors import LabError

POLICIES = ("--policy", "exclusive/fifo", "--policy", "unlimited/fifo", "--policy", "capped-duty/shortest-in-share")


def lab(*arguments):
    return CliRunner().invoke(qat, ["lab", *arguments])


def json_of(*arguments):
    done = lab(*arguments, "--output", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_list_names_all_scenarios():
    done = lab("list", "--output", "quiet")
    assert {"mission", "mix", "neutral-atoms", "superconducting", "outages"} <= set(done.stdout.split())
    assert "The three situations of the mission" in lab("list").stdout


def test_compare_puts_the_three_situations_side_by_side():
    done = lab("compare", "mission-picture", *POLICIES, "--seeds", "1")
    heading, exclusive, unlimited, ours = done.stdout.splitlines()
    assert heading.split()[:5] == ["ADMISSION", "DISPATCH", "U", "STRETCH", "P95"]
    assert exclusive.split()[2:5] == ["0.333", "1.00", "1.00"]
    assert float(unlimited.split()[3]) > 1.9 and float(ours.split()[3]) < 1.05
    assert unlimited.split()[2] == ours.split()[2]


def test_compare_gives_intervals_and_verdicts_over_seeds():
    exclusive, unlimited, ours = json_of("compare", "mix", *POLICIES, "--seeds", "3")
    assert exclusive["against_default"]["turnaround_s"] == "worse" and ours["against_default"] == {}
    assert unlimited["measures"]["stretch_mean"]["mean"] > 3 * ours["measures"]["stretch_mean"]["mean"]
    assert 0 < ours["measures"]["utilisation"]["half_width"] < 0.2
    assert exclusive["idle"]["not admitted"] > 0.8


def test_compare_knows_every_policy():
    compared = json_of("compare", "mission-picture", "--seeds", "1")
    assert [Contender(row["admission"], row["dispatch"]) for row in compared] == list(CONTENDERS)
    everything = json_of("compare", "mission-picture", "--seeds", "1", "--all")
    assert len(everything) == len(all_contenders()) > len(CONTENDERS)


def test_run_shows_all_measures_of_one_policy():
    done = lab("run", "mission-picture", "--seeds", "1", "--policy", "exclusive/fifo")
    shown = dict(line.rsplit("  ", 1) for line in done.stdout.splitlines())
    values = {name.strip(): float(value) for name, value in shown.items()}
    assert values["utilisation"] == pytest.approx(1 / 3, abs=1e-4)
    assert values["idle: not admitted"] + values["idle: too few jobs"] == pytest.approx(2 / 3, abs=1e-3)


def test_the_same_seeds_give_the_same_results():
    assert json_of("run", "mix", "--seeds", "2") == json_of("run", "mix", "--seeds", "2")


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_pictures(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    done = lab("compare", "mission-picture", *POLICIES, "--seeds", "1", "--gantt", str(path))
    assert done.exit_code == 0, done.output
    text = path.read_text()
    assert all(policy in text for policy in POLICIES[1::2]) and "waits for a QPU" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    if suffix == "svg":
        tips = [tip.text for tip in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}title")]
        assert tips.count("variational-0, 20 to 30 s") == 3
    else:
        assert "<td>exclusive</td>" in text


def test_pictures_have_a_known_suffix(tmp_path):
    done = lab("run", "mission-picture", "--seeds", "1", "--gantt", str(tmp_path / "x.gif"))
    assert done.exit_code == 2 and "give a name that ends with .svg or .html" in done.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("run", "mixx"), "no scenario 'mixx'"),
        (("run", "mix", "--policy", "all/fifo"), "no admission policy 'all': expected one of exclusive"),
        (("run", "mix", "--policy", "exclusive:2/fifo"), "exclusive takes no number; expected one of fixed-count"),
        (("run", "mix", "--policy", "fixed-count:two/fifo"), "'fixed-count:two': expected a number that fixed-count"),
        (("run", "mix", "--policy", "capped-duty:-1/fifo"), "alpha is -1.0: give a positive number"),
        (("run", "mix", "--policy", "unlimited/lifo"), "no dispatch policy 'lifo': expected one of fifo"),
        (("compare", "mix", "--policy", "fifo"), "'fifo' names no policies: give ADMISSION/DISPATCH"),
    ],
)
def test_wrong_input_is_named(arguments, complaint):
    error = lab(*arguments).exception
    assert isinstance(error, LabError) and complaint in str(error) and exit_code_of(error) == 2


def test_export_and_import(tmp_path):
    swf, table = str(tmp_path / "mix.swf"), str(tmp_path / "mix.csv")
    assert lab("export", "mix", swf, "--seed", "2").exit_code == 0
    done = lab("import", swf, table)
    assert done.exit_code == 0 and done.stderr.startswith("60 jobs, ")
    first, second = (json_of("compare", path, "--policy", "unlimited/fifo")[0] for path in (swf, table))
    assert first["measures"] == second["measures"]
    assert first["measures"]["utilisation"]["half_width"] is None
