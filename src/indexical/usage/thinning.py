"""Which of many samples are enough to judge by: all of the newest days, then one a day, then one a week.

Counters are sums, and what resets them leaves its time behind, so that what lies between two samples adds nothing to the
comparison of the two. A window that begins anew then begins with the next sample that is left: later, never earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

_DAY = 86_400.0
_ALL_FOR = 2 * _DAY
_DAILY_FOR = 35 * _DAY


def enough(taken_at: Sequence[str]) -> list[int]:
    """Places of the samples to keep, of times in ISO 8601, oldest first; the first and the last are among them.

    Of a day or a week that is left with one it is the first.
    """
    if not taken_at:
        return []
    moments = [datetime.fromisoformat(each).timestamp() for each in taken_at]
    seen: set[tuple[float, int]] = set()
    kept = []
    for place, moment in enumerate(moments):
        age = moments[-1] - moment
        length = 0.0 if age <= _ALL_FOR else _DAY if age <= _DAILY_FOR else 7 * _DAY
        bucket = (length, int(moment // length) if length else place)
        if bucket not in seen or place == len(moments) - 1:
            seen.add(bucket)
            kept.append(place)
    return kept
