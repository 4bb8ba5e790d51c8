"""Draws the pictures of docs/engine.md into docs/engine/.

python docs/make_engine_pictures.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).with_name("engine")
STYLE = """
text { font: 13px sans-serif; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
.note { font-size: 11px; fill: #59636e } .left { text-anchor: start }
rect, circle { fill: #ddf4ff; stroke: #0969da } .plain { fill: none } .hot { fill: #fff1c2; stroke: #9a6700 }
path { stroke: #59636e; fill: none } .head { fill: #59636e; stroke: none }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .note { fill: #9198a1 } rect, circle { fill: #121d2f; stroke: #4493f8 }
  .plain { fill: none } .hot { fill: #272115; stroke: #d29922 } path { stroke: #9198a1 } .head { fill: #9198a1 }
}
""".strip()


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words around a point; ``kind`` is a class of ``STYLE``."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{words}</text>'


def box(x: float, y: float, width: float, height: float, words: str = "", kind: str = "") -> str:
    """A box with words in the middle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" class="{kind}"/>' + text(
        x + width / 2, y + height / 2, words
    )


def line(*points: tuple[float, float]) -> str:
    """A line through points."""
    return f'<path d="M{" L".join(f"{x:g} {y:g}" for x, y in points)}"/>'


def arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    """A line with a head, to the right, to the left or downwards."""
    if y0 == y1:
        back = -7 if x1 > x0 else 7
        head = f"{x1:g},{y1:g} {x1 + back:g},{y1 - 4:g} {x1 + back:g},{y1 + 4:g}"
    else:
        head = f"{x1:g},{y1:g} {x1 - 4:g},{y1 - 7:g} {x1 + 4:g},{y1 - 7:g}"
    return line((x0, y0), (x1, y1)) + f'<polygon class="head" points="{head}"/>'


def picture(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """A whole drawing."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def way() -> str:
    """The stations of a circuit."""
    stations = (
        ("tape", "columns of gates", "Python"),
        ("Program", "kept by structure", "program.h, ladders.h"),
        ("nodes", "made for each run", "planner.h"),
        ("passes", "one sweep each", "schedule.h, pass_writer.h"),
        ("tiles", "in the cache", "executor.h, kernels_*.h"),
    )
    parts = []
    for i, (name, what, where) in enumerate(stations):
        x = 10 + 150 * i
        parts += [box(x, 20, 110, 40, name), text(x + 55, 76, what, "note"), text(x + 55, 94, where, "note")]
        if i:
            parts.append(arrow(x - 40, 40, x, 40))
    return picture(730, 110, "From tape to tiles", parts)


def wires(x: float, width: float, rows: Iterable[float]) -> list[str]:
    """Qubit lines."""
    return [line((x, y), (x + width, y)) for y in rows]


def nodes() -> str:
    """Gates before and after merging."""
    before = [*wires(10, 300, (40, 90))]
    for x, y, name in ((25, 25, "H"), (75, 25, "T"), (125, 25, "RX"), (75, 75, "RY"), (125, 75, "S"), (255, 25, "T")):
        before.append(box(x, y, 38, 30, name))
    before += [line((210, 40), (210, 90)), '<circle cx="210" cy="40" r="4"/>', '<circle cx="210" cy="90" r="10"/>']
    before += [line((200, 90), (220, 90)), line((210, 80), (210, 100))]
    after = [
        *wires(370, 300, (40, 90)),
        box(385, 20, 130, 90, "", "plain"),
        box(395, 25, 44, 30, "R"),
        box(395, 75, 44, 30, "R"),
    ]
    after += [text(480, 65, "outputs swap"), box(535, 20, 64, 90, "phases", "hot")]
    after += [
        text(450, 122, "one node: pair", "note"),
        text(567, 122, "scales of it", "note"),
        text(160, 122, "seven gates", "note"),
    ]
    return picture(690, 135, "Merging", [*before, arrow(320, 65, 360, 65), *after])


def tile() -> str:
    """A tile copied together, worked on and put back."""
    parts = [text(10, 20, "state, 2ⁿ amplitudes in memory", "note left")]
    for i in range(16):
        is_ours = i % 4 == 1
        parts.append(box(10 + 42 * i, 32, 42, 26, "", "hot" if is_ours else ""))
        if is_ours:
            parts.append(arrow(31 + 42 * i, 60, 205 + 84 * (i // 4), 98))
    parts += [box(184 + 84 * k, 100, 84, 26, f"run {k}", "hot") for k in range(4)]
    parts.append(text(10, 113, "tile, in the second-level cache", "note left"))
    for k, name in enumerate(("rotations", "flip", "diagonal", "rotations")):
        parts += [box(184 + 84 * k, 160, 76, 26, name)]
    parts += [arrow(352, 128, 352, 158), text(10, 173, "instructions, in turn", "note left")]
    parts += [arrow(352, 188, 352, 212), text(352, 222, "written back; the next tile", "note")]
    return picture(700, 235, "A pass over the state", parts)


def strings() -> str:
    """Terms by X mask, products, transform."""
    terms = (("XXI", "110", "000"), ("YYI", "110", "110"), ("XXZ", "110", "001"), ("ZIZ", "000", "101"))
    parts = [text(40, 15, "string", "note"), text(110, 15, "x", "note"), text(170, 15, "z", "note")]
    for i, row in enumerate(terms):
        y = 38 + 26 * i
        parts.append(box(10, y - 12, 190, 24, "", "hot" if row[1] == "110" else ""))
        parts += [text(x, y, word) for x, word in zip((40, 110, 170), row, strict=True)]
    parts += [
        arrow(205, 64, 245, 64),
        box(250, 44, 150, 40, "conj ψ[i⊕x] · ψ[i]", "hot"),
        text(325, 98, "once for an X mask", "note"),
    ]
    parts += [
        arrow(405, 64, 445, 64),
        box(450, 22, 190, 30, "few z: signed sums"),
        box(450, 76, 190, 30, "many z: Walsh-Hadamard"),
    ]
    return picture(660, 140, "Sums of Pauli strings", parts)


def gradient() -> str:
    """Forward, observable, backward in layers."""
    parts = [text(28, 40, "|0…0⟩"), arrow(60, 40, 490, 40), text(280, 25, "run forward", "note"), text(515, 40, "|ψ⟩")]
    parts += [arrow(515, 55, 515, 98), text(580, 76, "observable", "note"), text(530, 115, "⟨bra|, |ket⟩")]
    for k in range(3):
        x = 350 - 140 * k
        parts += [arrow(x + 125, 115, x + 102, 115), box(x, 98, 100, 34, f"layer {3 - k}", "hot")]
        parts.append(text(x + 50, 148, "strings between bra and ket", "note") if k == 1 else "")
    parts.append(text(40, 115, "∂/∂θ"))
    return picture(630, 165, "Adjoint gradients", [part for part in parts if part])


def tree() -> str:
    """Shots divided over outcomes."""
    parts = [
        box(10, 60, 120, 40, "1000 shots"),
        box(230, 20, 150, 40, "outcome 0: 507"),
        box(230, 100, 150, 40, "outcome 1: 493"),
    ]
    parts += [
        line((130, 80), (180, 80), (180, 40)),
        arrow(180, 40, 230, 40),
        line((180, 80), (180, 120)),
        arrow(180, 120, 230, 120),
    ]
    parts += [box(480, 20, 150, 40, "outcome 00: 507"), arrow(380, 40, 480, 40), text(430, 28, "measure", "note")]
    parts += [
        box(480, 80, 150, 34, "outcome 10: 121"),
        box(480, 126, 150, 34, "outcome 11: 372"),
        line((380, 120), (430, 120)),
    ]
    parts += [line((430, 97), (430, 143)), arrow(430, 97, 480, 97), arrow(430, 143, 480, 143)]
    return picture(650, 175, "Sampling with measurements", parts)


def pictures() -> dict[str, str]:
    """All drawings by file name."""
    return {f"{draw.__name__}.svg": draw() for draw in (way, nodes, tile, strings, gradient, tree)}


if __name__ == "__main__":
    for name, drawing in pictures().items():
        (FOLDER / name).write_text(drawing, encoding="utf-8")
