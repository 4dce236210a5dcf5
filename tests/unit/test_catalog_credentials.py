"""What seems to hold a password stays out of a snapshot; what only speaks of one may stay."""

from __future__ import annotations

import pytest

from indexical.catalog.objects import holds_credential


@pytest.mark.parametrize(
    "text",
    [
        "SELECT dblink_connect('host=db user=x password=hunter2')",
        "SELECT dblink_connect('postgresql://app:hunter2@db/shop')",
        "OPTIONS (user 'x', password 'hunter2')",
        "passwd := 'hunter2'",
        "jsonb_build_object('password', 'hunter2')",
        "api_key = 'sk-1'",
        "secret := 'x'",
        "'-----BEGIN RSA PRIVATE KEY-----'",
        "ALTER ROLE x PASSWORD 'hunter2'",
        "password => 'hunter2'",
    ],
)
def test_a_text_with_a_credential_is_seen(text: str) -> None:
    assert holds_credential(f"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ {text} $$")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT password_changed_at FROM users",
        "SELECT u.password FROM users u",
        "SELECT 'https://example.com:8080/a'",
        "SELECT token_count + 1",
        "SELECT lower(email)",
    ],
)
def test_a_text_that_only_names_one_is_kept(text: str) -> None:
    assert not holds_credential(f"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ {text} $$")
