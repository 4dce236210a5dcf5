"""How indexes are used, as sections: the most used, what may go and why, what stays all the same, bloat, writes and cache.

Every verdict stands beside the window it rests on. The same sections become text, Markdown and HTML.
"""

from __future__ import annotations

from datetime import datetime

from indexical.ddl import drop_index
from indexical.model.using import (
    LEAST_HIT_RATIO,
    Blocks,
    IndexUsage,
    TableUsage,
    Usage,
)
from indexical.report.sections import Chart, Column, Detail, Fact, Point, Section, Table
from indexical.report.units import plural, share, shorten, size

_DRAWN = 20
_FIRST = 10


def usage_sections(usage: Usage, *, limit: int = 20, full: bool = False) -> tuple[Section, ...]:
    """The report.

    Args:
        limit: rows of "most used".
        full: all rows of every other table; else the first fifty.
    """
    most = 10**9 if full else 50
    sections = [
        _summary(usage),
        most_used_section(usage, limit),
        unused_section(usage, most),
        _listed("Too early to say", usage.of("too-early", "not-measured"), most, _NOT_A_DROP),
        _listed("Without scans, and needed all the same", usage.of("needed"), most, ()),
        _covered(usage, most),
        _invalid(usage, most),
        _bloat(usage, most),
        _writes(usage, most),
        _cache(usage, most),
        changes_section(usage),
        _missing(usage),
    ]
    return tuple(section for section in sections if section is not None)


_NOT_A_DROP = ("None of these is a reason to drop anything yet.",)


def ratio(blocks: Blocks) -> str:
    """``97.3 %``, or ``n/a`` when nothing was asked for: nothing is not a bad ratio."""
    found = blocks.share
    return "n/a" if found is None else share(found, 1)


def _summary(usage: Usage) -> Section:
    nodes = tuple(
        (
            node.name,
            "standby" if node.standby else "primary",
            node.counted_since or "unknown",
            _span(node.counted_since, node.taken_at),
            f"{node.samples:,}" + (f" since {node.first_sample[:16]}" if node.samples > 1 else ""),
            f"{node.scans:,}",
            ratio(node.index),
            ratio(node.heap),
        )
        for node in usage.nodes
    )
    total = sum(each.existing.size for each in usage.indexes)
    lines = [
        f"{plural(len(usage.indexes), 'index', 'indexes')} of {usage.database}, {size(total)}, at {usage.taken_at}.",
        f"Unused is what no server scanned in {_days(usage.unused_after)}.",
        *_warnings(usage),
    ]
    columns = (
        Column("server"), Column("role"), Column("counts since"), Column("age", right=True), Column("samples"),
        Column("index scans", right=True), Column("index hits", right=True), Column("table hits", right=True),
    )  # fmt: skip
    return Section("Use of indexes", tuple(lines), Table(columns, nodes, "Servers"), facts=_facts(usage))


def _facts(usage: Usage) -> tuple[Fact, ...]:
    unused = usage.of("unused")
    covered = usage.of("duplicate", "redundant")
    return (
        Fact("Indexes", f"{len(usage.indexes):,}", size(sum(each.existing.size for each in usage.indexes))),
        Fact("Unused", f"{len(unused):,}", size(sum(each.existing.size for each in unused))),
        Fact("Too early to say", f"{len(usage.of('too-early', 'not-measured')):,}"),
        Fact(
            "Duplicate or redundant", f"{len(covered):,}", size(sum(each.existing.size for each in covered))
        ),
        Fact("Index hits", ratio(usage.index), f"of {usage.index.asked:,} blocks"),
        Fact("Table hits", ratio(usage.heap), f"of {usage.heap.asked:,} blocks"),
    )


def _warnings(usage: Usage) -> list[str]:
    found = []
    for what, blocks in (("Indexes", usage.index), ("Tables", usage.heap)):
        if blocks.share is None:
            found.append(f"{what}: no block was read since the counters began, so there is no hit ratio yet.")
        elif blocks.low:
            found.append(
                f"Warning: only {ratio(blocks)} of the blocks of {what.lower()} were in the server's cache, under "
                f"{share(LEAST_HIT_RATIO)}; see Cache for which."
            )
    return found


