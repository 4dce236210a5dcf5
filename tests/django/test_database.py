"""A database of the settings as a connection string."""

from __future__ import annotations

import pytest
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict

from indexical.django import database

SHOP = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "me", "PORT": 5433}


def url(monkeypatch: pytest.MonkeyPatch, **settings: object) -> dict[str, object]:
    monkeypatch.setattr(database, "connections", ConnectionHandler({"default": {**SHOP, **settings}}))
    return conninfo_to_dict(database.database_url("default"))


def test_options_of_the_driver_are_no_parameters_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"sslmode": "require", "prepare_threshold": 5, "autocommit": True, "pool": True}
    assert url(monkeypatch, OPTIONS=options) == {
        "dbname": "shop",
        "user": "me",
        "port": "5433",
        "sslmode": "require",
    }


def test_a_password_keeps_its_quotes_and_backslashes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert url(monkeypatch, PASSWORD="it's \\ 'mine'")["password"] == "it's \\ 'mine'"
