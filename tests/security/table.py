"""``python -m tests.security.table`` writes into docs/security.md which tests meet which attack."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from tests.security.plan import ROWS, SHOWN_BY

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
_BEGIN = "<!-- attacks: written by python -m tests.security.table -->"
_END = "<!-- end of attacks -->"


def functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    ]


def marked() -> dict[str, list[str]]:
    """By row, the tests that carry it as a marker: ``path::name``."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "mark.security(" not in path.read_text(encoding="utf-8"):
            continue
        for function in functions(path):
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.security":
                    for row in ast.literal_eval(ast.unparse(ast.Tuple(decorator.args, ast.Load()))):
                        found.setdefault(row, []).append(f"{path.relative_to(ROOT)}::{function.name}")
    return found


def shown_by() -> dict[str, tuple[str, ...]]:
    """By row, every test that shows it."""
    here = marked()
    return {row: (*SHOWN_BY.get(row, ()), *here.get(row, ())) for row in ROWS}


def table() -> str:
    lines = ["| row | attack | what meets it | shown by |", "|---|---|---|---|"]
    for row, (attack, must) in ROWS.items():
        files = sorted({test.partition("::")[0].removeprefix("tests/") for test in shown_by()[row]})
        lines.append(
            f"| {row} | {attack} | {must} | {', '.join(f'`{file}`' for file in files) or 'nothing yet'} |"
        )
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the table between its marks."""
    before, found, rest = text.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not found or not ended:
        raise SystemExit(f"{PAGE} has lost the marks between which the attacks stand: {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{table()}\n\n{_END}{after}"


def main() -> int:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