def most_used_section(usage: Usage, limit: int = 20) -> Section:
    found = usage.most_used(limit)
    rows = tuple(
        (
            f"{number}",
            each.name,
            each.existing.index.table,
            f"{each.scans:,}",
            f"{each.tuples_read:,}",
            f"{each.tuples_fetched:,}",
            size(each.existing.size),
            ratio(each.blocks),
            _moment(each.last_used),
        )
        for number, each in enumerate(found, 1)
    )
    columns = (
        Column("#", right=True), Column("index"), Column("table"), Column("scans", right=True),
        Column("entries read", right=True), Column("rows fetched", right=True), Column("size", right=True),
        Column("hits", right=True), Column("last use, UTC"),
    )  # fmt: skip
    if not rows:
        return Section("Most used (0)", ("No index was scanned since the counters began.",))
    chart = Chart(
        "bars",
        "Scans",
        "Scans of the most used indexes, as counted; the figures are in the table.",
        "scans",
        "",
        ("scans",),
        tuple(Point(each.name, (float(each.scans),)) for each in found[:_DRAWN]),
    )
    return Section(
        f"Most used (top {len(rows)})", (), Table(columns, rows, "Most used indexes"), charts=(chart,)
    )


def unused_section(usage: Usage, most: int = 50) -> Section:
    """Always there: that nothing is unused is an answer too."""
    found = usage.of("unused")
    lines = (
        (
            "Largest first. Constraints, unique indexes and what foreign keys need are never among them.",
            "Before one goes, apply tries it.",
        )
        if found
        else ("None that is known of.",)
    )
    return _listed("Unused", found, most, lines) or Section("Unused (0)", lines)


def _listed(title: str, found: tuple[IndexUsage, ...], most: int, lines: tuple[str, ...]) -> Section | None:
    if not found:
        return None
    rows = tuple(
        (
            each.name,
            each.existing.index.table,
            size(each.existing.size),
            f"{each.scans:,}",
            each.standing,
            each.reason,
            _moment(each.verdict.since),
        )
        for each in found[:most]
    )
    columns = (
        Column("index"), Column("table"), Column("size", right=True), Column("scans", right=True), Column("verdict"),
        Column("why"), Column("window begins, UTC"),
    )  # fmt: skip
    return Section(f"{title} ({len(found)})", lines, Table(columns, rows, title), _more(len(found), most))


def _covered(usage: Usage, most: int) -> Section | None:
    found = usage.of("duplicate", "redundant")
    if not found:
        return None
    rows = tuple(
        (each.name, each.standing, each.covered_by, size(each.existing.size), f"{each.scans:,}", each.reason)
        for each in found[:most]
    )
    columns = (
        Column("index"), Column("verdict"), Column("covered by"), Column("size", right=True),
        Column("scans", right=True), Column("why"),
    )  # fmt: skip
    title = f"Duplicate and redundant ({len(found)})"
    lines = ("Another index does the work of each, whether it is used or not.",)
    return Section(title, lines, Table(columns, rows, "Duplicate and redundant"), _more(len(found), most))


def _invalid(usage: Usage, most: int) -> Section | None:
    found = usage.of("invalid")
    if not found:
        return None
    rows = tuple(
        (each.name, each.existing.index.table, size(each.existing.size), each.reason) for each in found[:most]
    )
    lines = ("These serve no query. See that nobody builds them, then remove, rebuild or complete them.",)
    columns = (Column("index"), Column("table"), Column("size", right=True), Column("why"))
    return Section(f"Invalid ({len(found)})", lines, Table(columns, rows, "Invalid"))


def _bloat(usage: Usage, most: int) -> Section | None:
    known = [each for each in usage.indexes if each.bloat is not None and each.bloat.how != "not-measured"]
    if not known:
        return None
    found = sorted(
        (each for each in known if each.bloated),
        key=lambda each: (-(each.bloat.wasted if each.bloat else 0), each.name),
    )
    exact = sum(each.bloat is not None and each.bloat.how == "measured" for each in known)
    how = f"{exact:,} measured page by page, {len(known) - exact:,} estimated from statistics"
    if not found:
        return Section("Bloat (0)", (f"No index is bloated; {how}.",))
    rows = tuple(
        (
            each.name,
            size(each.existing.size),
            size(each.bloat.wasted),
            share(each.bloat.share),
            each.bloat.how,
        )
        for each in found[:most]
        if each.bloat is not None
    )
    columns = (
        Column("index"), Column("size", right=True), Column("air", right=True), Column("share", right=True),
        Column("how"),
    )  # fmt: skip
    lines = [f"What building them anew would give back; {how}."]
    if exact < len(known):
        lines.append("An estimate is to be measured before anything is rebuilt (--exact-bloat).")
    return Section(
        f"Bloat ({len(found)})",
        tuple(lines),
        Table(columns, rows, "Bloated indexes"),
        _more(len(found), most),
    )


