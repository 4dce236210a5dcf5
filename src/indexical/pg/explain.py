"""Plans of statements: how the server would run them, and what it says about that.

A statement's text only ever travels in a protocol-level prepare, which takes exactly one statement and runs nothing; what
is sent as text of ours is ``EXPLAIN (...) EXECUTE name(...)`` with quoted values, inside a read-only transaction that is
rolled back. So neither ``SELECT 1; DROP ...`` nor ``ANALYZE DELETE ...`` can do anything
(https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY, https://www.postgresql.org/docs/18/sql-explain.html).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexical.errors import ConnectionFailed, DatabaseError, PlanRefused
from indexical.model import Index, Parameters, Plan, Statement
from indexical.pg.plans import parse_plan
from indexical.pg.session import Session

__all__ = [
    "ExplainResult",
    "document",
    "execute_timed",
    "explain",
    "explain_script",
    "parse_plan",
    "prepared",
    "refusal",
]

_KEPT = 500
"""Prepared statements a session keeps."""
_TYPE_DOUBTS = frozenset({"42P18", "42P08", "42883", "42804", "42725", "22P02", "42846"})
"""SQLSTATEs that another guess of the parameters' types may cure."""


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """What EXPLAIN answered."""

    document: Mapping[str, Any] = field(repr=False)
    """The one object of ``FORMAT JSON``."""

    @property
    def cost(self) -> float:
        return float(self.document["Plan"]["Total Cost"])

    @property
    def planning_ms(self) -> float:
        return float(self.document.get("Planning Time", 0.0))

    @property
    def execution_ms(self) -> float:
        """Milliseconds; 0 unless the statement was analysed."""
        return float(self.document.get("Execution Time", 0.0))

    @property
    def rows(self) -> float:
        """Rows the statement really returned when it was analysed, else the planner's estimate."""
        top = self.document["Plan"]
        return float(top.get("Actual Rows", top.get("Plan Rows", 0.0)))

    @property
    def shared_hit(self) -> int:
        """Pages found in the buffer cache; 0 unless buffers were asked for."""
        return int(self.document["Plan"].get("Shared Hit Blocks", 0))

    @property
    def shared_read(self) -> int:
        """Pages that had to be read into the buffer cache; 0 unless buffers were asked for."""
        return int(self.document["Plan"].get("Shared Read Blocks", 0))

    def plan(self, index_by_name: Mapping[str, Index] | None = None) -> Plan:
        return parse_plan(self.document, index_by_name or {})


def explain(
    session: Session,
    statement: Statement,
    parameters: Parameters,
    *,
    analyze: bool = False,
    buffers: bool = False,
) -> ExplainResult:
    """Plans a statement with values for its ``$n``; without values a generic plan is made.

    With ``analyze`` the statement is really run, in a read-only transaction that is rolled back.
    Raises :class:`PlanRefused` when the server does not plan it, :class:`ConnectionFailed` when the server is lost.
    """
    try:
        opening, closing = _brackets(session)
        words = explain_script(session, statement, parameters, analyze=analyze, buffers=buffers)
        result = _run(session, [*opening, *words, *closing])
        return ExplainResult(document(result, statement))
    except ConnectionFailed:
        raise
    except PlanRefused:
        raise
    except DatabaseError as error:
        raise refusal(statement, error) from None


def refusal(statement: Statement, error: DatabaseError) -> PlanRefused:
    """The error for a statement that the server does not plan, with nothing in it that a function made up."""
    said = "a function that it calls raised an exception" if error.code.startswith("P0") else str(error)
    return PlanRefused(f"statement {statement.id} cannot be planned: {said}", code=error.code)


def explain_script(
    session: Session,
    statement: Statement,
    parameters: Parameters,
    *,
    analyze: bool = False,
    buffers: bool = False,
    verbose: bool = True,
) -> list[str]:
    """The SQL that plans a statement prepared on this session; the last one answers the plan."""
    name, count = prepared(session, statement)
    generic = not parameters and count > 0
    values: Parameters = (None,) * count if generic else parameters
    if len(values) != count:
        raise PlanRefused(
            f"statement {statement.id} cannot be planned: it has {count} parameters and {len(values)} values were given"
        )
    options = ["FORMAT JSON"]
    options += ["VERBOSE"] if verbose else []
    options += ["ANALYZE"] if analyze else []
    options += ["BUFFERS"] if buffers and analyze else ["BUFFERS OFF"] if analyze else []
    call = f"({', '.join(session.literal(value) for value in values)})" if values else ""
    words = [
        f"SET LOCAL plan_cache_mode = force_{'generic' if generic else 'custom'}_plan",
        f"EXPLAIN ({', '.join(options)}) EXECUTE {name}{call}",
    ]
    # Without values PostgreSQL keeps the plan it made before, whatever was set or turned off since.
    return words if values and not generic else ["DISCARD PLANS", *words]


def execute_timed(session: Session, statement: Statement, parameters: Parameters) -> tuple[float, int]:
    """Runs a statement for real and reads every row: milliseconds seen by the client, and rows.

    The rows stay in libpq's memory. The transaction is read-only and rolled back, so only statements that read succeed.
    Raises :class:`DatabaseError` when the server refuses.
    """
    known = (statement.sql, statement.types) in session.prepared
    name, _ = prepared(session, statement)
    if not known:
        # What has no plan is no query: COPY TO PROGRAM, too, may run in a read-only transaction.
        try:
            explain(session, statement, ())
        except DatabaseError:
            session.prepared.pop((statement.sql, statement.types), None)
            raise
    opening, closing = _brackets(session)
    session.script([*opening, "SET LOCAL plan_cache_mode = force_custom_plan"])
    try:
        begun = time.perf_counter()
        result = session.run_prepared(name.encode(), parameters)
        elapsed = (time.perf_counter() - begun) * 1000
    finally:
        if not session.closed:
            session.script(closing)
    return elapsed, result.ntuples


