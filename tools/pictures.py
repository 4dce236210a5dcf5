"""Draws the pictures of README and docs from what a demo run printed.

    indexical demo > demo.txt && python tools/pictures.py demo.txt docs/images

The pictures are SVG without scripts or remote fonts, so that they show anywhere. Nothing is drawn that was not printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.sax.saxutils import escape

FONT = 13
LINE = 18
CHAR = 7.83
PADDING = 18
BAR = 34
PICTURES = {
    # name: (title, first line begins with, last line begins with (left out), most lines)
    "demo-terminal": ("indexical demo", "Digital", "Drop (", 44),
    "demo-table": ("indexical demo: the table", "Three ways", "In total", 40),
}


def cut(lines: list[str], first: str, last: str, most: int) -> list[str]:
    """The lines from the first that begins so to before the last that begins so."""
    start = next(number for number, line in enumerate(lines) if line.startswith(first))
    end = next(number for number, line in enumerate(lines[start + 1 :], start + 1) if line.startswith(last))
    found = lines[start:end]
    while found and not found[-1].strip():
        found.pop()
    return found if len(found) <= most else [*found[: most - 1], "…"]


HEADINGS = ("$ ", "Advice for", "Create (", "Drop (", "Three ways", "Digital")


def style(line: str) -> str:
    if line.startswith(HEADINGS):
        return "strong"
    return "dim" if line.startswith("·") or set(line.strip()) == {"─"} else "text"


def draw(title: str, lines: list[str]) -> str:
    """A terminal window as SVG."""
    width = round(max(len(line) for line in lines) * CHAR) + 2 * PADDING
    height = len(lines) * LINE + BAR + 2 * PADDING
    rows = "\n".join(
        f'<text class="{style(line)}" x="{PADDING}" y="{BAR + PADDING + (number + 0.7) * LINE:.1f}" '
        f'textLength="{len(line.rstrip()) * CHAR:.1f}" xml:space="preserve">{escape(line.rstrip())}</text>'
        for number, line in enumerate(lines)
        if line.strip()
    )
    dots = "".join(
        f'<circle cx="{PADDING + 6 + 18 * n}" cy="{BAR / 2 + 2}" r="5.5" fill="{fill}"/>'
        for n, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>{escape(title)}</title>
<style>
text {{ font: {FONT}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.text {{ fill: #d7dae0; }} .dim {{ fill: #8b93a1; }} .strong {{ fill: #ffffff; font-weight: 600; }} .title {{ fill: #a9b0bd; }}
</style>
<rect width="{width}" height="{height}" rx="9" fill="#1c1f26"/>
<rect width="{width}" height="{BAR}" rx="9" fill="#2a2e37"/>
{dots}
<text class="title" x="{width / 2}" y="{BAR / 2 + 6}" text-anchor="middle">{escape(title)}</text>
{rows}
</svg>
"""


def main(source: Path, target: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    target.mkdir(parents=True, exist_ok=True)
    for name, (title, first, last, most) in PICTURES.items():
        (target / f"{name}.svg").write_text(draw(title, cut(lines, first, last, most)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
