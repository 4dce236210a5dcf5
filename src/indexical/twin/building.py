"""Builds the twin of a catalog on a fresh private server: schema, files, sizes, statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from indexical.errors import InputError
from indexical.model import Catalog, ExistingIndex, Function, NotExamined, Table
from indexical.pg.queries import load
from indexical.pg.session import Session, connect
from indexical.twin import extended, preparing, schema, statistics, storage
from indexical.twin.lengths import existing_gin, existing_height, file_pages, lengthen
from indexical.twin.preparing import ROLE, attempt
from indexical.twin.server import PrivateServer
from indexical.twin.sizes import Extent
from indexical.twin.skeleton import PAGE

_FIRST_FILE = 3_000_000_000
"""Numbers for files of our own: far from those the server gives."""
_LANGUAGES = frozenset({"sql", "plpgsql"})

Place = tuple[str, str]
"""Schema and name."""


@dataclass(slots=True)
class Built:
    """What the twin of a catalog is made of."""

    tables: dict[Place, int] = field(default_factory=dict)
    """To oid."""
    files: dict[int, int] = field(default_factory=dict)
    """Table oid to file number; 0 for a partitioned table."""
    spaces: dict[int, int] = field(default_factory=dict)
    """Table oid to tablespace oid."""
    indexes: list[tuple[ExistingIndex, int]] = field(default_factory=list)
    """Existing indexes with their oids in the twin."""
    empty: dict[int, int] = field(default_factory=dict)
    """Tablespace oid to the file of a table there that stays empty."""
    partitions: dict[Place, list[Place]] = field(default_factory=dict)
    """A partitioned table's own partitions."""
    not_examined: list[NotExamined] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(_FIRST_FILE))

    def leaves(self, place: Place) -> list[Place]:
        """The table, or the partitions at the ends of its tree that hold its rows."""
        parts = self.partitions.get(place)
        if parts is None:
            return [place]
        return [leaf for part in parts for leaf in self.leaves(part)]


def build(
    server: PrivateServer, catalog: Catalog, admin: Session, tell: Callable[[float, str], None]
) -> Built:
    """Makes the twin. What it cannot stand for is named in ``not_examined`` and left out.

    Raises :class:`indexical.errors.EngineFailed` when the server fails.
    """
    with connect(server.url(user=ROLE), read_only=False, application_name="indexical twin") as owner:
        builder = Builder(server, catalog, admin, owner)
        builder.schema(tell)
    tell(0.8, "statistics")
    builder.extents()
    builder.built.not_examined += statistics.restore(admin, builder.made)
    builder.built.not_examined += extended.restore(admin, builder.made)
    return builder.built


