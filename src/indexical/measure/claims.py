"""Claims of a document, read from TOML and held against what was measured. Judging is pure.

A claim about a time is a claim about its change: milliseconds belong to a machine, how many times faster something became
does not. So a claim from 80 to 5 ms is met when the time fell to a sixteenth or less, whatever the milliseconds were.

| unit | a claim of | is met when |
|---|---|---|
| ms, before and after | a change | the figure changed at least as far in that direction, in proportion |
| ms, after alone | a ceiling | the figure is no higher |
| ms, of a write | a rise (after less before) | the figure rose by no more |
| x | a factor | the measured factor, in the better direction, is at least that |
| %, before and after | a change | as of milliseconds |
| %, after alone | a change in percent | the change is at least as large in that direction |
| %, of storage | a ceiling | what the indexes add is no larger a share |
| indexes | a count | the counts are equal |

A tenth is allowed for the noise of measuring, but not for counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexical.errors import FileRefused
from indexical.measure.paths import read_toml, text_of
from indexical.model.claims import KINDS, UNITS, Claim, Judged, Verdict

__all__ = ["Figures", "Key", "judge", "read_claims"]

Key = tuple[str, str, str]
"""Kind, target and scale of a claim; the scale is empty for the size that was measured."""

TOLERANCE = 1.10
_LIMIT = 1e12


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured under one index set: milliseconds for times, shares in percent, counts as they are."""

    values: Mapping[Key, float] = field(default_factory=dict)
    missing: Mapping[Key, str] = field(default_factory=dict)
    """Why something has no figure, where that is known."""


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of a file.

    Raises:
        FileRefused: the file is missing or no TOML, or a claim lacks a key, or has one of the wrong kind.
    """
    tables = read_toml(path, "a file of claims").get("claim", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        raise FileRefused(f"{path} has no [[claim]] table; write each claim under a heading of its own")
    claims = tuple(_claim(each, str(path)) for each in tables)
    ids = [claim.id for claim in claims]
    for id in ids:
        if ids.count(id) > 1:
            raise FileRefused(f"{path}: two claims have the id {id!r}; give each its own")
    return claims


def _claim(table: Mapping[str, Any], where: str) -> Claim:
    id = text_of(table, "id", "claim", where)
    kind, unit = (text_of(table, key, "claim", where) for key in ("kind", "unit"))
    for value, known, key in ((kind, KINDS, "kind"), (unit, UNITS, "unit")):
        if value not in known:
            raise FileRefused(
                f"{where}: the claim {id!r} has the {key} {value!r}; the {key}s are: {', '.join(known)}"
            )
    before, after = (_number(table, key, id, where) for key in ("before", "after"))
    if after is None:
        raise FileRefused(f"{where}: the claim {id!r} has no figure 'after'; write what was claimed")
    texts = {key: str(table.get(key, "")) for key in ("scale", "source", "note")}
    return Claim(
        id, kind, text_of(table, "what", "claim", where), text_of(table, "target", "claim", where), unit, before, after,
        **texts,
    )  # fmt: skip


def _number(table: Mapping[str, Any], key: str, id: str, where: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FileRefused(f"{where}: {key} of the claim {id!r} must be a number")
    if abs(value) > _LIMIT:
        raise FileRefused(f"{where}: {key} of the claim {id!r} is out of range")
    return float(value)


def judge(claims: Sequence[Claim], before: Figures, after: Figures) -> tuple[Judged, ...]:
    """Every claim in its order: met, not met, or not measured, with the true figures or the reason."""
    return tuple(_judged(claim, before, after) for claim in claims)


def _judged(claim: Claim, before: Figures, after: Figures) -> Judged:
    key = (claim.kind, claim.target, claim.scale)
    if key not in after.values:
        reason = (
            after.missing.get(key)
            or before.missing.get(key)
            or claim.note
            or "nothing of this name was measured"
        )
        return Judged(claim, "not-measured", reason)
    now = after.values[key]
    if claim.kind in ("storage", "count"):
        return _single(claim, now)
    if claim.before is None and claim.unit == "ms" and claim.kind != "write":
        return _ceiling(claim, now, before.values.get(key))
    if key not in before.values:
        reason = before.missing.get(key) or "it was not measured before, so that there is nothing to compare"
        return Judged(claim, "not-measured", reason, None, now)
    if claim.kind == "write":
        return _rise(claim, before.values[key], now)
    return _change(claim, before.values[key], now)


def _single(claim: Claim, now: float) -> Judged:
    claimed = claim.after or 0.0
    if claim.unit == "indexes" or claim.kind == "count":
        met = now == claimed
        return Judged(claim, _verdict(met), f"counted {now:,.0f}, claimed {claimed:,.0f}", None, now)
    met = now <= claimed * TOLERANCE
    return Judged(claim, _verdict(met), f"{now:.1f} %, claimed at most {claimed:g} %", None, now)


def _ceiling(claim: Claim, now: float, was: float | None) -> Judged:
    claimed = claim.after or 0.0
    met = now <= claimed * TOLERANCE
    text = f"{_figure(now)} ms, claimed at most {claimed:g} ms"
    if met and was is not None and was <= claimed * TOLERANCE:
        text += f"; but so it was before ({_figure(was)} ms): the limit proves nothing"
    return Judged(claim, _verdict(met), text, was, now)


def _rise(claim: Claim, was: float, now: float) -> Judged:
    claimed = (claim.after or 0.0) - (claim.before or 0.0)
    met = now - was <= claimed * TOLERANCE
    text = f"{_signed(now - was)} ms a row ({_figure(was)} → {_figure(now)}), claimed at most {claimed:+g} ms"
    if met and was > 0 and now > was * TOLERANCE:
        text += f"; in proportion it costs {now / was:.1f} times as much"
    return Judged(claim, _verdict(met), text, was, now)


def _change(claim: Claim, was: float, now: float) -> Judged:
    factor = _claimed_factor(claim)
    if was <= 0:
        return Judged(
            claim, "not-measured", f"it was {_figure(was)} before: there is no proportion", was, now
        )
    measured = now / was
    met = measured <= factor * TOLERANCE if factor < 1 else measured >= factor / TOLERANCE
    text = f"{_figure(was)} → {_figure(now)} ({_times(measured)}), claimed {_times(factor)}"
    return Judged(claim, _verdict(met), text + _because(claim, was, now, met), was, now)


def _claimed_factor(claim: Claim) -> float:
    """What the figure is to be multiplied by: below 1 for what is to become less."""
    after = claim.after or 0.0
    if claim.unit == "x":
        # Something became so many times faster; of throughput and users, so many times more.
        return after if _more_is_better(claim) else 1 / max(after, 1e-9)
    if claim.before:
        return after / claim.before
    return 1 + after / 100


def _more_is_better(claim: Claim) -> bool:
    return claim.kind == "database" and any(
        word in claim.target for word in ("throughput", "per_second", "concurren", "users", "queries")
    )


def _because(claim: Claim, was: float, now: float, met: bool) -> str:
    """Why a claimed gain is missing, as far as the figures themselves tell."""
    if met or claim.unit != "ms" or claim.before is None or claim.after is None:
        return ""
    if claim.after < claim.before and was <= claim.after:
        return (
            f"; it took no {claim.after:g} ms before any of these indexes, so there was no such time to save"
        )
    if claim.after < claim.before and now >= was / TOLERANCE:
        return "; these indexes made no difference to it"
    return ""


def _verdict(met: bool) -> Verdict:
    return "met" if met else "not-met"


def _times(factor: float) -> str:
    if factor <= 0:
        return "to nothing"
    if 1 / 1.05 < factor < 1.05:
        return "unchanged"
    return f"{1 / factor:,.1f} times less" if factor < 1 else f"{factor:,.1f} times more"


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _signed(value: float) -> str:
    return f"{value:+.3g}"
