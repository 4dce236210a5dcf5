"""When one index can do another one's work: the only place that judges duplicates, prefixes and redundancy.

``covers(a, b)`` is a partial order up to :func:`equivalent`: every scan ``b`` can serve ``a`` serves about as well, and every
guarantee ``b`` gives ``a`` gives too. The rules, each from PostgreSQL's documentation of the access method:

* B-tree: leading keys serve the same scans, and the list is read in both directions, so keys and their complete reversal are the
  same order (https://www.postgresql.org/docs/18/indexes-multicolumn.html, https://www.postgresql.org/docs/18/indexes-ordering.html).
* A B-tree that leads with ``x`` finds ``x = ...`` for a few more comparisons than a hash index on ``x``, so it covers it;
  a hash index knows no order and covers no B-tree.
* GIN and BRIN: any subset of the columns is searched as well as by an index of its own, in any order. GiST, SP-GiST and
  whatever else there may be: only the same keys.
* Uniqueness over fewer columns is the stronger promise (:func:`guarantees`), but serves fewer scans; so a unique index is
  covered only by one that is unique over the same keys. A stronger NULLS NOT DISTINCT covers a weaker one, and a deferrable
  constraint, which the planner does not trust, covers no immediate one.
* Partial: only an index over the same rows, as far as :func:`indexical.model.implication.implies` proves it. One over more rows
  :func:`serves` all of its scans, but by reading more, and reading less is what the partial one is for.
  A key that has one value in all of its rows neither finds nor orders anything: ``(status, x) WHERE status = 'NEW'`` is
  ``(x) WHERE status = 'NEW'``.
* INCLUDE: a column given back by the key is as good as an included one, except in an expression.

Of an :class:`ExistingIndex` its constraint, its validity and its storage parameters count too; of an :class:`Index` only its
structure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from indexical.model.implication import fixed_terms, implies, same_text
from indexical.model.index import ExistingIndex, Index, Key
from indexical.model.opclasses import plain_collation, plain_opclass, serves_key
from indexical.model.sqltext import normalised

_UNORDERED = frozenset({"gin", "brin"})
_MOST_FORMS = 20_000


def covers(a: Index | ExistingIndex, b: Index | ExistingIndex) -> bool:
    """Whether ``a`` can replace ``b`` for everything: scans, orders, index-only reads and guarantees."""
    if isinstance(a, ExistingIndex) or isinstance(b, ExistingIndex):
        return _keeps_promises(a, b) and covers(_structure(a), _structure(b))
    if a.table != b.table or (b.unique and (not a.unique or len(a.keys) != len(b.keys))):
        return False
    if b.unique and not guarantees(a, b):
        return False
    if a.predicate != b.predicate and not _same_rows(a.predicate, b.predicate):
        return False
    return _serves_keys(a, b) and _holds_include(a, b)


def equivalent(a: Index | ExistingIndex, b: Index | ExistingIndex) -> bool:
    """Whether each can replace the other."""
    return covers(a, b) and covers(b, a)


def serves(a: Index | ExistingIndex, b: Index | ExistingIndex) -> bool:
    """Whether ``a`` finds every row that ``b`` finds, in the same order, though perhaps by reading far more.

    Looser than :func:`covers`: ``a`` may be over more rows, promise nothing, and lack what ``b`` includes. It says that an
    access path is left when ``b`` goes, never that ``b`` is not needed.
    """
    if isinstance(a, ExistingIndex) and not (a.valid and a.ready):
        return False
    one, other = _structure(a), _structure(b)
    return one.table == other.table and _serves_keys(one, other) and implies(other.predicate, one.predicate)


def guarantees(a: Index | ExistingIndex, b: Index | ExistingIndex) -> bool:
    """Whether the uniqueness that ``a`` enforces includes what ``b`` enforces: over the same or fewer keys and no fewer rows."""
    one, other = _structure(a), _structure(b)
    if not other.unique:
        return True
    if not one.unique or (one.schema, one.table) != (other.schema, other.table):
        return False
    mine, theirs = map(frozenset, (map(_bare, _form(one).keys), map(_bare, _form(other).keys)))
    if isinstance(b, ExistingIndex) and b.nulls_not_distinct:
        nulls = isinstance(a, ExistingIndex) and a.nulls_not_distinct
    else:
        nulls = True
    return nulls and mine <= theirs and implies(other.predicate, one.predicate)


def serves_same_scans(a: Index, b: Index, bound: int) -> bool:
    """Whether ``a`` serves the scans ``b`` was made for, when the first ``bound`` keys of ``b`` never decide an order.

    Looser than :func:`covers`: the direction and the NULLs' place of a key that is compared with ``=`` (or that is the last
    one and only ever cut into ranges) cannot be told from the outside. With ``bound`` 0 the two functions agree on B-trees that
    guarantee nothing.
    """
    if covers(a, b):
        return True
    if a.table != b.table or a.schema != b.schema or a.method != "btree" or b.method != "btree":
        return False
    if len(a.keys) < len(b.keys) or (b.unique and not (a.unique and len(a.keys) == len(b.keys))):
        return False
    mine, theirs = _form(a).keys[: len(b.keys)], _form(b).keys
    if not _each_serves(tuple(map(_bare, mine[:bound])), tuple(map(_bare, theirs[:bound]))):
        return False
    rest = theirs[bound:]
    ordered = _each_serves(mine[bound:], rest) or _each_serves(mine[bound:], _reversed(rest))
    return ordered and _holds_include(a, b) and _same_rows(a.predicate, b.predicate)


@lru_cache(maxsize=65536)
def canonical(index: Index) -> Index:
    """One spelling for indexes of the same structure: normalised texts, first key ascending, include sorted.

    Indexes with one spelling are equivalent. Equivalent ones may keep two: predicates that are proven to mean the same.
    """
    keys = _form(index).keys
    if index.method == "btree":
        keys = min(keys, _reversed(keys))
    elif index.method in _UNORDERED:
        keys = tuple(sorted(set(map(_bare, keys))))
    spare = set(index.include) - (set(index.columns) if index.method == "btree" else set())
    return replace(index, keys=keys, include=tuple(sorted(spare)), predicate=normalised(index.predicate))


@dataclass(frozen=True, slots=True)
class _Form:
    """What comparing needs of an index, worked out once."""

    keys: tuple[Key, ...]
    """In plain spelling."""
    reversed: tuple[Key, ...]
    moving: tuple[Key, ...]
    """Those with more than one value in the index's rows."""
    bare: frozenset[Key]
    """Without directions."""
    columns: frozenset[str]
    """What an index-only read gets back."""


