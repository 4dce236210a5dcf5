"""The driver sends its requests to the running platform."""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.django.invitations_loaded import (  # noqa: F401
    PROJECT,
    Loaded,
    bring_in,
    data,
    drive,
    empty,
    played,
    site,
)

from indexical.measure.served.requests_file import read

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_run_visits_every_page_without_a_surprise(site: str, played: Loaded) -> None:
    guests = played.one("SELECT count(*) FROM invitations_guest")
    done = drive("--base-url", site, "--handles", str(played.handles), "--requests", "150", "--seed", "1")
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["unexpected_examples"]) == (0, [])
    assert summary["requests"] == 150
    assert sum(page["count"] for page in summary["endpoints"].values()) == 150
    assert len(summary["endpoints"]) > 50
    assert summary["endpoints"]["invite register"]["median_ms"] > 0
    assert played.one("SELECT count(*) FROM invitations_guest") > guests


def test_a_second_run_with_another_seed_meets_no_conflict(site: str, played: Loaded) -> None:
    done = drive(
        "--base-url",
        site,
        "--handles",
        str(played.handles),
        "--requests",
        "90",
        "--seed",
        "7",
        "--threads",
        "1",
    )
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["unexpected_examples"]) == (0, [])
    assert "400" not in summary["statuses"]


def test_a_run_without_handles_asks_the_api(site: str) -> None:
    done = drive("--base-url", site, "--requests", "60", "--seed", "3", "--users", "3")
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["requests"] == 60


def test_an_unexpected_status_fails_the_run(site: str, played: Loaded, tmp_path: Path) -> None:
    known = json.loads(played.handles.read_text())
    for page in known["pages"]:
        page["slug"] = "nobodyhere"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(known))
    done = drive("--base-url", site, "--handles", str(wrong), "--requests", "20", "--users", "2")
    summary = json.loads(done.stdout)
    assert done.returncode == 1
    assert summary["unexpected"] == summary["statuses"]["404"] > 0
    assert {example["status"] for example in summary["unexpected_examples"]} == {404}


def test_a_server_that_is_not_there_is_named_in_one_line(played: Loaded) -> None:
    done = drive("--base-url", "http://127.0.0.1:1", "--handles", str(played.handles))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1:1" in done.stderr


@pytest.mark.parametrize("address", ["ftp://x", "http://", "http://[::1", "http://x:99999", "http://x:web"])
def test_an_address_that_is_none_is_named_in_one_line(address: str) -> None:
    done = drive("--base-url", address)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert address in done.stderr


def test_a_visit_that_breaks_ends_the_run_and_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = bring_in(monkeypatch, PROJECT / "traffic", "drive")

    class Broken:
        def begin(self, scene: object, rng: object) -> None:
            raise LookupError("a page without a name")

    with pytest.raises(LookupError):
        driver.drive("http://127.0.0.1:1", None, [(Broken(), 1)] * 9, 2)


def test_a_file_that_holds_no_handles_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[1, 2]")
    done = drive("--handles", str(other))
    assert done.returncode == 2
    assert "is not a handles file" in done.stderr


def test_the_sequence_of_visits_depends_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = bring_in(monkeypatch, PROJECT / "traffic", "visits")
    names = [(action.name, seed) for action, seed in visits.plan(2000, 4)]
    assert names == [(action.name, seed) for action, seed in visits.plan(2000, 4)]
    assert names != [(action.name, seed) for action, seed in visits.plan(2000, 5)]


@pytest.mark.parametrize("requests", [1, 7, 60, 400, 2000])
def test_a_plan_has_exactly_the_requests_asked_for(monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    visits = bring_in(monkeypatch, PROJECT / "traffic", "visits")
    planned = visits.plan(requests, 1)
    assert sum(action.calls for action, _ in planned) == requests
    if requests >= 400:
        assert {action.name for action, _ in planned} == {
            action.name for _, action in (*visits.LOAD_MIX, *visits.OTHERS)
        }


# --- the mix as a file ------------------------------------------------------------------------------------------------


def test_the_requests_file_is_read_and_plays_nothing(site: str, played: Loaded, tmp_path: Path) -> None:
    target = tmp_path / "requests.jsonl"
    before = played.row(
        "SELECT (SELECT count(*) FROM invitations_guest), (SELECT count(*) FROM invitations_order)"
    )
    done = drive(
        *("--base-url", site, "--handles", str(played.handles), "--users", "6"),
        *("--requests", "200", "--write-requests", str(target)),
    )
    assert done.returncode == 0, done.stderr
    found = read(target)
    assert (found.title, found.notes) == ("The invitation platform's everyday requests", ())
    assert len(found.requests) == json.loads(done.stdout)["requests"]
    names = {request.name for request in found.requests}
    assert {
        "GET /api/v1/invitations/orders/",
        "GET /api/v1/invitations/",
        "POST /api/invite/<slug>/register/",
        "GET /api/v1/plans/templates/all",
    } <= names
    assert not [name for name in names if "login" in name]
    assert played.row(
        "SELECT (SELECT count(*) FROM invitations_guest), (SELECT count(*) FROM invitations_order)"
    ) == (before[0], before[1])


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/invite/k3x9/register/", "/api/invite/<slug>/register/"),
        ("/api/v1/invitations/", "/api/v1/invitations/"),
        ("/api/v1/invitations/k3x9/stats/", "/api/v1/invitations/<slug>/stats/"),
        (
            "/api/v1/invitations/orders/0b7cdd4e-9f66-4b5c-8f0e-5d0f1f0f2f3f/",
            "/api/v1/invitations/orders/<uuid>/",
        ),
        ("/api/v1/plans/templates/by-plan/BASIC/", "/api/v1/plans/templates/by-plan/<code>/"),
        (
            "/api/v1/plans/templates/all?plan=BASIC&ordering=name&page=2",
            "/api/v1/plans/templates/all?ordering=&plan=",
        ),
    ],
)
def test_requests_to_one_endpoint_share_its_name(
    monkeypatch: pytest.MonkeyPatch, path: str, address: str
) -> None:
    module = bring_in(monkeypatch, PROJECT / "traffic", "requests_file")
    assert module.address_of(path) == address
