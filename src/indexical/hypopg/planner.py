"""HypoPG (https://hypopg.readthedocs.io): hypothetical indexes of one session, seen by its EXPLAIN and by nothing else.

They outlive a rollback and stay as long as the session does, so that they are taken away before the session ends, too: behind
a pooler the server's session would go on to somebody else.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from indexical.ddl import create_index, qualified
from indexical.errors import ConnectionFailed, DatabaseError, InputError, PlanRefused
from indexical.model import (
    Catalog,
    Configuration,
    ExistingIndex,
    Index,
    NotExamined,
    Parameters,
    Plan,
    Statement,
)
from indexical.pg.explain import explain
from indexical.pg.plans import names_of, with_structures
from indexical.pg.queries import load
from indexical.pg.session import Session, connect

OnEvent = Callable[[str, float, str], None]

_STATEMENT_TIMEOUT_MS = 15_000
_HIDES = (1, 4)
"""The version since which an existing index can be hidden."""
_SIZES = (
    "sizes of hypothetical indexes",
    "HypoPG does not know that equal keys share their space: they may be several times too large",
)


def open_hypopg(url: str, catalog: Catalog, *, on_event: OnEvent | None = None) -> HypoPg:
    """Opens a session of its own on the database that the catalog describes.

    Raises :class:`DatabaseError` when HypoPG is not there or the session is not ours alone, and what
    :func:`indexical.pg.session.connect` raises.
    """
    session = connect(url, application_name="indexical hypopg", statement_timeout_ms=_STATEMENT_TIMEOUT_MS)
    try:
        facts = _facts(session)
        if on_event is not None:
            where = "on a standby" if facts["standby"] else "on the primary itself"
            on_event("hypopg", 0.0, f"HypoPG {facts['version']}, planning {where}")
        return HypoPg(session, catalog, facts["schema"], facts["version"])
    except BaseException:
        session.close()
        raise


def _facts(session: Session) -> dict[str, Any]:
    facts = session.rows(load("hypopg_facts"))[0]
    if facts["pid"] != session.backend_pid:
        raise DatabaseError(
            f"HypoPG cannot be used through a connection pooler ({session.target}): hypothetical indexes would reach other"
            " sessions; connect to the server directly"
        )
    if facts["version"] is None:
        todo = (
            "run CREATE EXTENSION hypopg there"
            if facts["available"]
            else "install it on the server and run CREATE EXTENSION hypopg"
        )
        raise DatabaseError(
            f"HypoPG is not installed in {session.target}; {todo}, or leave out --planner hypopg to use the planner twin"
        )
    return facts


class HypoPg:
    """Implements :class:`indexical.protocols.Planner`; a context manager, not for several threads."""

    kind = "hypopg"

    def __init__(self, session: Session, catalog: Catalog, schema: str, version: str) -> None:
        self._session = session
        self._schema = schema
        self.version = version
        self.calls = 0
        """Plans made so far."""
        self._names: dict[str, Index] = names_of(catalog.indexes())
        self._existing: dict[Index, list[ExistingIndex]] = {}
        for existing in catalog.indexes():
            self._existing.setdefault(existing.index, []).append(existing)
        self._made: dict[Index, tuple[int, str]] = {}
        """Hypothetical indexes that the session has now: oid and name."""
        self._refused: dict[Index, PlanRefused] = {}
        self._hidden: set[int] = set()
        self._sizes: dict[Index, int] = {}
        self._reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def server_version(self) -> str:
        """The database's own, such as ``15.20``."""
        return self._session.server_version_text

    @property
    def can_hide(self) -> bool:
        numbers = [int(part) if part.isdigit() else 0 for part in self.version.split(".")[:2]]
        return tuple(numbers) >= _HIDES

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What its answers leave out."""
        found = [NotExamined(*_SIZES)]
        if not self.can_hide:
            found.append(
                NotExamined(
                    "plans without an existing index that they use today",
                    f"HypoPG {self.version} cannot hide an index; version 1.4 can",
                )
            )
        return tuple(found)

    def close(self) -> None:
        """Takes every hypothetical index away and ends the session."""
        try:
            if not self._session.closed:
                self._reset()
                self._session.script(["DEALLOCATE ALL"])
        except DatabaseError:
            # The session was lost, and what it held with it.
            pass
        finally:
            self._session.close()

    def plan(self, statement: Statement, parameters: Parameters, configuration: Configuration) -> Plan:
        """The plan under a configuration, made by the database itself; nothing is executed.

        Raises :class:`PlanRefused` when the statement cannot be planned, or an index not be hidden or made.
        """
        self._arrange(configuration)
        self.calls += 1
        plan = explain(self._session, statement, parameters).plan(self._names)
        return with_structures(plan, {name: index for index, (_, name) in self._made.items()})

    def size(self, index: Index) -> int:
        """Bytes; of a hypothetical index as HypoPG has it. Raises :class:`PlanRefused` for one that it does not make."""
        for existing in self._existing.get(index, ()):
            return existing.size
        if index not in self._sizes:
            oid, _ = self._made.get(index) or self._make(index)
            answer = self._call("hypopg_relation_size(%s::pg_catalog.oid) AS size", str(oid))
            self._sizes[index] = int(answer[0]["size"])
        return self._sizes[index]

    def _arrange(self, configuration: Configuration) -> None:
        """Makes the session see exactly the configuration."""
        wanted = {
            index
            for index in configuration.added
            if index in configuration.removed or not any(e.valid for e in self._existing.get(index, ()))
        }
        hidden = self._oids_to_hide(configuration)
        for index in sorted(set(self._made) - wanted):
            oid, name = self._made.pop(index)
            del self._names[name]
            self._call("hypopg_drop_index(%s::pg_catalog.oid)", str(oid))
        for index in sorted(wanted - set(self._made)):
            self._make(index)
        for oid in sorted(self._hidden - hidden):
            self._call("hypopg_unhide_index(%s::pg_catalog.oid)", str(oid))
            self._hidden.remove(oid)
        for oid in sorted(hidden - self._hidden):
            self._call("hypopg_hide_index(%s::pg_catalog.oid)", str(oid))
            self._hidden.add(oid)

    def _oids_to_hide(self, configuration: Configuration) -> set[int]:
        oids: set[int] = set()
        for index in sorted(configuration.removed):
            standing = [existing for existing in self._existing.get(index, ()) if existing.valid]
            plain = [existing for existing in standing if not existing.backs_constraint]
            oids.update(existing.oid for existing in plain or standing)
            if standing and not self.can_hide:
                raise PlanRefused(
                    f"{index.text} cannot be left out of a plan: HypoPG {self.version} cannot hide an index; version 1.4 can"
                )
        return oids

    def _make(self, index: Index) -> tuple[int, str]:
        if index in self._refused:
            raise self._refused[index]
        try:
            # HypoPG gives it a name of its own, and takes the first of several statements without a word.
            answer = self._call("hypopg_create_index(%s)", create_index(index, "indexical_hypothetical"))
        except ConnectionFailed:
            raise
        except (DatabaseError, InputError) as error:
            raise self._refuse(index, str(error)) from None
        if len(answer) != 1:
            raise self._refuse(index, "HypoPG did not understand it")
        made = (int(answer[0]["indexrelid"]), str(answer[0]["indexname"]))
        self._made[index] = made
        self._names[made[1]] = index
        return made

    def _refuse(self, index: Index, why: str) -> PlanRefused:
        self._refused[index] = PlanRefused(f"{index.text} cannot be asked about: {why}")
        return self._refused[index]

    def _reset(self) -> None:
        self._call("hypopg_reset()")
        if self.can_hide:
            self._call("hypopg_unhide_all_indexes()")
        for _, name in self._made.values():
            self._names.pop(name, None)
        self._made.clear()
        self._hidden.clear()

    def _call(self, function: str, *values: str) -> list[dict[str, Any]]:
        """One function of the extension, wherever it is installed; ``%s`` stands for the values."""
        name, _, rest = function.partition("(")
        return self._session.rows(f"SELECT * FROM {qualified(self._schema, name)}({rest}", values)  # noqa: S608