_forms: dict[int, tuple[Index, _Form]] = {}


def _form(index: Index) -> _Form:
    """Found by identity, as hashing a structure takes longer than most comparisons; an index that is held keeps its identity."""
    known = _forms.get(id(index))
    if known is not None and known[0] is index:
        return known[1]
    if len(_forms) >= _MOST_FORMS:
        _forms.clear()
    keys = tuple(_plain(key, index.method) for key in index.keys)
    # Only a B-tree surely gives the values of its keys back; hash, GIN and BRIN never do.
    given_back = {*index.include, *(index.columns if index.method == "btree" else ())}
    moving = _moving(keys, index.predicate)
    form = _Form(keys, _reversed(keys), moving, frozenset(map(_bare, keys)), frozenset(given_back))
    _forms[id(index)] = (index, form)
    return form


def _plain(key: Key, method: str) -> Key:
    if not (key.expression or key.opclass or key.collation):
        return key
    return replace(
        key,
        expression=normalised(key.expression),
        opclass=plain_opclass(key.opclass, method),
        collation=plain_collation(key.collation),
    )


def _structure(index: Index | ExistingIndex) -> Index:
    return index.index if isinstance(index, ExistingIndex) else index


def _keeps_promises(a: Index | ExistingIndex, b: Index | ExistingIndex) -> bool:
    """What only an index that exists has: validity, its constraint, how it takes NULLs, storage parameters that steer scans."""
    if isinstance(a, ExistingIndex) and not (a.valid and a.ready):
        return False
    deferrable = isinstance(a, ExistingIndex) and a.deferrable
    distinct = not (isinstance(a, ExistingIndex) and a.nulls_not_distinct)
    ranges = _pages_per_range(a) == _pages_per_range(b)
    if not isinstance(b, ExistingIndex):
        return ranges and not (b.unique and deferrable)
    if b.index.unique and ((deferrable and not b.deferrable) or (distinct and b.nulls_not_distinct)):
        return False
    return ranges and (not b.constraint or _backs_the_same(a, b))


