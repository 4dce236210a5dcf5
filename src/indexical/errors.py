"""Every error that Indexical raises, as one tree.

    IndexicalError
    ├── InputError              exit 2: the call or an input is wrong
    │   ├── FileRefused             a file is missing, unreadable, or not what it claims
    │   ├── WorkloadEmpty           nothing in the workload can be examined
    │   ├── StatementRefused        SQL that cannot be parsed or is more than one statement
    │   ├── ExtraMissing            an optional dependency is not installed
    │   └── ProjectRefused          a Django project cannot be mapped or edited with certainty
    ├── DatabaseError           exit 3: the database refused or was lost
    │   ├── ConnectionFailed
    │   │   └── NoAnswer            the server was reached once and then said nothing in time
    │   ├── RightMissing
    │   ├── PreflightRefused        a change was not begun, and nothing was changed
    │   │   └── TurnTaken           exit 75: another run changes the database now; later it may go
    │   ├── PlanRefused             a statement cannot be planned; the others can
    │   └── EngineFailed            the private server of the planner twin could not be started or has ended
    └── NotHeld                 exit 1: an apply or a verify that did not hold

A message says what happened, to what, and what to do next. It never holds a password, a connection URL or a literal of a
statement.
"""

from __future__ import annotations


class IndexicalError(Exception):
    """Base of every error raised on purpose; ``str(error)`` is the one line a user sees."""

    exit_code = 2
    code = "E000"
    """Stable, for scripts."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        if code:
            self.code = code


class InputError(IndexicalError):
    exit_code = 2
    code = "E100"


class FileRefused(InputError):
    code = "E110"


class WorkloadEmpty(InputError):
    code = "E120"


class StatementRefused(InputError):
    code = "E130"


class ExtraMissing(InputError):
    code = "E140"

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f'{need} is not installed; run: pip install "indexical[{extra}]"')


class ProjectRefused(InputError):
    code = "E150"


class DatabaseError(IndexicalError):
    exit_code = 3
    code = "E200"


class ConnectionFailed(DatabaseError):
    code = "E210"


class NoAnswer(ConnectionFailed):
    code = "E215"


class RightMissing(DatabaseError):
    code = "E220"


class PreflightRefused(DatabaseError):
    code = "E230"


class TurnTaken(PreflightRefused):
    exit_code = 75
    code = "E235"


class PlanRefused(DatabaseError):
    code = "E240"


class EngineFailed(DatabaseError):
    code = "E250"


class NotHeld(IndexicalError):
    exit_code = 1
    code = "E300"
