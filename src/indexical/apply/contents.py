"""What each index that is to be built would find in its table: rows, widths, values that fail, and functions it may not use.

An index expression is run on every row, by whoever builds the index. So nothing of it is run here, not even on a sample, when
we are a superuser and somebody else could have written a function that it calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexical.apply.calls import Call, Cast, calls, casts, expressions, moments, unqualified
from indexical.errors import DatabaseError
from indexical.model import Index
from indexical.model.columns import columns_of
from indexical.pg.definition import own_words, typed
from indexical.pg.queries import load
from indexical.pg.sample import TIMED_OUT, Sampled, Shape, planned, repeated, sampled
from indexical.pg.session import Session

BTREE_LIMIT = 2704
"""Bytes of one entry of a B-tree: a third of a page (``BTMaxItemSize``)."""
_SAMPLE_SECONDS = 2.0
_COUNT_SECONDS = 60.0
_MEANINGLESS = "42"
"""SQLSTATE class of a text that means nothing on the table."""
_NO_FUNCTION = "42883"
_NO_TYPE = "42601"
_DEPTH = 3
"""Functions that call functions are followed so far."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    schema: str
    table: str
    name: str
    type: str
    generated: str
    """``v`` for a virtual generated column."""
    varying: bool
    at_most: int
    """Bytes that a value can have by its declared length; 0 for no limit."""

    @property
    def unbounded(self) -> bool:
        """A value could be wider than a B-tree takes."""
        return self.varying and not 0 < self.at_most <= BTREE_LIMIT


@dataclass(frozen=True, slots=True)
class Content:
    """What is known about one build beforehand."""

    name: str
    """Of the index."""
    shape: Shape | None = None
    sample: Sampled | None = None
    repeated: int = 0
    """Keys that more than one row holds; counted for unique indexes only."""
    unfit: str = ""
    """What the server says about a definition that does not fit the table."""
    fails: str = ""
    """SQLSTATE with which an expression fails on a row."""
    unfinished: tuple[str, ...] = ()
    """What took too long to be examined."""
    changing: tuple[str, ...] = ()
    """Functions, casts and words in it that are not immutable."""
    searching: tuple[tuple[str, str], ...] = ()
    """(function, name that it looks up by the search path)."""
    distrusted: tuple[str, ...] = ()
    """Functions of other roles that we, as a superuser, do not run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A build and what its table is."""

    name: str
    index: Index
    rows: float
    partitioned: bool
    unbounded: bool
    """One of its columns has values of any width."""


def read_columns(session: Session, places: Sequence[tuple[str, str]]) -> tuple[ColumnFacts, ...]:
    names = {"schemas": [schema for schema, _ in places], "names": [name for _, name in places]}
    return tuple(ColumnFacts(**row) for row in session.rows(load("apply_columns"), names))


def subject_of(
    name: str, index: Index, rows: float, *, partitioned: bool, columns: Sequence[ColumnFacts]
) -> Subject:
    used = columns_of(index)
    here = [c for c in columns if (c.schema, c.table) == (index.schema, index.table) and c.name in used]
    return Subject(name, index, rows, partitioned, any(column.unbounded for column in here))


def read_content(session: Session, subject: Subject, *, superuser: bool) -> Content:
    """Raises :class:`DatabaseError` only when the connection is lost; all else is a part of the answer."""
    content = _functions(session, subject)
    if content.distrusted and superuser:
        return content
    with own_words(session, subject.index):
        return _asked(session, subject, replace(content, distrusted=()))


def _asked(session: Session, subject: Subject, content: Content) -> Content:
    try:
        content = replace(content, shape=planned(session, subject.index, partitioned=subject.partitioned))
    except DatabaseError as error:
        if session.closed:
            raise
        if error.code == TIMED_OUT:
            return replace(content, unfinished=("its size",))
        return replace(content, unfit=str(error))
    content = _looked_at(session, subject, content)
    if subject.index.unique and not content.fails:
        content = _counted(session, subject, content)
    return content


def _looked_at(session: Session, subject: Subject, content: Content) -> Content:
    index = subject.index
    if not (expressions(index) or (index.method == "btree" and subject.unbounded)):
        return content
    try:
        found = sampled(
            session, index, subject.rows, partitioned=subject.partitioned, seconds=_SAMPLE_SECONDS
        )
    except DatabaseError as error:
        if session.closed:
            raise
        if error.code == TIMED_OUT:
            return replace(content, unfinished=(*content.unfinished, "a sample of its rows"))
        return _failing(content, error)
    return replace(content, sample=found)