def _backs_the_same(a: Index | ExistingIndex, b: ExistingIndex) -> bool:
    if not isinstance(a, ExistingIndex) or b.constraint == "exclusion" or a.constraint == "exclusion":
        return a == b
    return a.constraint == b.constraint or (a.constraint == "primary" and b.constraint == "unique")


def _pages_per_range(index: Index | ExistingIndex) -> str:
    """How coarse a BRIN index is; 128 unless it is said."""
    if not isinstance(index, ExistingIndex) or index.index.method != "brin":
        return "128"
    return dict(index.options).get("pages_per_range", "128")


def _serves_keys(a: Index, b: Index) -> bool:
    """Whether the keys of ``a`` find and order what those of ``b`` do, rows aside."""
    if a.schema != b.schema:
        return False
    if a.method == "btree":
        if b.method not in ("btree", "hash"):
            return False
        if b.predicate:
            return _serves_among(a, b)
        # Most pairs end here, before anything is worked out.
        if len(a.keys) < len(b.keys) or a.keys[0].column != b.keys[0].column:
            return False
        mine, form = _form(a).keys, _form(b)
        if b.method == "hash":
            return serves_key(_bare(mine[0]), _bare(form.keys[0]))
        head = mine[: len(form.keys)]
        return _each_serves(head, form.keys) or _each_serves(head, form.reversed)
    if a.method != b.method:
        return False
    if a.method in _UNORDERED:
        return _form(b).bare <= _form(a).bare
    return _form(a).keys == _form(b).keys


def _serves_among(a: Index, b: Index) -> bool:
    """The same for the rows of a partial index, of whose keys some may be always the same."""
    theirs = _form(b).moving
    mine = _form(a).moving if a.predicate == b.predicate else _moving(_form(a).keys, b.predicate)
    if b.method == "hash":
        return not theirs or (bool(mine) and serves_key(_bare(mine[0]), _bare(theirs[0])))
    head = mine[: len(theirs)]
    if len(head) < len(theirs):
        return False
    return _each_serves(head, theirs) or _each_serves(head, _reversed(theirs))


def _moving(keys: tuple[Key, ...], predicate: str) -> tuple[Key, ...]:
    """The keys without those that have one value in all rows of the predicate."""
    fixed = fixed_terms(predicate) if predicate else frozenset()
    return tuple(key for key in keys if not _is_fixed(key, fixed)) if fixed else keys


def _is_fixed(key: Key, fixed: frozenset[str]) -> bool:
    if key.expression:
        return key.expression in fixed
    return key.column in fixed or f'"{key.column}"' in fixed


def _each_serves(mine: tuple[Key, ...], theirs: tuple[Key, ...]) -> bool:
    return mine == theirs or all(map(serves_key, mine, theirs))


def _holds_include(a: Index, b: Index) -> bool:
    """Index-only reads of ``b`` can be answered from ``a``: a key column gives its value back as an included one does."""
    if b.predicate and b.method == "btree":
        return _form(a).columns.issuperset((*b.include, *b.columns))
    return not b.include or _form(a).columns.issuperset(b.include)


def _same_rows(p: str, q: str) -> bool:
    if not p or not q:
        return not p and not q
    return same_text(p, q) or (implies(p, q) and implies(q, p))


def _reversed(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(replace(key, descending=not key.descending, nulls_first=not key.nulls_first) for key in keys)


def _bare(key: Key) -> Key:
    return replace(key, descending=False, nulls_first=False) if key.descending or key.nulls_first else key
