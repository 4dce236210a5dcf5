"""What a document claims about indexes: how many there are, how many of each part, and which it lists by name.

Written for our own documents and for those of the usual form: Markdown or plain text with headings, bullet lists of parts,
tables, and Django or SQL code. What it does not understand it leaves out; it never guesses a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from indexical.errors import FileRefused
from indexical.report.story.listed import Listed, in_code, in_line, in_row, is_rule, titles

LIMIT = 2 * 1024 * 1024
"""Bytes of a document; what people read is smaller."""
_LONGEST = 2000
"""Characters of a line that are looked at; prose is shorter."""

Role = Literal["total", "part", "section", "loose"]
Noun = Literal["index", "app", "model", "migration"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A number of things, where it stands, and what it is said of."""

    line: int
    number: int
    noun: Noun
    quality: str = ""
    """descending, composite, existing ...; empty for the new indexes as such."""
    role: Role = "loose"
    group: str = ""
    """Of a part or a section: which app, model or table."""
    parts: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """An item of a checklist."""

    line: int
    ticked: bool
    evidence: bool
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document as far as it can be checked."""

    name: str
    claims: tuple[Claim, ...]
    listed: tuple[Listed, ...]
    boxes: tuple[Box, ...]
    closed: int = 0
    """The line that says that all is done; 0 for none."""

    def listed_as(self, quality: str) -> dict[str, Listed]:
        """The indexes listed under one quality, the first mention of each.

        Where tables or lists name them, code beside them shows the same ones, with or without their schemas, and counts no more.
        """
        named = [each for each in self.listed if each.quality == quality]
        prose = [each for each in named if not each.code]
        found: dict[str, Listed] = {}
        for each in prose or named:
            if each.name not in found or not found[each.name].keys:
                found[each.name] = each
        return found


_NUMBER = r"(?<![\w.,#/-])(\d{1,3}(?:,\d{3})+|\d{1,6})(?![\w.%]|-\d)"
_QUALITIES = {
    "descending": "descending", "desc": "descending",
    "composite": "composite", "multi-column": "composite",
    "single": "single", "single-column": "single", "single-field": "single",
    "partial": "partial", "covering": "covering", "unique": "unique",
    "existing": "existing", "redundant": "redundant", "duplicate": "duplicate", "unused": "unused", "used": "used",
    "dropped": "dropped", "built": "built", "gone": "gone", "foreign": "foreign", "primary": "primary",
}  # fmt: skip
_PLAIN = {
    "new", "database", "db", "added", "additional", "missing", "performance", "total", "more", "postgresql", "other"
}  # fmt: skip
_COUNTED = re.compile(rf"{_NUMBER}\s+((?:[A-Za-z-]+\s+){{0,3}}?)(index|indexes|indices)\b", re.IGNORECASE)
_OF_QUALITY = re.compile(
    rf"{_NUMBER}\s+(?:of them\s+|with\s+|in\s+|are\s+)?(descending|DESC|composite|multi-column|single(?:-column|-field)?|"
    r"partial|covering|built|gone)\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^\W*(?P<label>(?:[A-Za-z][A-Za-z' ]{0,40}?\s)?(?:indexes|indices|models|migrations|apps)\b[A-Za-z' ]{0,20}):\s*"
    r"(?P<number>\d{1,6})(?!\s*[-%./x:]|\d)",
    re.IGNORECASE,
)
_ACROSS = re.compile(rf"\b(?:across|in|over)\s+{_NUMBER}\s+(apps?|models?)\b", re.IGNORECASE)
_PART = re.compile(
    r"^\s*[-*+•]\s+(?P<label>.{1,300}?):\s*(?P<number>\d{1,6})\s+(?:[A-Za-z-]+\s+){0,3}?ind(?:ex|exes|ices)\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s")
_BOX = re.compile(
    r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[(?P<mark>[ xX])\]|(?P<tick>✅|☑|✔️?)|(?P<open>☐|⬜))\s*(?P<text>.*)$"
)
_CLOSED = re.compile(
    r"^\W*status\s*:\s*(?:[^A-Za-z\s]+\s+|\S{0,4}[^\x00-\x7f]\S{0,4}\s+)?(?:resolved|completed?|done|closed|implemented)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(r"\broll(?:ing)? ?back|\bundo|\bexisting\b|\bdrop", re.IGNORECASE)
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_RANKED = re.compile(r"\b(?:top|first|step|phase|task|part|the last)\s*$", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|~!().+-])")
_APART = 0xE000
"""Where escaped characters are kept, in the private use area, while Markdown's marks are taken off."""
_BACK = re.compile("[\ue000-\ue07f]")


