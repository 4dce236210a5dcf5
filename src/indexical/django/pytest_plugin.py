"""The pytest fixture ``indexes``: ``indexes.assert_used(Order.objects.filter(...), by="order_user_created_idx")``.

It imports Django only when a test asks for it, so that pytest may load it everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from indexical.django.testing import IndexAssertions


@pytest.fixture
def indexes(request: pytest.FixtureRequest) -> IndexAssertions:
    """Assertions about indexes, on the test database that pytest-django or the project's own set-up made."""
    if request.config.pluginmanager.hasplugin("django"):
        request.getfixturevalue("db")
    from indexical.django.testing import IndexAssertions

    return IndexAssertions()
