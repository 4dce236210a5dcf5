"""Connection URLs: what they mean, and that none of them is ever repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexical.errors import ConnectionFailed, InputError
from indexical.pg.session import connect
from indexical.pg.target import parse


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://", {}),
        ("postgres://u@h/d", {"user": "u", "host": "h", "dbname": "d"}),
        (
            "postgresql://u:pw@h:5433/d",
            {"user": "u", "password": "pw", "host": "h", "port": "5433", "dbname": "d"},
        ),
        ("postgresql://u:p%40s@h/d", {"user": "u", "password": "p@s", "host": "h", "dbname": "d"}),
        ("postgresql://u:p@ss%zz@h/d", {"user": "u", "password": "p@ss%zz", "host": "h", "dbname": "d"}),
        (
            "postgresql://u@/d?host=/run/pg&port=6000",
            {"user": "u", "host": "/run/pg", "port": "6000", "dbname": "d"},
        ),
        ("postgresql://u@[::1]:1/d", {"user": "u", "host": "::1", "port": "1", "dbname": "d"}),
        ("postgresql://%2Frun%2Fpg/d", {"host": "/run/pg", "dbname": "d"}),
        ("postgresql://a:1,b:2/d", {"host": "a,b", "port": "1,2", "dbname": "d"}),
        ("postgresql://h/d?sslmode=require", {"host": "h", "dbname": "d", "sslmode": "require"}),
        ("host=h dbname=d", {"host": "h", "dbname": "d"}),
        ("host = h password='a b\\'c' user=u", {"host": "h", "password": "a b'c", "user": "u"}),
    ],
)
def test_a_url_means_what_libpq_says(url: str, expected: dict[str, str]) -> None:
    assert dict(parse(url).keywords) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop",
        "mysql://u:canary@h/d",
        "postgresql:/u:canary@h/d",
        "postgresql://u:canary@h:port/d",
        "postgresql://u:canary@[::1/d",
        "postgresql://u:canary@h:99999/d",
        "postgresql://u@h/d?canary=1",
        "postgresql://u@h/d?canary",
        "postgresql://u:can\x00ary@h/d",
        "host=h password='canary",
        "host=h password=ca nary=",
    ],
)
def test_what_is_no_url_is_refused_in_one_line_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(url)
    message = str(refused.value)
    assert "\n" not in message
    assert "canary" not in message.replace("canary is not something a connection URL can set", "")
    assert refused.value.exit_code == 2


def test_an_unknown_parameter_is_named_but_never_its_value() -> None:
    with pytest.raises(InputError, match="sslmod is not something"):
        parse("postgresql://h/d?sslmod=canary")


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_no_password_is_ever_printed(password: str) -> None:
    from urllib.parse import quote

    target = parse(f"postgresql://user:{quote('Zq' + password, safe='')}@host/name")
    assert target.password == "Zq" + password
    assert "Zq" + password not in repr(target)
    assert target.text == "database name on host as user user"


def test_a_refused_connection_names_the_place_and_not_the_password() -> None:
    with pytest.raises(ConnectionFailed) as refused:
        connect("postgresql://someone:canary@127.0.0.1:9/shop", connect_timeout=2)
    message = str(refused.value)
    assert "database shop on 127.0.0.1 port 9 as user someone" in message
    assert "canary" not in message
    assert "\n" not in message
    assert refused.value.exit_code == 3


def test_a_digit_that_is_no_number_is_no_port() -> None:
    with pytest.raises(InputError, match="port"):
        parse("host=localhost port=² dbname=shop")
