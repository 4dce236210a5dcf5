"""Files are written whole or not at all, and never over somebody else's change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from indexical.django import files
from indexical.django.files import diff, read_source, write
from indexical.errors import FileRefused
from indexical.model import Applied, DdlStatement, Instruction, Skipping, SourceEdit


def edit(path: Path, before: str, after: str) -> SourceEdit:
    return SourceEdit(f"models:{path.name}", str(path), before, after, "an edit")


def test_an_edit_and_a_new_file_are_written(tmp_path: Path) -> None:
    old, new = tmp_path / "models.py", tmp_path / "0002.py"
    old.write_text("a = 1\n")
    outcomes = write([edit(old, "a = 1\n", "a = 2\n"), edit(new, "", "b = 1\n")])
    assert [type(one) for one in outcomes] == [Applied, Applied]
    assert (old.read_text(), new.read_text()) == ("a = 2\n", "b = 1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0002.py", "models.py"]


def test_a_second_write_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "models.py"
    path.write_text("a = 1\n")
    change = edit(path, "a = 1\n", "a = 2\n")
    write([change])
    before = path.stat()
    assert [type(one) for one in write([change])] == [Skipping]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_a_file_that_has_changed_is_refused_and_no_other_is_written(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("a = 1\n")
    other.write_text("mine\n")
    with pytest.raises(FileRefused, match=r"other\.py has changed since"):
        write([edit(one, "a = 1\n", "a = 2\n"), edit(other, "b = 1\n", "b = 2\n")])
    assert (one.read_text(), other.read_text()) == ("a = 1\n", "mine\n")


def test_a_file_that_is_there_already_is_not_created_over(tmp_path: Path) -> None:
    path = tmp_path / "0002.py"
    path.write_text("mine\n")
    with pytest.raises(FileRefused, match="has changed since"):
        write([edit(path, "", "b = 1\n")])
    assert path.read_text() == "mine\n"


def test_a_file_that_has_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="has gone since"):
        write([edit(tmp_path / "models.py", "a = 1\n", "a = 2\n")])


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="is not there"):
        write([edit(tmp_path / "migrations" / "0002.py", "", "b = 1\n")])


def test_a_failure_half_way_puts_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, last = tmp_path / "models.py", tmp_path / "0002.py", tmp_path / "z.py"
    old.write_text("a = 1\n")
    last.write_text("z = 1\n")
    rename = os.replace

    def fails_at_the_last(source: str, target: Path) -> None:
        if Path(target) == last:
            raise OSError(28, "No space left on device", str(source), None, str(target))
        rename(source, target)

    monkeypatch.setattr(files.os, "replace", fails_at_the_last)
    with pytest.raises(FileRefused, match="No space left on device, nothing was written"):
        write([edit(old, "a = 1\n", "a = 2\n"), edit(new, "", "b = 1\n"), edit(last, "z = 1\n", "z = 2\n")])
    assert (old.read_text(), last.read_text()) == ("a = 1\n", "z = 1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models.py", "z.py"]


def test_an_interruption_half_way_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1\n")
    two.write_text("b = 1\n")
    rename = os.replace
    calls: list[Path] = []

    def interrupted(source: str, target: Path) -> None:
        calls.append(Path(target))
        if len(calls) == 2:
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write([edit(one, "a = 1\n", "a = 2\n"), edit(two, "b = 1\n", "b = 2\n")])
    assert (one.read_text(), two.read_text()) == ("a = 1\n", "b = 1\n")


def test_mode_newlines_encoding_and_mark_stay(tmp_path: Path) -> None:
    latin, marked = tmp_path / "latin.py", tmp_path / "marked.py"
    latin.write_bytes("# -*- coding: latin-1 -*-\r\nname = 'é'\r\n".encode("latin-1"))
    latin.chmod(0o640)
    marked.write_bytes(b"\xef\xbb\xbfname = 1\n")
    for path in (latin, marked):
        text = read_source(path)
        write([edit(path, text, text.replace("name", "title"))])
    assert latin.read_bytes() == "# -*- coding: latin-1 -*-\r\ntitle = 'é'\r\n".encode("latin-1")
    assert stat.S_IMODE(latin.stat().st_mode) == 0o640
    assert marked.read_bytes() == b"\xef\xbb\xbftitle = 1\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.py", tmp_path / "models.py"
    target.write_text("a = 1\n")
    link.symlink_to(target)
    write([edit(link, "a = 1\n", "a = 2\n")])
    assert link.is_symlink()
    assert target.read_text() == "a = 2\n"


@pytest.mark.parametrize("raw", [b"# coding: no-such\n", b"name = '\xff'\n"])
def test_a_file_that_is_not_readable_python_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "models.py"
    path.write_bytes(raw)
    with pytest.raises(FileRefused, match="encoding"):
        read_source(path)


def test_what_is_no_file_is_skipped_with_its_reason() -> None:
    outcomes = write([
        Instruction("instruction:drop:x", "x on public.t", "by hand"),
        DdlStatement("ddl:y", "CREATE INDEX y ON t (a)", "DROP INDEX y", "make y"),
    ])  # fmt: skip
    assert [type(one) for one in outcomes] == [Skipping, Skipping]
    assert outcomes[0] == Skipping("instruction:drop:x", "x on public.t", "by hand")


def test_the_diff_is_one_that_patch_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "models.py"
    text = diff([edit(path, "a = 1\nb = 2", "a = 1\nb = 3"), edit(tmp_path / "new.py", "", "c = 1\n")])
    assert text == (
        "--- a/models.py\n+++ b/models.py\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n\\ No newline at end of file\n"
        "+b = 3\n\\ No newline at end of file\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+c = 1\n"
    )


def test_no_change_has_no_diff() -> None:
    assert diff([Instruction("instruction:drop:x", "x", "by hand")]) == ""


def test_a_form_feed_ends_no_line_of_the_diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = diff([edit(tmp_path / "models.py", "a = 1\x0c\n\x0cb = 2\r\n", "a = 1\x0c\n\x0cb = 3\r\n")])
    assert text.splitlines(keepends=False)[0] == "--- a/models.py"
    assert text.endswith("@@ -1,2 +1,2 @@\n a = 1\x0c\n-\x0cb = 2\r\n+\x0cb = 3\r\n")
    assert "No newline" not in text
