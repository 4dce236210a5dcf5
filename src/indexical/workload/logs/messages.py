"""From messages to executions: which statement ran, how long, with which parameters, and which messages tell of one run.

One execution may be told twice or three times: before it runs (``log_statement``), when it is done
(``log_min_duration_statement``), and with its plan (``auto_explain``), in an order that depends on the protocol. Parse and
bind belong to the execution that follows them.
"""

from __future__ import annotations

import html
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from indexical.workload.logs.entries import Entry
from indexical.workload.screening import prepared_query, unwrapped

MAX_SESSIONS = 2000
MAX_PLANS = 100
_TOLD = re.compile(
    r"(?:duration: (?P<ms>[0-9.]{1,20}) ms(?:  |\Z))?"
    r"(?:(?P<statement>statement): |(?P<step>parse|bind|execute(?: fetch from)?) (?P<name>[^\n]{0,200}?): |(?P<plan>plan):\s)?"
)
_PREPARED = re.compile(r"prepare: ", re.IGNORECASE)
_PARAMETERS = re.compile(r"parameters: ", re.IGNORECASE)
_JSON_QUERY = re.compile(
    r'\s*\{\s*"Query Text": ("(?:[^"\\]|\\.)*")(?:,\s*"Query Parameters": ("(?:[^"\\]|\\.)*"))?'
)
_YAML_QUERY = re.compile(
    r'\s*Query Text: ("(?:[^"\\]|\\.)*")(?:\n\s*Query Parameters: ("(?:[^"\\]|\\.)*"))?\s*\n\s*Plan:'
)
_XML_QUERY = re.compile(
    r"\s*<explain[^>]*>\s*<Query-Text>(.*?)</Query-Text>(?:\s*<Query-Parameters>(.*?)</Query-Parameters>)?",
    re.DOTALL,
)
_TEXT_QUERY = re.compile(r"\s*Query Text: ")
_PLAN_ROOT = re.compile(r"^\S[^\n]*  \(cost=", re.MULTILINE)
_TEXT_PARAMETERS = re.compile(r"\nQuery Parameters: ")


@dataclass(slots=True)
class Execution:
    """One run of a statement's text."""

    place: int
    text: str
    milliseconds: float = 0.0
    parameters: str = ""
    """``$1 = '5', $2 = NULL``, as the server writes it."""
    calls: float = 1.0
    """0 when only the time is news: the run was told before."""


@dataclass(slots=True)
class _Session:
    begun: Execution | None = None
    """Told by ``log_statement``; its duration may follow."""
    plans: list[Execution] = field(default_factory=list)
    """Told by ``auto_explain``; the statement itself may follow."""
    told: str = ""
    """The latest text that was told with its duration; its plan may follow."""
    declared: bool = False
    """Whether it told of a cursor, whose plan comes when the cursor is closed."""