def _counted(session: Session, subject: Subject, content: Content) -> Content:
    try:
        count = repeated(session, subject.index, partitioned=subject.partitioned, seconds=_COUNT_SECONDS)
    except DatabaseError as error:
        if session.closed:
            raise
        if error.code == TIMED_OUT:
            return replace(content, unfinished=(*content.unfinished, "whether keys repeat"))
        return _failing(content, error)
    return replace(content, repeated=count)


def _failing(content: Content, error: DatabaseError) -> Content:
    """What a function does not find without a search path is told by what it searches for."""
    if error.code == _NO_FUNCTION and content.searching:
        return content
    return replace(content, fails=error.code)


@dataclass(frozen=True, slots=True)
class _Function:
    asked: tuple[str, str]
    schema: str
    name: str
    types: tuple[int, ...]
    least: int
    most: int
    immutable: bool
    body: str
    language: str
    fixed: bool
    """It sets its own search path."""
    builtin: bool
    trusted: bool

    @property
    def text(self) -> str:
        return self.name if self.builtin else f"{self.schema}.{self.name}"


def _functions(session: Session, subject: Subject) -> Content:
    texts = expressions(subject.index)
    used = sorted({call for text in texts for call in calls(text)})
    changing = {word for text in texts for word in moments(text)}
    known = _named(session, {(call.schema, call.name) for call in used})
    meant: list[_Function] = []
    for call in used:
        fitting = _meant(session, subject, call, known)
        meant += fitting
        if fitting and not any(function.immutable for function in fitting):
            changing.add(f"{fitting[0].text}()")
    for cast in sorted({cast for text in texts for cast in casts(text)}):
        if not _immutable(session, subject, cast):
            changing.add(f"the cast to {cast.type}")
    searching = {(function.text, name) for function in meant for name in _searched(session, function)}
    distrusted = {function.text for function in meant if not function.trusted}
    return Content(
        subject.name,
        changing=tuple(sorted(changing)),
        searching=tuple(sorted(searching)),
        distrusted=tuple(sorted(distrusted)),
    )


def _named(session: Session, names: set[tuple[str, str]]) -> tuple[_Function, ...]:
    if not names:
        return ()
    ordered = sorted(names)
    rows = session.rows(
        load("apply_functions"),
        {
            "schemas": [schema for schema, _ in ordered],
            "names": [n for _, n in ordered],
            "path": list(session.own_schemas),
        },
    )
    return tuple(
        _Function(
            asked=(row["asked_schema"], row["asked"]), schema=row["schema"], name=row["name"], types=tuple(row["types"]),
            least=row["least"], most=row["most"], immutable=row["volatility"] == "i", body=row["body"],
            language=row["language"], fixed=row["fixed"], builtin=row["builtin"], trusted=row["trusted"],
        )
        for row in rows
    )  # fmt: skip


def _meant(session: Session, subject: Subject, call: Call, known: Sequence[_Function]) -> list[_Function]:
    """The functions that a call may mean: one where its arguments' types say which."""
    count = len(call.arguments)
    fitting = [
        function
        for function in known
        if function.asked == (call.schema, call.name) and function.least <= count <= function.most
    ]
    if len({function.immutable for function in fitting}) < 2:
        return fitting
    types = _types(session, subject, call.arguments)
    exact = [function for function in fitting if function.types == types]
    return exact or fitting


def _types(session: Session, subject: Subject, texts: Sequence[str]) -> tuple[int, ...]:
    """Oids of the types of expressions over the table; none when the server cannot say. Nothing is executed."""
    index = subject.index
    try:
        return typed(session, index.schema, index.table, texts)
    except DatabaseError as error:
        if not error.code.startswith(_MEANINGLESS):
            raise
        return ()


def _immutable(session: Session, subject: Subject, cast: Cast) -> bool:
    """Whether a cast is; one that the server knows nothing about passes, since the server refuses it by itself."""
    source = _types(session, subject, [cast.operand])
    if not source:
        return True
    try:
        rows = session.rows(load("apply_casts"), {"source": source[0], "target": cast.type})
    except DatabaseError as error:
        if error.code != _NO_TYPE:
            raise
        return True
    return not rows or rows[0]["volatility"] == "i"


def _searched(session: Session, function: _Function) -> Iterator[str]:
    """Names that the function, or one that it calls, finds by the search path only."""
    reached = [function]
    for _ in range(_DEPTH):
        inner: set[tuple[str, str]] = set()
        for each in reached:
            if each.fixed or each.language not in ("sql", "plpgsql") or not each.body:
                continue
            names = sorted(unqualified(each.body))
            yield from (row["name"] for row in session.rows(load("apply_unqualified"), {"names": names}))
            inner |= {(call.schema, call.name) for call in calls(each.body) if call.schema}
        reached = [each for each in _named(session, inner) if not each.builtin]