def read_document(path: Path) -> Document:
    """The claims of a file. Raises :class:`FileRefused` when it cannot be read or is no text."""
    try:
        if not path.is_file():
            raise FileRefused(f"{path} is no ordinary file; name documents in Markdown or plain text")
        if path.stat().st_size > LIMIT:
            raise FileRefused(f"{path} is larger than {LIMIT // 2**20} MB and so no document; name another")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileRefused(
            f"{path} cannot be read: {error.strerror}; name documents in Markdown or plain text"
        ) from None
    except UnicodeDecodeError:
        raise FileRefused(f"{path} is not text in UTF-8; name documents in Markdown or plain text") from None
    return claims_of(text, str(path))


def claims_of(text: str, name: str) -> Document:
    """The claims of a text; ``name`` is what the document is called in messages."""
    reading = _Reading()
    for number, line in enumerate(text.splitlines(), 1):
        reading.take(number, line[:_LONGEST])
    reading.close_code()
    return Document(
        name, tuple(_with_parts(reading)), tuple(reading.listed), tuple(reading.boxes), reading.closed
    )


@dataclass(slots=True)
class _Reading:
    """A document read line by line."""

    claims: list[Claim] = field(default_factory=list)
    parts: dict[int, list[Claim]] = field(default_factory=dict)
    """By the line of the claim that they are parts of."""
    listed: list[Listed] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    closed: int = 0
    heading: str = ""
    fence: str = ""
    code: list[str] = field(default_factory=list)
    code_line: int = 0
    columns: tuple[str, ...] = ()
    whole: Claim | None = None
    """The claim whose parts the coming list may name."""

    def take(self, number: int, raw: str) -> None:
        stripped = raw.strip()
        mark = next((each for each in ("```", "~~~") if stripped.startswith(each)), "")
        if self.fence:
            self._code(number, raw, stripped)
        elif mark:
            self.fence, self.code, self.code_line = (
                stripped[: len(stripped) - len(stripped.lstrip(mark[0]))],
                [],
                number + 1,
            )
        elif heading := _HEADING.match(raw):
            self.heading, self.columns, self.whole = plain(heading[2]), (), None
            self.claims += self._counts(number, self.heading)
        elif stripped.startswith("|"):
            self._row(number, stripped)
        else:
            self.columns = ()
            self._prose(number, raw)

    def close_code(self) -> None:
        # What stands under "Roll back" is not what is to be built.
        quality = "other" if _OTHER.search(self.heading) else ""
        self.listed += in_code("\n".join(self.code), self.code_line, quality)
        self.fence, self.code = "", []

    def _code(self, number: int, raw: str, stripped: str) -> None:
        if stripped.startswith(self.fence) and not stripped.strip(self.fence[0]):
            self.close_code()
        else:
            self.code.append(raw)

    def _row(self, number: int, stripped: str) -> None:
        cells = [plain(cell) for cell in re.split(r"(?<!\\)\|", stripped.strip("|"))]
        if is_rule(cells):
            return
        if not self.columns:
            self.columns = titles(cells)
            return
        found = in_row(cells, self.columns, number)
        self.listed += [] if found is None else [found]

    def _prose(self, number: int, raw: str) -> None:
        text = plain(raw)
        if box := _BOX.match(raw):
            ticked = bool(box["tick"] or (box["mark"] or "").strip())
            self.boxes.append(Box(number, ticked, "evidence:" in box["text"].lower(), plain(box["text"])))
            return
        if not self.closed and _CLOSED.match(text):
            self.closed = number
        if (part := _PART.match(text)) and self.whole is not None:
            quality = _quality(text[part.end("number") :])
            one = Claim(number, int(part["number"]), "index", quality, "part", group_of(part["label"]))
            self.parts.setdefault(self.whole.line, []).append(one)
            return
        found = list(self._counts(number, text))
        self.claims += found
        counted = [claim for claim in found if claim.noun == "index" and claim.quality in ("", "existing")]
        if counted:
            self.whole = counted[0]
        elif text.strip() and not _BULLET.match(raw):
            self.whole = None
        listed = in_line(text, number)
        self.listed += [] if listed is None else [listed]

    def _counts(self, number: int, text: str) -> Iterator[Claim]:
        """Every count of a line."""
        total = bool(
            re.search(r"\btotal\b|\boverall\b|\bin all\b", text, re.IGNORECASE) or _ACROSS.search(text)
        )
        if labelled := _LABELLED.match(text):
            yield self._labelled(number, labelled, total)
        else:
            for match in _COUNTED.finditer(text):
                words = match[2].lower().split()
                if _RANKED.search(text[: match.start()]) or any(
                    word not in _QUALITIES.keys() | _PLAIN for word in words
                ):
                    continue
                quality = next((_QUALITIES[word] for word in words if word in _QUALITIES), "")
                yield Claim(number, _whole(match[1]), "index", quality, "total" if total else "loose", "")
        for match in _OF_QUALITY.finditer(text):
            if not re.match(r"\s+ind(?:ex|exes|ices)\b", text[match.end() :], re.IGNORECASE):
                yield Claim(number, _whole(match[1]), "index", _QUALITIES[match[2].lower()], "total")
        for match in _ACROSS.finditer(text):
            noun: Noun = "app" if match[2].lower().startswith("app") else "model"
            yield Claim(number, _whole(match[1]), noun, "", "total")

    def _labelled(self, number: int, match: re.Match[str], total: bool) -> Claim:
        label = match["label"].lower()
        quality = next((_QUALITIES[word] for word in label.split() if word in _QUALITIES), "")
        for word, noun in (("model", "model"), ("migration", "migration"), ("app", "app")):
            if word in label and "index" not in label:
                return Claim(number, int(match["number"]), noun, "", "total")  # type: ignore[arg-type]
        group = "" if total else group_of(self.heading)
        role: Role = "total" if total or not group else "section"
        return Claim(number, int(match["number"]), "index", quality, role, group)


