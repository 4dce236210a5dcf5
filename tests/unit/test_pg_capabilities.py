"""Questions of version, extension and right are answered with a reason."""

from __future__ import annotations

from indexical.pg.capabilities import Capabilities


def test_an_old_server_cannot_and_the_answer_says_why() -> None:
    answer = Capabilities(150004).restore_statistics()
    assert not answer
    assert answer.reason == "loading statistics needs PostgreSQL 18 or newer; this server is 15"


def test_a_new_server_can() -> None:
    assert Capabilities(180006).restore_statistics()
    assert Capabilities(140000).supported()
    assert not Capabilities(130010).supported()


def test_heights_need_the_extension_and_the_right() -> None:
    assert not Capabilities(180000, {}, superuser=True).tree_heights()
    assert not Capabilities(180000, {"pageinspect": "public"}).tree_heights()
    assert Capabilities(180000, {"pageinspect": "public"}, superuser=True).tree_heights()
