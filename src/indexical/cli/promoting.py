"""The gate before a change of production: ``apply --promotion FILE`` goes on only with what staging has let pass."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from indexical.apply.findings import Finding
from indexical.model import DdlStatement, TargetIdentity
from indexical.model.promotion import Promotion
from indexical.promotion.deciding import differs, other_changes, standings
from indexical.promotion.record import Tampered, read

CODES = {
    "G01": "a gate of the promotion is not passed",
    "G02": "the promotion is about other indexes",
    "G03": "this is the database that the promotion was recorded on",
    "G04": "the record is damaged, was edited, or its last line was cut",
}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Gate:
    """What the record says about a change that is to be made here."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[tuple[str, dict[str, object]], ...] = ()
    """For the run's journal, as (event, details); nothing when no record was named."""


def add_promotion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--promotion",
        metavar="FILE",
        help="the record that `promote` made on staging; refuses unless every gate is passed for exactly these indexes",
    )


def promoted(
    path: str | None, statements: Sequence[DdlStatement], here: Callable[[], TargetIdentity]
) -> Gate:
    """Whether the record lets the statements pass on the database that ``here`` tells of.

    Raises :class:`indexical.errors.FileRefused` when the file cannot be read at all; what is wrong in it is a finding.
    """
    if path is None:
        return Gate()
    try:
        promotion = read(Path(path))
    except Tampered as error:
        return Gate((_refusal("G04", Path(path).name, str(error)),))
    return Gate(_refusals(promotion, statements, here()), (("promotion", _note(promotion, path)),))


def _refusals(
    promotion: Promotion, statements: Sequence[DdlStatement], here: TargetIdentity
) -> tuple[Finding, ...]:
    subject = f"promotion {promotion.id}"
    found = []
    if promotion.torn:
        text = "its last line was cut, so what it said is not known"
        found.append(_refusal("G04", subject, text, "run the gates again on staging: promote gate NAME"))
    found += [
        _refusal(
            "G01", subject, f"gate {each.gate}: {each.state}, {each.detail}", f"promote gate {each.gate}"
        )
        for each in standings(promotion)
        if each.state != "passed" and not promotion.torn
    ]
    if not promotion.gates:
        found.append(_refusal("G01", subject, "it has no gate"))
    others = other_changes(promotion, statements)
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        text = "; ".join(others[:_SHOWN]) + more
        found.append(_refusal("G02", subject, text, "apply this advice on staging and begin a new promotion"))
    if not differs(promotion.staging, here) and _one_address(promotion.staging, here):
        found.append(
            _refusal("G03", subject, f"database {here.database} is its staging", "name production's URL")
        )
    return tuple(found)


def _one_address(staging: TargetIdentity, here: TargetIdentity) -> bool:
    """A copy of a whole cluster has its number and its databases' oids, and another address."""
    return not staging.address or not here.address or staging.address == here.address


def _note(promotion: Promotion, path: str) -> dict[str, object]:
    return {
        "promotion": promotion.id,
        "file": Path(path).name,
        "digest": promotion.head,
        "staging": asdict(promotion.staging),
        # Not "run" and not "at": in the journal those are of the line itself.
        "staging_run": promotion.run,
        "began": promotion.began,
        "window_seconds": promotion.window_s,
        "short": promotion.short,
        "gates": [asdict(each) for each in standings(promotion)],
    }


def _refusal(code: str, subject: str, message: str, remedy: str = "") -> Finding:
    return Finding(code, "refuse", subject, message, remedy)