@dataclass(slots=True)
class Executions:
    """Puts messages together, session by session."""

    failed: int = 0
    """Statements that ended in an error."""
    unreadable_plans: int = 0
    _sessions: OrderedDict[str, _Session] = field(default_factory=OrderedDict)

    def take(self, entry: Entry) -> Iterator[Execution]:
        session = self._sessions.get(entry.session)
        if session is None:
            session = self._sessions[entry.session] = _Session()
            if len(self._sessions) > MAX_SESSIONS:
                _, oldest = self._sessions.popitem(last=False)
                yield from _left(oldest)
        else:
            self._sessions.move_to_end(entry.session)
        if entry.severity in ("ERROR", "FATAL", "PANIC"):
            self._fail(session)
            return
        yield from self._told(session, entry)

    def finish(self) -> Iterator[Execution]:
        for session in self._sessions.values():
            yield from _left(session)
        self._sessions.clear()

    def _fail(self, session: _Session) -> None:
        if session.begun is not None:
            self.failed += 1
        session.begun, session.told = None, ""

    def _told(self, session: _Session, entry: Entry) -> Iterator[Execution]:
        found = _TOLD.match(entry.message)
        if found is None:
            return
        milliseconds, step = _number(found["ms"]), found["step"] or ""
        if found["plan"]:
            yield from self._plan(session, entry, entry.message[found.end() :], milliseconds)
        elif step in ("parse", "bind"):
            return
        elif found["statement"] or step:
            run = Execution(entry.place, entry.message[found.end() :], milliseconds)
            _add_detail(run, entry.detail)
            if step == "execute fetch from":
                # The portal was counted when it was executed first.
                run.calls = 0.0
                yield run
                return
            session.declared = session.declared or unwrapped(run.text) != run.text
            yield from _statement(session, run, ended=found["ms"] is not None)
        elif found["ms"] and session.begun is not None:
            session.begun.milliseconds = milliseconds
            session.told = session.begun.text
            yield session.begun
            session.begun = None

    def _plan(self, session: _Session, entry: Entry, text: str, milliseconds: float) -> Iterator[Execution]:
        read = _plan_query(text)
        if read is None:
            self.unreadable_plans += 1
            return
        run = Execution(entry.place, prepared_query(read[0]), milliseconds, read[1])
        if session.declared and unwrapped(run.text) != run.text:
            run.calls = 0.0
            yield run
        elif session.told and session.told == _bare(run.text):
            session.told = ""
        elif session.begun is not None and _bare(session.begun.text) == _bare(run.text):
            session.begun.milliseconds = session.begun.milliseconds or milliseconds
            session.begun.parameters = session.begun.parameters or run.parameters
        else:
            yield from _other_plans(session, run)
            session.plans.append(run)


def _statement(session: _Session, run: Execution, *, ended: bool) -> Iterator[Execution]:
    if session.begun is not None:
        yield session.begun
        session.begun = None
    bare = _bare(run.text)
    planned = [plan for plan in session.plans if _bare(plan.text) == bare]
    yield from (plan for plan in session.plans if _bare(plan.text) != bare)
    session.plans = []
    if ended:
        # In the simple protocol the plan came first; in the extended one it is still to come.
        session.told = "" if planned else bare
        yield run
    else:
        session.begun = run


def _other_plans(session: _Session, run: Execution) -> Iterator[Execution]:
    """Plans before this one whose statement did not follow: each was a run of its own.

    A text of several statements has a plan for each of them, all under the whole text.
    """
    several = ";" in run.text and len(session.plans) < MAX_PLANS
    if session.plans and (not several or _bare(session.plans[0].text) != _bare(run.text)):
        yield from session.plans
        session.plans = []


def _left(session: _Session) -> Iterator[Execution]:
    yield from session.plans
    if session.begun is not None:
        yield session.begun


def _add_detail(run: Execution, detail: str) -> None:
    if not detail:
        return
    if found := _PARAMETERS.match(detail):
        run.parameters = detail[found.end() :]
    elif found := _PREPARED.match(detail):
        # `EXECUTE p(3)`: what ran is the statement that was prepared.
        run.text = prepared_query(detail[found.end() :])


def _plan_query(text: str) -> tuple[str, str] | None:
    """Query text and parameters of a plan in any of the formats of auto_explain."""
    for pattern in (_JSON_QUERY, _YAML_QUERY):
        if found := pattern.match(text):
            try:
                return json.loads(found[1], strict=False), json.loads(found[2], strict=False) if found[
                    2
                ] else ""
            except ValueError:
                return None
    if found := _XML_QUERY.match(text):
        return html.unescape(found[1]), html.unescape(found[2] or "")
    if found := _TEXT_QUERY.match(text):
        roots = list(_PLAN_ROOT.finditer(text, found.end()))
        if roots:
            query = text[found.end() : roots[-1].start()].rstrip("\n")
            parts = _TEXT_PARAMETERS.split(query)
            return (query, "") if len(parts) != 2 else (parts[0], parts[1])
    return None


def _bare(text: str) -> str:
    return unwrapped(text).strip().rstrip(";").rstrip()


def _number(text: str | None) -> float:
    try:
        return float(text) if text else 0.0
    except ValueError:
        return 0.0
