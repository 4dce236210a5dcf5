"""What every test takes for granted of the process it runs in."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

_MARKERS = (
    "fault(row, what): shows that a row of the reliability plan holds",
    "guard(row): shows that a row does not hold once its guard is taken out",
    "security(row): shows that a row of the security plan holds",
)


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    _mind_interrupts()
    _let_examples_take_their_time()


def _mind_interrupts() -> None:
    """Shells start background jobs with SIGINT ignored, and every child inherits that: interrupts could not be tested."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _let_examples_take_their_time() -> None:
    """An example that is slow once, on a machine with much to do, is no finding of the test that it belongs to."""
    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
