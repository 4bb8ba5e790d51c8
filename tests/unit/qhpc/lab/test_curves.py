"""Curves: where their corners are, and what must not break the picture."""

import re
from xml.etree import ElementTree

from qhpc.lab.curves import Curve, curves_svg


def corners(picture):
    return [
        [tuple(map(float, corner.split(","))) for corner in line.split()]
        for line in re.findall(r'polyline points="([^"]*)"', picture)
    ]


def test_a_value_lasts_until_the_next_one_comes():
    ((first, before, after, end),) = corners(curves_svg("a", [Curve("c", [(0.0, 1.0), (50.0, 2.0)])], end_s=100.0))
    assert first == (50.0, 148.0) and end == (950.0, 26.0)
    assert before == (500.0, 148.0) and after == (500.0, 26.0)


def test_all_curves_are_there_and_titles_are_text():
    given = [Curve(f"<{number}>", [(0.0, number)]) for number in (1.0, 2.0, 4.0)]
    picture = curves_svg("a & b", given, end_s=10.0)
    texts = [each.text for each in ElementTree.fromstring(picture).iter() if each.tag.endswith("text")]
    assert {"a & b", "<1.0>", "<2.0>", "<4.0>"} <= set(texts)
    assert len(corners(picture)) == 3
