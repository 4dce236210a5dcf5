"""Being told to stop: once, cleanly, with an exit code that says by what.

Python turns only SIGINT into an exception; a plain SIGTERM would end the process and leave its build to the server. While what
runs on the server is cancelled and cleared away, further requests are heard and not obeyed: they would leave it half done.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
"""Exit code for each signal. A terminal that went away ends the run as a request to terminate does."""


class Stopped(KeyboardInterrupt):
    """The process was asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = CODES.get(signal.Signals(number), 128 + number)


@contextmanager
def stoppable(*, patient: bool, last: bool = False) -> Iterator[None]:
    """Turns the first request to stop into :class:`Stopped`; ``patient`` holds further ones back until the block is left.

    Where the process ends with the block (``last``), they are held back until it has ended: one that came while the interpreter
    shuts down would take the exit code of the first. Only the main thread can listen; elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def heard(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and patient:
            sys.stderr.write("one moment: clearing up on the server\n")
            return
        asked = True
        raise Stopped(number)

    # Who ignores a signal, as nohup does with SIGHUP, goes on ignoring it; None is a handler that Python does not know.
    heeded = [number for number in CODES if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, heard) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if asked and patient and last else handler)
