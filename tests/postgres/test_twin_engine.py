"""Which engine a twin gets: the server's own version, the one that was named, or the bundled one."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexical.errors import EngineFailed
from indexical.twin.engine import choose, find

pytestmark = pytest.mark.postgres


def test_a_version_that_is_not_installed_gets_the_bundled_engine() -> None:
    assert choose(990000).version == find().version


def test_an_installed_version_is_preferred() -> None:
    try:
        older = find(major=15)
    except EngineFailed as error:
        pytest.skip(str(error))
    assert choose(150018).directory == older.directory


def test_a_named_engine_is_taken_whatever_the_server_is() -> None:
    named = find()
    assert choose(140000, str(named.directory)).version == named.version


def test_a_folder_without_an_engine_is_refused_and_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="holds no PostgreSQL server programs"):
        choose(180000, str(tmp_path))
