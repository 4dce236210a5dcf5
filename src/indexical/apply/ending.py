"""Why a try did not reach its end: what the server said, and what only we know, told as one."""

from __future__ import annotations

from indexical.apply.blockers import told
from indexical.apply.run import Attempt
from indexical.apply.wording import code, wording


def ended_by(tried: Attempt) -> tuple[str, str, str]:
    """Why a try did not reach its end: in words, with the remedy, and as our code.

    Whether we cancelled it ourselves is known from our own record: the server's error is the same for everybody's cancel.
    """
    if tried.reason:
        return tried.reason, "run this again", "GIVEN_UP"
    if tried.error is None:
        return (
            "it ended without an error, and the index is not as it should be",
            "see the server's log",
            "PLAIN_FAILURE",
        )
    words, remedy = wording(tried.error)
    ours = code(tried.error)
    if tried.error.code == "42883" and tried.index_oid:
        # It was found when the index was defined, and not when it was built: PostgreSQL 17 builds with a search path of its own.
        words, remedy, ours = (
            "a function that the index calls needs a search path, which a build does not have",
            "set search_path on that function, or qualify what it calls",
            "NOT_IMMUTABLE",
        )
    if ours == "SERVER_LOST" and tried.backend.pid:
        # Whether it has come back is for whoever reads what is left.
        ours = "TERMINATED"
    if ours == "LOCK" and tried.blocked:
        words = f"{words}: {told(tried.blocked)}"
    return words, remedy, ours
