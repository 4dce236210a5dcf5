"""A request to stop becomes one clean end with the exit code of its signal."""

from __future__ import annotations

import os
import signal
import threading
from argparse import Namespace
from collections.abc import Iterator

import pytest

from indexical.cli import run
from indexical.cli.door import Door
from indexical.cli.signals import CODES, Stopped, stoppable
from indexical.errors import DatabaseError, InputError, NotHeld, TurnTaken


@pytest.fixture(autouse=True)
def hang_up_is_not_ignored() -> Iterator[None]:
    """Whoever runs the tests under nohup ignores it, and what is ignored stays so."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    signal.sigpending()  # Python runs the handler between two instructions of its own.


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_each_signal_has_its_exit_code(number: int, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def verb(arguments: Namespace, door: Door) -> int:
        send(number)
        return 0

    assert run(verb, Namespace(changes=True), Door()) == code
    assert capsys.readouterr().err == "indexical: interrupted\n"


def test_the_handlers_are_as_they_were_afterwards() -> None:
    before = {number: signal.getsignal(number) for number in CODES}
    with pytest.raises(Stopped), stoppable(patient=True):
        send(signal.SIGTERM)
    assert {number: signal.getsignal(number) for number in CODES} == before


def test_nothing_takes_the_exit_code_of_the_first_request_while_the_process_ends() -> None:
    before = {number: signal.getsignal(number) for number in CODES}
    try:
        with pytest.raises(Stopped), stoppable(patient=True, last=True):
            send(signal.SIGTERM)
        send(signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stopped_twice(reached: list[bool]) -> None:
    try:
        send(signal.SIGTERM)
    finally:
        send(signal.SIGINT)
        send(signal.SIGHUP)
        reached.append(True)


def test_further_requests_do_not_break_into_the_clearing_up() -> None:
    reached: list[bool] = []
    with pytest.raises(Stopped) as stopped, stoppable(patient=True):
        stopped_twice(reached)
    assert reached == [True]
    assert stopped.value.exit_code == 143, "the first one counts"


def test_a_verb_that_changes_nothing_is_stopped_again_at_once() -> None:
    reached: list[bool] = []
    with pytest.raises(Stopped) as stopped, stoppable(patient=False):
        stopped_twice(reached)
    assert reached == []
    assert stopped.value.exit_code == 130


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable(patient=True):
            send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_listens_to_nothing() -> None:
    seen = []

    def work() -> None:
        with stoppable(patient=True):
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("a"), 2), (DatabaseError("a"), 3), (TurnTaken("a"), 75), (NotHeld("a"), 1)],
)
def test_each_kind_of_error_has_its_exit_code(error: Exception, code: int) -> None:
    def verb(arguments: Namespace, door: Door) -> int:
        raise error

    assert run(verb, Namespace(), Door()) == code
