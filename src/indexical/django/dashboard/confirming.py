"""What somebody has seen and agreed to, as a token: signed, soon worthless, good once, and only for exactly that plan.

The token holds the plan's hash; its other half lies in the session, one for each subject, so that a newer review makes every
older one of the same subject worthless (https://docs.djangoproject.com/en/5.2/topics/signing/).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Literal

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.utils.crypto import constant_time_compare

Action = Literal["sample", "drop"]

MINUTES = 10
_SALT = "indexical.dashboard.confirm"
_KEY = "indexical_confirm"
_MOST = 20


class Refused(Exception):
    """The token does not allow it; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, to what, and what that rests on."""

    action: Action
    alias: str
    database: str
    """Identity of the database behind the alias."""
    oid: int = 0
    name: str = ""
    definition: str = ""
    verdict: str = ""
    scans: int = 0

    @property
    def subject(self) -> str:
        return f"{self.action}/{self.alias}/{self.oid}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def token(session: SessionBase, plan: Plan) -> str:
    """A token for the plan; those given for its subject before are worth nothing from now on."""
    nonce = secrets.token_urlsafe(16)
    waiting = {key: value for key, value in _waiting(session).items() if key != plan.subject}
    waiting[plan.subject] = nonce
    session[_KEY] = dict(list(waiting.items())[-_MOST:])
    return signing.dumps({"plan": plan.digest, "nonce": nonce}, salt=_SALT)


def redeem(session: SessionBase, plan: Plan, text: str) -> None:
    """Uses up the token. Raises :class:`Refused` when it does not stand for this plan, now, in this session."""
    try:
        claims = signing.loads(text, salt=_SALT, max_age=MINUTES * 60)
    except signing.SignatureExpired:
        raise Refused(f"The confirmation is older than {MINUTES} minutes; look at it again.") from None
    except signing.BadSignature:
        raise Refused("The confirmation is not one of this site; look at it again.") from None
    waiting = _waiting(session)
    nonce = waiting.pop(plan.subject, "")
    if not nonce or not constant_time_compare(nonce, str(claims.get("nonce", ""))):
        raise Refused("The confirmation was used already, or a newer one replaces it; look at it again.")
    session[_KEY] = waiting
    if not constant_time_compare(plan.digest, str(claims.get("plan", ""))):
        raise Refused("What it is about has changed since you looked at it; look at it again.")


def _waiting(session: SessionBase) -> dict[str, str]:
    found = session.get(_KEY)
    return dict(found) if isinstance(found, dict) else {}
