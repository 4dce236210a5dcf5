"""Names and definitions: what the index is to be called, what it is made of, and whether its table is still the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from indexical.apply.blockers import printable
from indexical.apply.checks.task import KINDS, Task
from indexical.apply.facts import Facts, Named, other_name
from indexical.apply.findings import Finding
from indexical.ddl import MAX_IDENTIFIER, create_index, drop_index
from indexical.model import Index, MadeFor
from indexical.model.columns import columns_of
from indexical.model.keeping import needed_by

_SEARCH_PATH_RESTRICTED = 170000
"""From this version on maintenance runs with a search path of pg_catalog alone
(https://www.postgresql.org/docs/17/release-17.html)."""


def names(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        table = facts.table(index.schema, index.table)
        if table is not None and not table.may_own:
            continue  # Refused already, and its indexes could not be compared.
        if not name or any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in name):
            yield Finding(
                "P36", "refuse", printable(name) or "an index without a name",
                "the name is empty or holds control or invisible characters", "choose another one",
            )  # fmt: skip
            continue
        if len(name.encode()) > MAX_IDENTIFIER:
            yield Finding(
                "P11", "refuse", name, f"the name is longer than {MAX_IDENTIFIER} bytes and would be cut",
                "choose a shorter one",
            )  # fmt: skip
            continue
        taken = facts.named(index.schema, name)
        if taken is not None:
            yield _taken(facts, name, index, taken)
        else:
            yield from _same_elsewhere(facts, name)


def _taken(facts: Facts, name: str, index: Index, taken: Named) -> Finding:
    subject = f"{index.schema}.{name}"
    if taken.kind not in ("i", "I"):
        kind = KINDS.get(taken.kind, "relation")
        return Finding("P08", "refuse", subject, f"a {kind} bears this name", _another(facts, index, name))
    if taken.kind == "I":
        return _partitioned(facts, name, index, taken)
    if not (taken.valid and taken.ready and taken.live):
        drop = drop_index(index.schema, name, concurrently=True)
        if any(taken.table_oid in holder.tables and holder.doing != "vacuum" for holder in facts.builders):
            return Finding(
                "P07", "refuse", subject, "an INVALID index bears this name, and its build may still be running",
                f"wait for that build to end; if the index is still INVALID then, run: {drop}; then run this again",
            )  # fmt: skip
        return Finding(
            "P07", "refuse", subject,
            "an INVALID index bears this name, as an interrupted build leaves behind; reads cannot use it",
            f"run: {drop}; then run this again",
        )  # fmt: skip
    if any(existing.oid == taken.oid for existing in facts.twins(name)):
        return Finding("P06", "warn", subject, "exists already as defined, and is taken as built")
    return Finding(
        "P08", "refuse", subject, "an index with another definition bears this name",
        f"{_another(facts, index, name)}, or drop that index first; wanted is: {create_index(index, name)}",
    )  # fmt: skip


def _partitioned(facts: Facts, name: str, index: Index, taken: Named) -> Finding:
    """The index of a partitioned table is INVALID until each of its parts has one: to go on with it is the way."""
    subject = f"{index.schema}.{name}"
    if any(existing.oid == taken.oid for existing in facts.twins(name)):
        if taken.valid:
            return Finding("P06", "warn", subject, "exists already as defined, and is taken as built")
        return Finding(
            "P06", "warn", subject, "was begun already as defined; the parts without it get theirs now"
        )
    return Finding(
        "P08",
        "refuse",
        subject,
        "an index with another definition bears this name",
        _another(facts, index, name),
    )


def _another(facts: Facts, index: Index, name: str) -> str:
    other = other_name(name)
    if facts.named(index.schema, other) is not None:
        return "choose another name for the index"
    return f"choose another name for the index, such as {other}"


def _same_elsewhere(facts: Facts, name: str) -> Iterator[Finding]:
    for existing in facts.twins(name):
        subject = f"{existing.index.schema}.{existing.name}"
        if existing.valid and existing.ready:
            yield Finding(
                "P09", "warn", subject, f"is the same index as {name}, which will not be built again"
            )
            return
    for existing in facts.twins(name):
        if existing.partitioned:
            continue  # INVALID is what it is until it is complete, and it costs nothing by itself.
        subject = f"{existing.index.schema}.{existing.name}"
        drop = drop_index(existing.index.schema, existing.name, concurrently=True)
        yield Finding(
            "P09", "warn", subject, f"is an INVALID index with the definition of {name}; every write may pay for it",
            f"if no build of it is running, run: {drop}",
        )  # fmt: skip


def functions(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        subject = f"{index.schema}.{name}"
        content = facts.content(name)
        if content.changing:
            yield Finding(
                "P30", "refuse", subject,
                f"{', '.join(content.changing)} may give another result another time (not IMMUTABLE), which no index can hold",
                "name the time zone or the locale in the expression, or use a function that is immutable in truth",
            )  # fmt: skip
        restricted = facts.server.version >= _SEARCH_PATH_RESTRICTED
        for function, found in content.searching:
            yield Finding(
                "P31", "refuse" if restricted else "warn", subject,
                f"function {function} finds {found} by the search path, which a build does not have "
                f"{'on this server' if restricted else 'from PostgreSQL 17 on, nor a restored dump'}",
                f"name the schema inside it, or ALTER FUNCTION {function} SET search_path",
            )  # fmt: skip


def changed(task: Task, facts: Facts) -> Iterator[Finding]:
    for name, index in task.builds:
        table = facts.table(index.schema, index.table)
        if table is None:
            continue
        unfit = facts.content(name).unfit
        differs = _differences(facts, index, task.advised_for(name))
        if differs:
            yield Finding(
                "P35", "refuse", table.qualified,
                f"is not what {name} was advised for: {'; '.join(differs)}", "take a new snapshot and advise again",
            )  # fmt: skip
        elif unfit:
            yield Finding(
                "P35", "refuse", table.qualified, f"the definition of {name} does not fit it: {unfit}",
                "take a new snapshot and advise again",
            )  # fmt: skip
        yield from _replaced(task, facts, name, index)
        for column in facts.columns:
            here = (column.schema, column.table) == (index.schema, index.table)
            if here and column.generated == "v" and column.name in columns_of(index):
                yield Finding(
                    "P35", "refuse", table.qualified,
                    f"{column.name} is a virtual generated column, which no index of {name}'s kind can hold",
                    "index its expression instead",
                )  # fmt: skip


def _differences(facts: Facts, index: Index, made_for: MadeFor) -> list[str]:
    place = (index.schema, index.table)
    now = {column.name: column.type for column in facts.columns if (column.schema, column.table) == place}
    plain = {key.column for key in index.keys if key.column} | set(index.include)
    gone = sorted((plain | {name for name, _ in made_for.columns}) - set(now)) if now else []
    return [f"column {name} is gone" for name in gone] + [
        f"column {name} was {type} and is {now[name]}"
        for name, type in made_for.columns
        if name in now and now[name] != type
    ]


def _replaced(task: Task, facts: Facts, name: str, index: Index) -> Iterator[Finding]:
    """Another database has other oids; that the old table is still here under another name proves that it is this one."""
    table = facts.table(index.schema, index.table)
    advised = task.advised_for(name).table_oid
    moved = next((new for oid, new in facts.moved if oid == advised), "")
    if table is not None and advised and table.oid != advised and moved:
        yield Finding(
            "P35", "refuse", table.qualified,
            f"is another table than {name} was advised for, which is called {moved} now",
            "take a new snapshot and advise again",
        )  # fmt: skip


def drops(task: Task, facts: Facts) -> Iterator[Finding]:
    for existing in task.drops:
        subject = f"{existing.index.schema}.{existing.name}"
        named = facts.named(existing.index.schema, existing.name)
        if named is not None and (
            named.kind not in ("i", "I") or (existing.oid and named.oid != existing.oid)
        ):
            yield Finding(
                "P16", "refuse", subject, "what bears this name now is not the index that was advised on",
                "take a new snapshot and advise again",
            )  # fmt: skip
        needed = needed_by(existing)
        if needed:
            yield Finding("P17", "refuse", subject, needed, "keep it")