def _writes(usage: Usage, most: int) -> Section | None:
    found = sorted(
        (each for each in usage.tables if each.inserts or each.updates or each.deletes),
        key=lambda each: (-each.index_entries, each.qualified),
    )
    if not found:
        return None
    rows = tuple(_written(each) for each in found[:most])
    columns = (
        Column("table"), Column("indexes", right=True), Column("their size", right=True),
        Column("inserted", right=True), Column("updated", right=True), Column("heap-only", right=True),
        Column("deleted", right=True), Column("index entries made", right=True),
    )  # fmt: skip
    lines = (
        "Every row inserted, and every update that is not heap-only, makes an entry in each index; partial ones make fewer.",
    )
    return Section("Writes", lines, Table(columns, rows, "Writes by table"), _more(len(found), most))


def _written(each: TableUsage) -> tuple[str, ...]:
    hot = each.hot_share
    return (
        each.qualified,
        f"{each.indexes}",
        size(each.index_size),
        f"{each.inserts:,}",
        f"{each.updates:,}",
        "n/a" if hot is None else share(hot),
        f"{each.deletes:,}",
        f"{each.index_entries:,}",
    )


def _cache(usage: Usage, most: int) -> Section | None:
    found = sorted(
        (each for each in usage.tables if each.heap.asked or each.index.asked),
        key=lambda each: (-(each.heap.read + each.index.read), each.qualified),
    )
    if not found:
        return None
    rows = tuple(
        (
            each.qualified,
            ratio(each.index),
            f"{each.index.asked:,}",
            ratio(each.heap),
            f"{each.heap.asked:,}",
            f"under {share(LEAST_HIT_RATIO)}" if each.index.low or each.heap.low else "",
        )
        for each in found[:most]
    )
    columns = (
        Column("table"), Column("index hits", right=True), Column("of blocks", right=True),
        Column("table hits", right=True), Column("of blocks", right=True), Column("warning"),
    )  # fmt: skip
    lines = ("Blocks found in the server's own cache; what the operating system had is counted as read.",)
    return Section("Cache", lines, Table(columns, rows, "Cache hits by table"), _more(len(found), most))


def changes_section(usage: Usage) -> Section:
    """What the figures speak for; each is a proposal to be tried, never done from here."""
    unused, covered = usage.of("unused"), usage.of("duplicate", "redundant")
    steps = [f"Drop {each.name}: {shorten(each.reason, 160)}." for each in (*covered, *unused)[:_FIRST]]
    steps += [
        f"{'Complete' if each.existing.partitioned else 'Remove or rebuild'} {each.name}: {each.reason}."
        for each in usage.of("invalid")[:_FIRST]
    ]
    staying = usage.of("used", "needed", "too-early", "not-measured")
    bloated = sorted((each for each in staying if each.bloated), key=lambda each: each.name)
    for each in bloated[:_FIRST]:
        if each.bloat is not None and each.bloat.how == "measured":
            steps.append(f"Rebuild {each.name} by maintain: {size(each.bloat.wasted)} of it is air.")
        elif each.bloat is not None:
            steps.append(
                f"Measure {each.name} with --exact-bloat: {size(each.bloat.wasted)} of it may be air."
            )
    if not steps:
        return Section("Changes proposed", ("None.",))
    drops = [
        drop_index(e.existing.index.schema, e.existing.name, concurrently=True) for e in (*covered, *unused)
    ]
    code = (
        ("The drops as SQL; advise --only drop and apply try each first", "\n".join(f"{d};" for d in drops)),
    )
    details = (Detail("Statements", code=code),) if drops else ()
    return Section("Changes proposed", steps=tuple(steps), details=details)


def _missing(usage: Usage) -> Section | None:
    if not usage.missing:
        return None
    rows = tuple((what, why) for what, why in usage.missing)
    return Section(
        f"Not known ({len(rows)})", (), Table((Column("what"), Column("what it needs")), rows, "Not known")
    )


def _more(count: int, most: int) -> tuple[str, ...]:
    return (f"{count - most:,} more; --format json, markdown or html has them all.",) if count > most else ()


def _moment(text: str) -> str:
    return text[:19].replace("T", " ") if text else "unknown"


def _span(since: str, until: str) -> str:
    if not since or not until:
        return "unknown"
    return _days((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())


def _days(seconds: float) -> str:
    for unit, length in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