def _with_parts(reading: _Reading) -> Iterator[Claim]:
    """The claims with their parts; a claim with parts under a heading of its own is about what the heading names."""
    for claim in reading.claims:
        parts = tuple(reading.parts.get(claim.line, ())) if claim.noun == "index" else ()
        if parts and claim.quality not in ("", "existing"):
            parts = ()
        yield Claim(claim.line, claim.number, claim.noun, claim.quality, claim.role, claim.group, parts)


def plain(text: str) -> str:
    """A line without Markdown's marks: emphasis, code marks and escapes."""
    kept = _ESCAPED.sub(lambda match: chr(_APART + ord(match[1])), text)
    bare = kept.replace("**", "").replace("__", "").replace("`", "")
    return _BACK.sub(lambda match: chr(ord(match[0]) - _APART), bare).strip()


def group_of(label: str) -> str:
    """What a label names, so that ``1. Orders App`` and ``orders app`` are one."""
    if re.search(r"\w\.\w", label):
        return plain(label)  # schema.table, where capitals and brackets tell one from another
    text = re.sub(r"^\W*(?:\d+[.)]\s*)?", "", plain(label)).lower()
    text = re.sub(r"\(.*?\)", "", text)
    text = re.sub(r"^(?:the|app|step \d+:?)\s+", "", text)
    return re.sub(r"\s+(?:apps?|models?|tables?|indexes)$", "", text).strip(" :")


def _quality(text: str) -> str:
    words = re.match(r"\s+((?:[A-Za-z-]+\s+){0,3}?)ind", text)
    return next(
        (_QUALITIES[word] for word in (words[1].lower().split() if words else ()) if word in _QUALITIES), ""
    )


def _whole(text: str) -> int:
    return int(text.replace(",", ""))
