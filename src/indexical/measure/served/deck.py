"""The deck that a load is played from, and the table at which its users sit. Pure; the generator's process has one of each."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from indexical.measure.served.requests_file import Fresh
from indexical.model.served import Request

_CARDS = 20_000


def deck(requests: Sequence[Request], seed: int, cards: int = _CARDS) -> tuple[Request, ...]:
    """The requests in the order in which they are sent, each as often as it weighs, to the next card.

    The cards of an endpoint are spread evenly, each somewhere in a stretch of its own, so that even a short play has the
    mix; which of its requests comes when is chance.
    """
    rng = random.Random(f"deck {seed}")  # noqa: S311
    endpoints: dict[str, list[Request]] = {}
    for drawn in _drawn(requests, max(cards, len(requests)), rng):
        endpoints.setdefault(drawn.name, []).append(drawn)
    placed: list[tuple[float, str, Request]] = []
    for name, found in sorted(endpoints.items()):
        rng.shuffle(found)
        placed += [((number + rng.random()) / len(found), name, card) for number, card in enumerate(found)]
    return tuple(card for _, _, card in sorted(placed, key=lambda each: each[:2]))


def _drawn(requests: Sequence[Request], count: int, rng: random.Random) -> Iterator[Request]:
    """As many cards as each request's weight says. One systematic draw through all of them, endpoint by endpoint, so that
    many requests of little weight come up as often together as their sum says."""
    total = sum(request.weight for request in requests)
    place, reached = rng.random(), 0.0
    for request in sorted(requests, key=lambda each: each.name):
        reached += request.weight / total * count
        while place < reached:
            yield request
            place += 1


class Table:
    """What the users of a play share: the deck, and where they put down what they got."""

    def __init__(self, cards: Sequence[Request]) -> None:
        self._cards = cards
        self._next = 0
        self.fresh = Fresh()
        self.begun = 0.0
        self.answers: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.failures: dict[str, Counter[str]] = defaultdict(Counter)

    def draw(self) -> Request:
        card = self._cards[self._next % len(self._cards)]
        self._next += 1
        return card

    def clear(self) -> None:
        self.answers.clear()
        self.failures.clear()
        self.begun = time.perf_counter()

    def put(self, name: str, took_ms: float, why: BaseException | None) -> None:
        if why is None:
            ended = time.perf_counter() - self.begun
            self.answers[name].append((round(took_ms, 3), round(ended, 4)))
        else:
            self.failures[name][str(why)] += 1
