"""OpenTelemetry: what a request sent, as attributes of the span that is being recorded; off unless ``INDEXICAL_SPANS`` is True.

No span is opened and nothing exported. ``db.*`` belongs on spans of single database calls
(https://opentelemetry.io/docs/specs/semconv/database/database-spans/), so what describes the slowest statement of the request
stands here with that attribute's name behind a prefix of its own; the text has placeholders instead of literals, as asked there.
"""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from indexical.django.watching.tally import Alarm, Tally
from indexical.django.watching.texts import shown

SETTING = "INDEXICAL_SPANS"
_SLOWEST = "indexical.slowest"


def spans_wanted() -> bool:
    """Raises ImproperlyConfigured when attributes are asked for and opentelemetry-api is not installed."""
    if getattr(settings, SETTING, False) is not True:
        return False
    if find_spec("opentelemetry") is None:
        raise ImproperlyConfigured(
            f"{SETTING} is on and opentelemetry-api is not installed; pip install 'indexical[otel]', or switch it off"
        )
    return True


def describe(tally: Tally, alarms: tuple[Alarm, ...]) -> None:
    """Sets the attributes on the current span, if there is one."""
    from opentelemetry import trace

    span = trace.get_current_span()
    if not span.is_recording():
        return
    span.set_attribute("indexical.statement.count", tally.statements)
    span.set_attribute("indexical.statement.duration", tally.seconds)
    if alarms:
        span.set_attribute("indexical.alarms", sorted({alarm.kind for alarm in alarms}))
    if tally.slowest is None:
        return
    text = shown(tally.slowest.sql, tally.slowest_formatted)
    span.set_attribute(f"{_SLOWEST}.duration", tally.slowest.seconds)
    span.set_attribute(f"{_SLOWEST}.db.query.text", text.sql)
    span.set_attribute(f"{_SLOWEST}.db.operation.name", text.kind.upper())
    if text.table:
        span.set_attribute(f"{_SLOWEST}.db.collection.name", text.table)
    file, _, line = tally.slowest_place.rpartition(":")
    if file:
        span.set_attribute(f"{_SLOWEST}.code.file.path", file)
        span.set_attribute(f"{_SLOWEST}.code.line.number", int(line))
