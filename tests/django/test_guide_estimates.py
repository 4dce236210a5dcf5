"""What the invitation platform's new indexes will take, said before they are built and compared with what they take.

At a twentieth of the published size many of them have a page or two, of which one is the B-tree's own; only indexes of some
length can be off by a share that means anything.
"""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import psycopg
import pytest
from tests.django.conftest import Manage
from tests.django.invitations_loaded import Loaded, copy_of, data, empty  # noqa: F401

from indexical.catalog import snapshot
from indexical.pg.session import connect
from indexical.twin.server import PrivateServer
from indexical.twin.twin import open_twin

pytestmark = pytest.mark.postgres

LEAST_PAGES = 10


def test_each_size_is_within_thirty_percent_of_the_built_one(
    private_server: PrivateServer, data: Loaded, manage: Manage
) -> None:
    url = copy_of(private_server, data.url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    with connect(url) as session:
        bare = snapshot(session)
    before = {existing.name for existing in bare.indexes()}
    manage(url, "migrate", "--verbosity", "0", settings="config.settings_guide")
    with connect(url) as session:
        built = [each for each in snapshot(session).indexes() if each.name not in before]
    assert len(built) == 42
    with open_twin(bare) as twin:
        errors = {
            each.name: twin.extent(each.index).pages * 8192 / each.size - 1
            for each in built
            if each.size >= LEAST_PAGES * 8192
        }
    print({name: f"{error:+.0%}" for name, error in errors.items()})
    assert len(errors) >= 15
    assert all(abs(error) <= 0.30 for error in errors.values()), errors
