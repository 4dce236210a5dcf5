"""What has to change for the next question: no more than its tables' differences, and never an unlisted index left visible."""

from __future__ import annotations

import random

from indexical.twin.arrangement import Arrangement, Change, groups


class Engine:
    """Does what the change says, as PostgreSQL would."""

    def __init__(self, tables: dict[int, int], standing: frozenset[int]) -> None:
        self.tables = tables
        self.valid = set(standing)
        self.listed = set(standing)
        self._cached: dict[int, set[int]] = {}

    def make(self, change: Change) -> None:
        for oid in (*change.shown, *change.hidden, *change.parked):
            self.valid.discard(oid)
            self.listed.discard(oid) if oid in change.parked else self.listed.add(oid)
        self.valid.update(change.shown)
        for table in change.tables:
            self._cached.pop(table, None)

    def seen(self, table: int) -> set[int]:
        """What the planner sees of a table: of the list it read when the table last changed, what is valid."""
        if table not in self._cached:
            self._cached[table] = {oid for oid in self.listed if self.tables[oid] == table}
        return self._cached[table] & self.valid


def arranged(at_hand: int = 3) -> tuple[Arrangement, Engine]:
    """Two tables of twelve hypothetical indexes and a standing one each: 100.. on table 1, 200.. on table 2."""
    arrangement = Arrangement({1: 1, 2: 2}, at_hand)
    tables = {oid: oid // 100 for oid in (*range(100, 113), *range(200, 213))}
    for oid in tables:
        arrangement.know(oid, tables[oid], standing=oid % 100 == 0)
    return arrangement, Engine(tables, frozenset({100, 200}))


def ask(
    arrangement: Arrangement, engine: Engine, wish: frozenset[int], scope: frozenset[int] | None
) -> Change:
    change = arrangement.change(wish, scope)
    engine.make(change)
    arrangement.done(change, wish)
    return change


def test_nothing_changes_when_the_same_is_asked_again() -> None:
    arrangement, engine = arranged()
    assert ask(arrangement, engine, frozenset({101}), frozenset({1}))
    assert not ask(arrangement, engine, frozenset({101}), frozenset({1}))


def test_nothing_changes_on_tables_that_the_statement_is_not_about() -> None:
    arrangement, engine = arranged()
    ask(arrangement, engine, frozenset({101}), frozenset({1}))
    change = ask(arrangement, engine, frozenset({201}), frozenset({2}))
    assert 101 not in (*change.shown, *change.hidden, *change.parked)
    assert engine.seen(1) == {100, 101}


def test_only_the_difference_is_sent() -> None:
    arrangement, engine = arranged()
    ask(arrangement, engine, frozenset({101, 102, 103}), frozenset({1}))
    change = ask(arrangement, engine, frozenset({101, 102, 104}), frozenset({1}))
    assert change.shown == (104,)
    assert change.hidden == (103,)


def test_a_standing_index_that_is_wished_away_comes_back() -> None:
    arrangement, engine = arranged()
    ask(arrangement, engine, frozenset({100}), None)
    assert engine.seen(1) == set()
    change = ask(arrangement, engine, frozenset(), None)
    assert change.shown == (100,)
    assert not change.tables
    assert engine.seen(1) == {100}


def test_any_sequence_of_questions_sees_exactly_what_it_asks_for() -> None:
    arrangement, engine = arranged()
    chance = random.Random(4)
    for _ in range(2000):
        scope = chance.choice([None, frozenset({1}), frozenset({2}), frozenset({1, 2}), frozenset()])
        wish = frozenset(chance.sample(sorted(engine.tables), chance.randrange(8)))
        change = arrangement.change(wish, scope)
        if chance.random() < 0.1:
            # The engine may have made the change before it failed, or not.
            if chance.random() < 0.5:
                engine.make(change)
            arrangement.failed(change)
            continue
        engine.make(change)
        arrangement.done(change, wish)
        for table in (1, 2) if scope is None else scope:
            standing = {100 * table}
            assert engine.seen(table) == standing ^ {oid for oid in wish if oid // 100 == table}


def test_idle_indexes_beyond_those_at_hand_are_parked_the_longest_idle_first() -> None:
    arrangement, engine = arranged(at_hand=2)
    for oid in range(101, 106):
        ask(arrangement, engine, frozenset({oid}), frozenset({1}))
    assert engine.listed & set(range(101, 113)) == {103, 104, 105}


def test_no_index_is_on_its_tables_list_before_it_is_wanted() -> None:
    arrangement, engine = arranged()
    ask(arrangement, engine, frozenset({101}), None)
    assert engine.listed == {100, 101, 200}


def test_a_partition_belongs_to_its_whole_tree_and_a_child_to_all_its_parents() -> None:
    found = groups({1: [], 2: [1], 3: [2], 4: [], 5: [4, 3], 6: [], 7: [99]})
    assert found[1] == found[2] == found[3] == found[4] == found[5]
    assert len({found[1], found[6], found[7]}) == 3