class Builder:
    """One walk from a catalog to its twin."""

    def __init__(self, server: PrivateServer, catalog: Catalog, admin: Session, owner: Session) -> None:
        self.built = Built()
        self.made: list[Table] = []
        """Tables that stand, with those of their indexes that stand."""
        self._server = server
        self._catalog = catalog
        self._admin = admin
        self._owner = owner
        self._spaces: dict[str, str] = {}
        self._major = server.engine.major

    def schema(self, tell: Callable[[float, str], None]) -> None:
        self.built.not_examined += preparing.make_schemas(self._catalog, self._admin)
        self.built.not_examined += preparing.make_extensions(self._catalog, self._admin)
        self._spaces, failed = preparing.make_tablespaces(self._catalog, self._admin)
        self.built.not_examined += failed
        self._owner.set("check_function_bodies", "off")
        tell(0.2, "tables")
        self._types()
        waiting = self._functions(self._catalog.functions)
        self._tables()
        self._attach()
        waiting = self._functions(waiting)
        tell(0.3, "indexes")
        self._indexes()
        self._files()
        tell(0.7, "constraints")
        self._constraints()
        self._views()
        for function in self._functions(waiting):
            why = attempt(self._owner, function.definition)
            self._note(f"function {function.schema}.{function.name}", why or "its language is not allowed")
        for table in self.made:
            for known in table.extended_statistics:
                # One that has expressions may be there twice: for the table alone and with its children.
                if not known.inherited or known.name not in {
                    k.name for k in table.extended_statistics if not k.inherited
                }:
                    what = f"statistics {known.schema}.{known.name}"
                    self._note(what, attempt(self._owner, known.definition))

    def extents(self) -> None:
        """Makes tables and indexes as long as production's, tells the catalog, and sets what is valid."""
        records = []
        for table in self.made:
            place = (table.schema, table.name)
            oid = self.built.tables[place]
            pages = file_pages(table)
            if self.built.files[oid]:
                storage.extend(
                    self._server.data_directory / self._paths[place], max(pages, 0), self._server.engine
                )
            analysed = table.analysed_pages if table.analysed_pages >= 0 else pages
            records.append(
                {"oid": oid, "pages": analysed, "tuples": table.rows, "visible": table.visible_pages}
            )
        for existing, oid in self.built.indexes:
            record: dict[str, Any] = {
                "oid": oid, "pages": existing.size // PAGE, "tuples": existing.tuples, "visible": 0,
            }  # fmt: skip
            if oid in self._refiled:
                record["file"] = self._refiled[oid]
            records.append(record)
        self._admin.execute(load("twin_extents"), (json.dumps(records),))
        validity = [{"oid": oid, "valid": existing.valid} for existing, oid in self.built.indexes]
        self._admin.execute(load("twin_validity"), (json.dumps(validity),))

    def _types(self) -> None:
        catalog = self._catalog
        steps = [(f"type {e.schema}.{e.name}", schema.create_enum(e)) for e in catalog.enums]
        steps += [
            (f"collation {c.schema}.{c.name}", schema.create_collation(c, self._major))
            for c in catalog.collations
        ]
        steps += [(f"type {d.schema}.{d.name}", schema.create_domain(d)) for d in catalog.domains]
        steps += [(f"type {c.schema}.{c.name}", schema.create_composite(c)) for c in catalog.composites]
        steps += [(f"type {r.schema}.{r.name}", schema.create_range(r, self._major)) for r in catalog.ranges]
        failures = dict(steps)
        # A type may be made of others that come after it: go round until nothing more succeeds.
        waiting = steps
        while waiting:
            left = []
            for what, sql in waiting:
                failures[what] = attempt(self._owner, sql)
                if failures[what]:
                    left.append((what, sql))
            if len(left) == len(waiting):
                break
            waiting = left
        for what, _ in steps:
            self._note(what, failures[what])

    def _functions(self, functions: Iterable[Function]) -> list[Function]:
        """Makes what can be made already; answers the rest."""
        return [
            function
            for function in functions
            if function.language not in _LANGUAGES or attempt(self._owner, function.definition)
        ]

    def _tables(self) -> None:
        standing: set[Place] = set()
        by_place = {(table.schema, table.name): table for table in self._catalog.tables}

        def parents_first(table: Table, above: frozenset[Place]) -> None:
            place = (table.schema, table.name)
            if place in standing or place in above:
                return
            standing.add(place)
            for parent in table.parents:
                if parent in by_place:
                    parents_first(by_place[parent], above | {place})
            space = self._spaces.get(table.tablespace, "")
            failure = attempt(self._owner, schema.create_table(table, self._major, space))
            self._note(table.qualified, failure)
            if not failure:
                self.made.append(table)

        for table in self._catalog.tables:
            parents_first(table, frozenset())
        for table in self.made:
            why = {"f": "it is a foreign table; it is planned as if its rows were here"}.get(table.kind, "")
            if table.access_method:
                why = f"its access method is {table.access_method}; it is planned as a heap"
            if why:
                self.built.not_examined.append(NotExamined(table.qualified, why))

    def _attach(self) -> None:
        here = {(table.schema, table.name) for table in self.made}
        for table in self.made:
            if table.kind == "p":
                self.built.partitions.setdefault((table.schema, table.name), [])
        for table in self.made:
            if not set(table.parents) <= here:
                self._note(
                    table.qualified, "a table it is a part of could not be made" if table.parents else ""
                )
                continue
            for sql in schema.attach(table):
                failure = attempt(self._owner, sql)
                self._note(table.qualified, failure)
                if not failure and table.partition_bound:
                    self.built.partitions[table.parents[0]].append((table.schema, table.name))

    def _indexes(self) -> None:
        for position, table in enumerate(self.made):
            # Of two equal indexes the planner takes the one with the lower oid: they are made in production's order.
            in_order = sorted(table.indexes, key=lambda each: (each.oid, each.name))
            names = {existing.name for existing in in_order if self._index(table, existing)}
            kept = tuple(existing for existing in table.indexes if existing.name in names)
            if len(kept) != len(table.indexes):
                self.made[position] = _with_indexes(table, kept)
        for table in self.made:
            for existing in table.indexes:
                if existing.parent:
                    self._note(f"index {existing.name}", attempt(self._owner, schema.attach_index(existing)))

    def _index(self, table: Table, existing: ExistingIndex) -> bool:
        try:
            constraint = schema.add_constraint(existing, table.kind)
            if constraint and not attempt(self._owner, constraint):
                return True
            space = self._spaces.get(existing.tablespace, "")
            failure = attempt(self._owner, schema.create_existing(existing, table.kind, space))
            if not failure and existing.constraint and not constraint:
                # A constraint only adds to its index what few plans need; the index itself is there.
                again = schema.use_as_constraint(existing)
                if again:
                    attempt(self._owner, again)
        except InputError as error:
            failure = str(error)
        self._note(f"index {existing.name}", failure)
        return not failure

    def _files(self) -> None:
        """Finds the relations' files and gives existing indexes their length before anything reads them."""
        found = {(row["schema"], row["name"]): row for row in self._admin.rows(load("twin_relations"))}
        self._paths = {place: Path(row["path"]) for place, row in found.items()}
        self._refiled: dict[int, int] = {}
        for place, row in found.items():
            if place[0] == "indexical_twin":
                self.built.empty[row["tablespace"]] = row["file"]
        by_place = {(table.schema, table.name): table for table in self.made}
        for place in by_place:
            row = found[place]
            self.built.tables[place] = row["oid"]
            self.built.files[row["oid"]] = row["file"]
            self.built.spaces[row["oid"]] = row["tablespace"]
        for position, table in enumerate(self.made):
            here = []
            for existing in table.indexes:
                row = found.get((existing.index.schema, existing.name), {})
                if not row:
                    self._note(f"index {existing.name}", "it was made under another name")
                    continue
                here.append(existing)
                self.built.indexes.append((existing, row["oid"]))
                if row["path"]:
                    self._lengthen(table, existing, row, by_place)
            if len(here) != len(table.indexes):
                self.made[position] = _with_indexes(table, tuple(here))

    def _lengthen(
        self,
        table: Table,
        existing: ExistingIndex,
        row: Mapping[str, Any],
        by_place: Mapping[Place, Table],
    ) -> None:
        height = existing.height
        if existing.index.method == "btree" and height < 0:
            height = existing_height(existing, by_place)
        extent = Extent(existing.size // PAGE, existing.tuples, height)
        if existing.index.method == "gin":
            extent = existing_gin(existing, table)
        per_range = int(dict(existing.options).get("pages_per_range", "128") or 128)
        path = self._server.data_directory / row["path"]
        file = lengthen(
            self._server,
            path,
            existing.index.method,
            extent,
            file_pages(table),
            self.built.numbers,
            per_range,
        )
        if file:
            self._refiled[row["oid"]] = file

    def _constraints(self) -> None:
        by_place = {(table.schema, table.name): table for table in self.made}
        for table in self.made:
            inherited = {name for name, _ in _inherited_checks(table, by_place)}
            for name, definition in table.checks:
                if name in inherited:
                    continue
                what = f"constraint {name} of {table.qualified}"
                self._note(what, attempt(self._owner, schema.add_check(table, name, definition)))
        for table in self.made:
            # A partition has the foreign keys of its table, and not always under the same name.
            above = {
                replace(key, name="")
                for parent in table.parents
                if table.partition_bound and parent in by_place
                for key in by_place[parent].foreign_keys
            }
            for key in table.foreign_keys:
                what = f"foreign key {key.name} of {table.qualified}"
                if replace(key, name="") not in above:
                    self._note(what, attempt(self._owner, schema.add_foreign_key(table, key)))

    def _views(self) -> None:
        for view in self._catalog.views:
            what = f"view {view.schema}.{view.name}"
            self._note(what, attempt(self._owner, schema.create_view(view)))

    def _note(self, what: str, failure: str) -> None:
        if failure:
            self.built.not_examined.append(
                NotExamined(what, f"the planner twin cannot stand for it: {failure}")
            )


def _with_indexes(table: Table, indexes: tuple[ExistingIndex, ...]) -> Table:
    return replace(table, indexes=indexes)


def _inherited_checks(table: Table, by_place: Mapping[Place, Table]) -> list[tuple[str, str]]:
    """Those that reach the table from its parents, who have theirs added first."""
    found = []
    for parent in table.parents:
        above = by_place.get(parent)
        if above is not None:
            found += [pair for pair in above.checks if "NO INHERIT" not in pair[1]]
            found += _inherited_checks(above, by_place)
    return found
