"""Whether documents agree: with themselves, with one another, and with the advice and the run that they are about.

Each rule has a code. A rule compares two numbers only when both are said of the same thing; what it cannot pair it leaves alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from indexical.model.story import Counts, Story
from indexical.report.story.claims import Claim, Document, plain
from indexical.report.story.listed import Listed
from indexical.report.story.printing import escaped
from indexical.report.units import shorten

RULES = {
    "S01": "a count is not the sum of its parts",
    "S02": "a total is not the sum over the sections",
    "S03": "one thing is counted twice, differently",
    "S04": "a total is not the number of indexes listed by name",
    "S05": "a quality's count is not the number of listed indexes that have it",
    "S06": "a number of apps, models or parts is not the number listed",
    "S07": "an item is ticked without evidence, or open although all is said to be done",
    "S08": "a count differs from the advice's or the run's",
    "S09": "an index is listed that the advice does not have, or is missing from the list",
}
_SHOWN = 6


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Two statements of which at most one is true."""

    file: str
    line: int
    code: str
    message: str

    @property
    def text(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.message}"


Rule = Callable[[Document], Iterator[Contradiction]]


def contradictions(documents: Sequence[Document], story: Story | None = None) -> tuple[Contradiction, ...]:
    """Every contradiction, by file and line. With a ``story`` the documents are compared with its counts too."""
    found = [each for document in documents for rule in _ALONE for each in rule(document)]
    found += _twice(documents)
    if story is not None:
        counts = story.counts
        found += [each for document in documents for each in _against(document, story, counts)]
    return tuple(sorted(set(found)))


def _sums(document: Document) -> Iterator[Contradiction]:
    for claim in document.claims:
        if claim.parts and (total := sum(part.number for part in claim.parts)) != claim.number:
            parts = "+".join(str(part.number) for part in claim.parts)
            where = f"lines {claim.parts[0].line}-{claim.parts[-1].line}"
            yield _at(
                document,
                claim.line,
                "S01",
                f"{_said(claim)} against {total}, the sum of its parts {parts} ({where})",
            )


def _sections(document: Document) -> Iterator[Contradiction]:
    """Totals without parts of their own, against the sections, and against the sections' parts."""
    sections = [
        claim for claim in document.claims if claim.role != "total" and claim.parts and not claim.quality
    ]
    if len(sections) < 2:
        return
    stated = sum(claim.number for claim in sections)
    leaves = sum(part.number for claim in sections for part in claim.parts)
    told = "+".join(str(claim.number) for claim in sections)
    where = f"lines {sections[0].line}-{sections[-1].parts[-1].line}"
    for claim in _totals(document, ""):
        if claim.number != stated:
            yield _at(
                document,
                claim.line,
                "S02",
                f"{_said(claim)} against {stated}, the sum of the sections {told} ({where})",
            )
        if claim.number != leaves:
            yield _at(
                document,
                claim.line,
                "S02",
                f"{_said(claim)} against {leaves}, the sum of all parts listed ({where})",
            )


def _named(document: Document) -> Iterator[Contradiction]:
    """A total against the names, when the document lists at least half of them: fewer are examples."""
    for quality in ("", "existing", "dropped", "redundant"):
        names = document.listed_as(quality)
        for claim in _totals(document, quality):
            if names and len(names) * 2 >= claim.number and len(names) != claim.number:
                lines = f"lines {_first(names)}-{_last(names)}"
                yield _at(
                    document,
                    claim.line,
                    "S04",
                    f"{_said(claim)} against {len(names)} listed by name ({lines})",
                )


def _qualities(document: Document) -> Iterator[Contradiction]:
    names = document.listed_as("")
    known = [each for each in names.values() if each.keys]
    rules: dict[str, Callable[[Listed], bool]] = {
        "descending": lambda each: each.descending,
        "composite": lambda each: len(each.keys) > 1,
        "single": lambda each: len(each.keys) == 1,
    }
    whole = max((claim.number for claim in _totals(document, "")), default=len(names))
    if not known or len(known) < len(names) or len(names) * 2 < whole:
        return
    for claim in document.claims:
        if claim.quality in rules and claim.role == "total":
            having = sum(rules[claim.quality](each) for each in known)
            if having != claim.number:
                text = f"{claim.number} {claim.quality} against {having} of the {len(known)} listed by name"
                yield _at(document, claim.line, "S05", text)


