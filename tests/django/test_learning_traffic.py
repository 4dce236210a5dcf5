"""The learning platform's driver: it plays its mix over HTTP, or writes it down as a requests file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.django.learning_loaded import PROJECT, Loaded, bring_in, drive

from indexical.measure.served.requests_file import read

TRAFFIC = PROJECT / "traffic"
BENCHMARK = {
    "GET /api/v1/courses/",
    "GET /api/v1/categories/",
    "GET /api/v2/forum/topics/",
    "GET /api/v1/auth/user/",
}


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(1500)
class TestRunning:
    """Against the running platform with its small data."""

    def test_a_run_visits_every_page_without_a_surprise(
        self, learning_site: str, learning_played: Loaded
    ) -> None:
        posts = learning_played.one("SELECT count(*) FROM forum_conversation_post")
        done = drive(
            "--base-url",
            learning_site,
            "--handles",
            str(learning_played.handles),
            "--requests",
            "200",
            "--users",
            "6",
        )
        assert done.stdout, done.stderr
        summary = json.loads(done.stdout)
        assert (done.returncode, summary["unexpected_examples"]) == (0, [])
        assert summary["requests"] == 200
        assert sum(page["count"] for page in summary["endpoints"].values()) == 200
        assert len(summary["endpoints"]) > 75
        assert set(summary["endpoints"]) >= BENCHMARK
        assert learning_played.one("SELECT count(*) FROM forum_conversation_post") > posts

    def test_a_second_run_with_another_seed_meets_no_conflict(
        self, learning_site: str, learning_played: Loaded
    ) -> None:
        done = drive(
            *("--base-url", learning_site, "--handles", str(learning_played.handles)),
            *("--requests", "100", "--users", "4", "--seed", "7", "--threads", "1"),
        )
        summary = json.loads(done.stdout)
        assert (done.returncode, summary["unexpected_examples"]) == (0, [])

    def test_an_unexpected_status_fails_the_run(
        self, learning_site: str, learning_played: Loaded, tmp_path: Path
    ) -> None:
        known = json.loads(learning_played.handles.read_text())
        known["courses"] = [{"id": 999_999_999, "slug": "none", "weight": 1}]
        wrong = tmp_path / "wrong.json"
        wrong.write_text(json.dumps(known))
        done = drive(
            "--base-url", learning_site, "--handles", str(wrong), "--requests", "100", "--users", "2"
        )
        summary = json.loads(done.stdout)
        assert done.returncode == 1
        assert summary["unexpected"] > 0
        assert {example["status"] for example in summary["unexpected_examples"]} <= {404, 400}

    def test_the_requests_file_is_read_and_its_requests_are_answered(
        self, learning_site: str, learning_played: Loaded, tmp_path: Path
    ) -> None:
        target = tmp_path / "requests.jsonl"
        topics = learning_played.one("SELECT count(*) FROM forum_conversation_topic")
        done = drive(
            *("--base-url", learning_site, "--handles", str(learning_played.handles), "--users", "4"),
            *("--requests", "150", "--write-requests", str(target)),
        )
        assert done.returncode == 0, done.stderr
        found = read(target)
        assert found.title == "The learning platform's everyday requests"
        assert not found.notes
        assert len(found.requests) == json.loads(done.stdout)["requests"]
        assert {request.name for request in found.requests} >= BENCHMARK
        assert learning_played.one("SELECT count(*) FROM forum_conversation_topic") == topics

    def test_a_server_that_is_not_there_is_named_in_one_line(self, learning_played: Loaded) -> None:
        done = drive("--base-url", "http://127.0.0.1:1", "--handles", str(learning_played.handles))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert "127.0.0.1:1" in done.stderr


# --- without a database -----------------------------------------------------------------------------------------------


def test_a_file_that_holds_no_handles_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[1, 2]")
    done = drive("--handles", str(other))
    assert done.returncode == 2
    assert "is not a handles file" in done.stderr


def test_the_sequence_of_visits_depends_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = bring_in(monkeypatch, TRAFFIC, "visits")
    names = [(action.name, seed) for action, seed in visits.plan(2000, 4)]
    assert names == [(action.name, seed) for action, seed in visits.plan(2000, 4)]
    assert names != [(action.name, seed) for action, seed in visits.plan(2000, 5)]


@pytest.mark.parametrize("requests", [1, 7, 60, 400, 2000])
def test_a_plan_has_exactly_the_requests_asked_for(monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    visits = bring_in(monkeypatch, TRAFFIC, "visits")
    planned = visits.plan(requests, 1)
    assert sum(action.calls for action, _ in planned) == requests
    if requests >= 400:
        assert {action.name for action, _ in planned} == {action.name for _, action in visits.MIX}


def test_the_benchmarks_four_weigh_most(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = bring_in(monkeypatch, TRAFFIC, "visits")
    weights: Counter[str] = Counter()
    for weight, action in visits.MIX:
        weights[action.name] += weight
    assert {name for name, _ in weights.most_common(4)} == BENCHMARK


def handles() -> dict[str, Any]:
    """As little as a handles file may hold."""
    person = {"id": 9, "username": "ada", "courses": [4], "lessons": [5], "progress": [6]}
    named = [{"id": 4, "slug": "four", "weight": 1}]
    kinds: dict[str, Any] = {kind: [3] for kind in ("lessons", "exercises", "forums", "posts")}
    kinds |= dict.fromkeys(("courses", "categories", "course_pages", "topics"), named)
    kinds |= {kind: ["news"] for kind in ("blog", "blog_categories")}
    return {"password": "p", "admin": "admin", "users": [person], **kinds}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """The lines of a requests file for these handles, without the first."""
    source = tmp_path / "handles.json"
    source.write_text(json.dumps(handles()))
    visits = bring_in(monkeypatch, TRAFFIC, "visits")
    module = bring_in(monkeypatch, TRAFFIC, "requests_file")
    scene = bring_in(monkeypatch, TRAFFIC, "scene").read_scene(source, 1, 20)
    scene.tokens.update(ada="token-of-ada", admin="token-of-admin")
    target = tmp_path / "requests.jsonl"
    module.write(target, "Everyday", module.lines(scene, visits.MIX, 300, 1))
    assert len(read(target).requests) == len(target.read_text().splitlines()) - 1
    return [json.loads(line) for line in target.read_text().splitlines()[1:]]


def test_a_requests_file_keeps_the_mix(
    written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = bring_in(monkeypatch, TRAFFIC, "visits")
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for weight, action in visits.MIX:
        name = f"GET {visits.V1}/moderation/queue/" if action.name == "decide" else action.name
        wanted[name] += weight
    for line in written:
        found[line["name"]] += line["weight"]
    known = {name for name in wanted if " " in name and name.split()[0] in ("GET", "POST", "PATCH", "DELETE")}
    assert {name: round(found[name], 3) for name in known & set(found)} == {
        name: pytest.approx(wanted[name], abs=0.01) for name in known & set(found)
    }
    assert sum(found.values()) == pytest.approx(sum(wanted.values()), rel=0.001)


def test_a_requests_file_has_tokens_and_no_logins(written: list[dict[str, Any]]) -> None:
    assert not [line for line in written if "login" in line["path"]]
    who = [line for line in written if line["path"] == "/api/v1/auth/user/"]
    assert {line["headers"]["Authorization"] for line in who} == {"Bearer token-of-ada"}
    assert any("Authorization" not in line["headers"] for line in written)


def test_whatever_changes_rows_says_so(written: list[dict[str, Any]]) -> None:
    assert all(line["writes"] for line in written if line["method"] != "GET")
    reading = {line["name"] for line in written if line["method"] == "GET" and line["writes"]}
    assert reading == {"GET /api/v1/courses/<id>/progress/", "GET /api/v1/topics/<id>/"}


def test_what_exists_once_only_is_new_at_each_sending(written: list[dict[str, Any]]) -> None:
    fresh = {line["name"] for line in written if line["body"] and "{{unique}}" in json.dumps(line["body"])}
    assert fresh == {"POST /api/v1/auth/register/", "POST /api/v1/posts/", "POST /api/v1/topics/"}


def test_handles_without_people_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    scene = bring_in(monkeypatch, TRAFFIC, "scene")
    source = tmp_path / "handles.json"
    source.write_text(json.dumps(handles() | {"users": []}))
    with pytest.raises(Exception, match="names no people"):
        scene.read_scene(source, 1, 20)
