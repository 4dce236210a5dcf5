"""The gate's findings as SARIF 2.1.0, the format that code hosts read
(https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from indexical import __version__
from indexical.model.check import RULES, Checked, CheckFinding, Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "indexicalFinding/v1"
"""Key of the fingerprint by which a host knows a finding again in the next run."""
_HOME = "https://indexical.readthedocs.io/"


def render_sarif(checked: Checked) -> str:
    """One run. What was not examined is told by notifications of the tool, so that silence is not taken for a good result."""
    used = sorted({each.code for each in (*checked.findings, *checked.known)})
    places = {code: number for number, code in enumerate(used)}
    results = [
        *(_result(each, places[each.code], "new") for each in checked.findings),
        *(_result(each, places[each.code], "unchanged") for each in checked.known),
    ]
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Indexical",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "informationUri": _HOME,
                        "rules": [_rule(code, RULES[code]) for code in used],
                    }
                },
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "where the program was run"}}},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {
                                "level": "note",
                                "message": {"text": f"Not examined: {each.what}: {each.why}"},
                            }
                            for each in checked.not_examined
                        ],
                    }
                ],
                "properties": {
                    "database": checked.database,
                    "serverVersion": checked.server_version,
                    "statisticsTakenAt": checked.taken_at,
                    "countersSince": checked.counters_since,
                },
                "results": results,
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _rule(code: str, rule: Rule) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help},
        "helpUri": f"{_HOME}check/#{code}",
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(each: CheckFinding, place: int, state: str) -> dict[str, Any]:
    return {
        "ruleId": each.code,
        "ruleIndex": place,
        "level": each.severity,
        "baselineState": state,
        "message": {"text": f"{each.subject}: {each.message}. {each.action}"},
        "locations": [_location(each)],
        "partialFingerprints": {FINGERPRINT: each.fingerprint},
    }


def _location(each: CheckFinding) -> dict[str, Any]:
    """The line of code where one is known, and always the thing in the database."""
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": each.subject, "kind": "resource"}]
    }
    if each.file:
        path = PurePosixPath(each.file.replace("\\", "/"))
        artifact: dict[str, Any] = {"uri": path.as_uri() if path.is_absolute() else quote(str(path))}
        if not path.is_absolute():
            artifact["uriBaseId"] = "SRCROOT"
        location["physicalLocation"] = {"artifactLocation": artifact}
        if each.line:
            location["physicalLocation"]["region"] = {"startLine": each.line}
    return location
