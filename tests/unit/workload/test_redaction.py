"""Which values must not be written down."""

from __future__ import annotations

import pytest

from indexical.workload.redaction import looks_personal, looks_secret, mentions_secret, secret_parameters


@pytest.mark.parametrize(
    "name",
    ["password", "user_password", "OTP", "otp_code", "session_key", "api_key", "apikey", "link_hash", "auth_token", "pin",
     "client_secret", "verification_code"],
)  # fmt: skip
def test_a_column_that_may_hold_a_secret_is_known_by_its_name(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name", ["status", "hashtag", "hotpot", "pinned", "user_id", "primary_key", "code", "shipping"]
)
def test_other_columns_are_not_suspected(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("sql", "secret"),
    [
        ("SELECT a FROM t WHERE otp = $1 AND phone = $2", {1}),
        ("SELECT a FROM t WHERE phone = $1 AND $2 = t.otp OR b = $3", {2}),
        ('SELECT a FROM t WHERE upper("t"."token"::text) LIKE upper($1) AND b = $2', {1}),
        ("SELECT a FROM t WHERE otp BETWEEN $1 AND $2 AND c = $3", {1, 2}),
        ("SELECT a FROM t WHERE otp IN ($1, $2) LIMIT $3", {1, 2}),
        ("SELECT a FROM t WHERE (phone, otp) = ($1, $2)", {1, 2}),
        ("SELECT a FROM t WHERE crypt($1, t.password) = password", {1}),
        ("SELECT a FROM authtoken_token WHERE authtoken_token.user_id = $1", set()),
        ("SELECT password FROM t WHERE a = $1", set()),
        ("SELECT a FROM t JOIN s ON t.session_key = $1 WHERE s.a = $2", {1}),
    ],
)
def test_every_value_in_a_condition_with_a_secret_column_is_secret(sql: str, secret: set[int]) -> None:
    assert secret_parameters(sql) == secret


@pytest.mark.parametrize(
    "value",
    [
        "canary@mail.example.com",
        "%canary@mail.example%",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "4111 1111 1111 1111",
        "4111111111111111",
        "-----BEGIN PRIVATE KEY-----",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_a_value_of_a_personal_kind_is_known_whatever_its_column(value: str) -> None:
    assert looks_personal(value)
    assert mentions_secret(f"SELECT '{value}' FROM t")


@pytest.mark.parametrize(
    "value",
    [
        "APPROVED",
        "2024-01-02 03:04:05.123456+00:00",
        "0190a6b2-7d1c-7000-8000-2b1f6f3c9e10",
        "1700000000123",
        "wedding-of-anna-and-ben-in-the-garden-of-roses",
        "5",
        "{1,2,3}",
        "+91 98765 43210",
    ],
)
def test_everyday_values_are_not(value: str) -> None:
    assert not looks_personal(value)