def prepared(session: Session, statement: Statement) -> tuple[str, int]:
    """The name under which the session has the statement prepared, and how many parameters it takes."""
    key = (statement.sql, statement.types)
    found = session.prepared.pop(key, None)
    if found is None:
        found = _prepare(session, statement)
        if len(session.prepared) >= _KEPT:
            oldest = next(iter(session.prepared))
            session.script([f"DEALLOCATE {session.prepared.pop(oldest)[0]}"])
    session.prepared[key] = found
    return found


def _prepare(session: Session, statement: Statement) -> tuple[str, int]:
    if "\x00" in statement.sql:
        raise PlanRefused(f"statement {statement.id} cannot be planned: it holds a NUL character")
    # PostgreSQL explains an EXECUTE that names itself for ever, until its stack ends and the whole server restarts.
    name = f"indexical_{session.mark}_{session.next_number()}"
    attempts = _attempts(session, statement)
    failure: DatabaseError | None = None
    for types in attempts:
        try:
            _prepare_apart(session, name.encode(), statement.sql, types)
        except ConnectionFailed:
            raise
        except DatabaseError as error:
            failure = failure or error
            if error.code not in _TYPE_DOUBTS:
                break
            continue
        return name, session.parameter_count(name.encode())
    raise refusal(statement, failure or DatabaseError("it was refused"))


def _prepare_apart(session: Session, name: bytes, sql: str, types: Sequence[int]) -> None:
    """Prepares a statement so that its failure leaves an open transaction as it was.

    A prepared statement belongs to the session and outlives the savepoint.
    """
    if not session.in_transaction:
        session.prepare(name, sql, types)
        return
    session.script(["SAVEPOINT indexical_prepare"])
    try:
        session.prepare(name, sql, types)
    except ConnectionFailed:
        raise
    except DatabaseError:
        session.script(["ROLLBACK TO SAVEPOINT indexical_prepare", "RELEASE SAVEPOINT indexical_prepare"])
        raise
    session.script(["RELEASE SAVEPOINT indexical_prepare"])


def _attempts(session: Session, statement: Statement) -> list[tuple[int, ...]]:
    """Parameter types to try, the most faithful first; 0 leaves a type to the server."""
    if "$" not in statement.sql:
        return [()]
    declared = tuple(_oid(session, name) for name in statement.types)
    as_text = _oid(session, "text")
    count = max(len(declared), _placeholders(statement.sql))
    padded = declared + (0,) * (count - len(declared))
    attempts = [declared, (), tuple(oid or as_text for oid in padded), (as_text,) * count]
    return list(dict.fromkeys(attempts))


def _placeholders(sql: str) -> int:
    """An upper bound of the highest ``$n``; one inside a literal does no harm."""
    highest = 0
    for part in sql.split("$")[1:]:
        digits = part[: next((i for i, c in enumerate(part) if not c.isdecimal()), len(part))]
        if digits and len(digits) < 6:
            highest = max(highest, int(digits))
    return min(highest, 1000)


def _oid(session: Session, name: str) -> int:
    if not name:
        return 0
    if name not in session.type_oids:
        try:
            rows = session.rows("SELECT pg_catalog.to_regtype(%s)::pg_catalog.oid AS oid", (name,))
            session.type_oids[name] = int(rows[0]["oid"] or 0)
        except ConnectionFailed:
            raise
        except DatabaseError:
            # to_regtype refuses text that is no type name at all; the server then infers.
            session.type_oids[name] = 0
    return session.type_oids[name]


def _brackets(session: Session) -> tuple[list[str], list[str]]:
    if session.in_transaction:
        return (
            ["SAVEPOINT indexical_plan", "SET LOCAL transaction_read_only = on"],
            ["ROLLBACK TO SAVEPOINT indexical_plan", "RELEASE SAVEPOINT indexical_plan"],
        )
    return ["BEGIN READ ONLY"], ["ROLLBACK"]


def _run(session: Session, script: Sequence[str]) -> bytes:
    try:
        results = session.script(script)
    except DatabaseError:
        if not session.closed and session.in_transaction:
            inside = script[0].startswith("SAVEPOINT")
            session.script(["ROLLBACK TO SAVEPOINT indexical_plan"] if inside else ["ROLLBACK"])
        raise
    return next((r.get_value(0, 0) or b"" for r in results if r.ntuples == 1 and r.nfields == 1), b"")


def document(text: bytes | None, statement: Statement) -> Mapping[str, Any]:
    """The one object of EXPLAIN's answer. Raises :class:`PlanRefused` for a statement that has no plan."""
    found = json.loads(text) if text else []
    if not found or not isinstance(found[0], dict) or "Plan" not in found[0]:
        raise PlanRefused(
            f"statement {statement.id} cannot be planned: it is no SELECT, INSERT, UPDATE, DELETE or MERGE"
        )
    answer: Mapping[str, Any] = found[0]
    return answer
