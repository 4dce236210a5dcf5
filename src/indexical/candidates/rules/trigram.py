"""Texts that contain something, whatever they begin with or whatever the case: a GIN index over trigrams.

https://www.postgresql.org/docs/18/pgtrgm.html: LIKE and ILIKE with a leading wildcard and regular expressions, as Django's
``contains``, ``icontains`` and ``iregex`` write them. Patterns without three letters in a row find nothing in particular.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexical.candidates.facts import Search, StatementFacts
from indexical.candidates.proposal import Proposal
from indexical.candidates.rules.pattern import is_of_prefixes
from indexical.candidates.settling import has_trigram, patterns, settled
from indexical.candidates.special import in_extension, served
from indexical.model import Catalog, Limits, Refusal, Statement

OPCLASS = "gin_trgm_ops"
EXTENSION = "pg_trgm"
_KINDS = frozenset({"like", "ilike", "regex", "iregex"})
_TEXTS = frozenset({"text", "character varying"})


def candidates(facts: StatementFacts, catalog: Catalog, limits: Limits) -> Iterator[Proposal | Refusal]:
    if "gin" not in limits.kinds:
        return
    for table in facts.tables:
        if not table.searches:
            continue
        for search in settled(table, facts.statement):
            if not _wants_trigrams(search, facts.statement):
                continue
            if not served(table, search.key, "gin", (OPCLASS,)) and not served(
                table, search.key, "gist", ("gist_trgm_ops",)
            ):
                yield in_extension(table, search, EXTENSION, OPCLASS, "gin", catalog)


def _wants_trigrams(search: Search, statement: Statement) -> bool:
    if search.kind not in _KINDS or search.type not in _TEXTS:
        return False
    if search.kind in ("like", "regex") and is_of_prefixes(search, statement):
        return False
    found = patterns(search, statement)
    return bool(found) and all(has_trigram(search.kind, text) for text in found)