def _extents(document: Document) -> Iterator[Contradiction]:
    """ "Across 3 apps" against the apps listed; "10 models" against the models."""
    sections = [
        claim for claim in document.claims if claim.role != "total" and claim.parts and not claim.quality
    ]
    own = {
        claim.line: claim
        for claim in document.claims
        if claim.role == "total" and claim.parts and not claim.quality
    }
    for claim in document.claims:
        listed = 0
        if claim.noun == "app":
            listed = len(own[claim.line].parts) if claim.line in own else len(sections)
        elif claim.noun == "model" and sections:
            listed = len({(each.group, part.group) for each in sections for part in each.parts})
        if listed > 1 and listed != claim.number:
            yield _at(document, claim.line, "S06", f"{claim.number} {claim.noun}s against {listed} listed")


def _boxes(document: Document) -> Iterator[Contradiction]:
    still = [box for box in document.boxes if not box.ticked]
    if document.closed and still:
        text = f"all is said to be done, and {len(still)} of {len(document.boxes)} items are open (from line {still[0].line})"
        yield _at(document, document.closed, "S07", text)
    for box in document.boxes:
        if box.ticked and not box.evidence:
            yield _at(document, box.line, "S07", f"ticked without evidence: {shorten(box.text, 80)}")


_ALONE: tuple[Rule, ...] = (_sums, _sections, _named, _qualities, _extents, _boxes)


def _twice(documents: Sequence[Document]) -> Iterator[Contradiction]:
    """The same thing counted in two places, in one document or in two."""
    seen: dict[tuple[str, str, str], list[tuple[Document, Claim]]] = defaultdict(list)
    for document in documents:
        for claim in document.claims:
            parts = [(part, "part") for part in claim.parts if not claim.quality]
            for each, role in [(claim, claim.role), *parts]:
                if role == "total":
                    seen[each.noun, each.quality, ""].append((document, each))
                elif role in ("part", "section") and each.group and each.noun == "index":
                    seen[each.noun, each.quality, each.group].append((document, each))
    for (noun, _, group), places in seen.items():
        first, claim = places[0]
        for document, other in places[1:]:
            if other.number != claim.number:
                of = f" of {group}" if group else ""
                what = f"{other.quality} {noun}".strip()
                text = f"{other.number} against {claim.number}{of} ({what}) in {first.name}:{claim.line}"
                yield _at(document, other.line, "S03", text)


def _against(document: Document, story: Story, counts: Counts) -> Iterator[Contradiction]:
    true = {
        ("index", ""): counts.created, ("index", "descending"): counts.descending,
        ("index", "composite"): counts.composite, ("index", "single"): counts.single,
        ("index", "partial"): counts.partial, ("index", "covering"): counts.covering,
        ("index", "dropped"): counts.dropped, ("app", ""): counts.apps,
    }  # fmt: skip
    if story.run:
        # Without the run it is not known what of the advice was done.
        true |= {("index", "built"): counts.built, ("index", "gone"): counts.taken_away}
    if counts.existing is not None:
        true |= {("index", "existing"): counts.existing, ("index", "redundant"): counts.redundant}
    by_app = {app.lower(): number for app, number in counts.created_by_app}
    for claim in document.claims:
        wanted = true.get((claim.noun, claim.quality)) if claim.role == "total" else None
        if claim.role == "section" and not claim.quality:
            wanted = by_app.get(claim.group)
        if wanted is not None and wanted != claim.number:
            yield _at(document, claim.line, "S08", f"{_said(claim)} against {wanted} in the advice")
    yield from _names_against(document, story)


def _names_against(document: Document, story: Story) -> Iterator[Contradiction]:
    for quality, planned in (("", story.creates), ("dropped", story.drops)):
        names, wanted = document.listed_as(quality), {each.shown for each in planned}
        for name in sorted(names.keys() - {_as_printed(each) for each in wanted}):
            text = f"{shorten(name, 63)} is listed and not in the advice"
            yield _at(document, names[name].line, "S09", text)
        missing = sorted(name for name in wanted if _as_printed(name) not in names)
        if names and len(names) * 2 >= len(wanted) and missing:
            some = ", ".join(shorten(name, 63) for name in missing[:_SHOWN])
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            yield _at(document, _first(names), "S09", f"the list lacks {some}{more} of the advice")


def _as_printed(name: str) -> str:
    """A name as it is read back from a document that was printed."""
    return plain(escaped(name))


def _totals(document: Document, quality: str) -> list[Claim]:
    return [c for c in document.claims if c.noun == "index" and c.role == "total" and c.quality == quality]


def _said(claim: Claim) -> str:
    return f"{claim.number} {claim.quality} indexes".replace("  ", " ")


def _first(names: dict[str, Listed]) -> int:
    return min(each.line for each in names.values())


def _last(names: dict[str, Listed]) -> int:
    return max(each.line for each in names.values())


def _at(document: Document, line: int, code: str, message: str) -> Contradiction:
    return Contradiction(document.name, line, code, message)
