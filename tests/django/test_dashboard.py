"""The dashboard: who sees it, what it says, and that its actions need a person who has looked."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import signing

from indexical.report.advice_file import load

pytestmark = pytest.mark.postgres

PROJECT = Path(__file__).with_name("dashboard_project")
OVERVIEW = "/indexes/database/default/"
HOSTILE = "<script>alert(1)</script>\"'=x"
SCHEMA = (
    "CREATE TABLE orders (id bigint PRIMARY KEY, user_id int, status text, total numeric)",
    "INSERT INTO orders SELECT i, i % 100, 'new', i FROM generate_series(1, 2000) AS i",
    "CREATE INDEX orders_user ON orders (user_id)",
    "CREATE INDEX orders_user_again ON orders (user_id)",
    "CREATE INDEX orders_total ON orders (total)",
    """CREATE INDEX "=1+1" ON orders (status)""",
    """CREATE INDEX "<script>alert(1)</script>""'=x" ON orders (status, total)""",
    "ANALYZE orders",
    "SET enable_seqscan = off",
    "SELECT * FROM orders WHERE id = 7",
    "SELECT pg_stat_force_next_flush()",
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    sockets: int

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.body)
        assert found, f"no field {name} in:\n{self.body}"
        return found[1]


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> str:
    url = new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
    return url


@pytest.fixture(scope="module")
def ask(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("site")
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "dashboard_settings",
        "PYTHONPATH": os.pathsep.join((str(PROJECT), *filter(None, (os.environ.get("PYTHONPATH"),)))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(
        [sys.executable, str(PROJECT / "dashboard_driver.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

        def asked(user: str, path: str = OVERVIEW, **more: Any) -> Answer:
            process.stdin.write(json.dumps({"user": user, "path": path, **more}) + "\n")
            process.stdin.flush()
            return Answer(**json.loads(process.stdout.readline()))

        asked.folder = folder  # type: ignore[attr-defined]
        yield asked
        process.stdin.close()


@pytest.fixture(scope="module")
def oids(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        return dict(
            connection.execute("SELECT relname, oid::bigint FROM pg_class WHERE relkind = 'i'").fetchall()
        )


def index(oid: int) -> str:
    return f"{OVERVIEW}index/{oid}/"


PATHS = (
    "/indexes/",
    OVERVIEW,
    "/indexes/runs/",
    "/indexes/runs/x/",
    "/indexes/advice/",
    f"{OVERVIEW}usage.csv",
    f"{OVERVIEW}index/1/",
)


@pytest.mark.security("S19")
@pytest.mark.parametrize("path", PATHS)
def test_who_has_not_logged_in_is_sent_to_the_login_and_nothing_is_looked_at(ask: Ask, path: str) -> None:
    answer = ask("anonymous", path)
    assert answer.status == 302
    assert answer.headers["Location"].startswith("/admin/login/?next=/indexes/")
    assert answer.sockets == 0


@pytest.mark.security("S19")
@pytest.mark.parametrize("role", ["plain", "staff"])
@pytest.mark.parametrize("path", PATHS)
def test_for_whoever_has_no_permission_there_is_no_dashboard(ask: Ask, role: str, path: str) -> None:
    answer = ask(role, path)
    assert (answer.status, answer.sockets) == (404, 0)


@pytest.mark.security("S19")
def test_staff_with_the_permission_see_it(ask: Ask) -> None:
    answer = ask("viewer")
    assert answer.status == 200
    assert "orders_user" in answer.body
    assert ask("viewer", "/indexes/").headers["Location"] == OVERVIEW


@pytest.mark.parametrize("user", ["anonymous", "viewer", "changer"])
def test_without_debug_and_without_the_setting_it_is_off_for_everybody(ask: Ask, user: str) -> None:
    assert ask(user, settings={"INDEXICAL_DASHBOARD": False}).status == 404


def test_the_setting_turns_it_off_under_debug_too(ask: Ask) -> None:
    assert ask("viewer", settings={"INDEXICAL_DASHBOARD": False, "DEBUG": True}).status == 404


def test_the_admin_s_index_does_not_list_it(ask: Ask) -> None:
    page = ask("changer", "/admin/")
    assert page.status == 200
    assert "/indexes/" not in page.body
    assert "indexical/" not in page.body.lower()


def test_pages_let_a_browser_run_and_load_nothing_foreign(ask: Ask) -> None:
    headers = ask("viewer").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.security("S17")
def test_hostile_names_are_text(ask: Ask, oids: dict[str, int]) -> None:
    for page in (ask("viewer"), ask("viewer", index(oids[HOSTILE]))):
        assert page.status == 200
        assert "<script>alert" not in page.body
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.body
        assert not re.search(r"<(style|script)>|<[^>]+ (style|on\w+)=", page.body)


@pytest.mark.security("S21")
@pytest.mark.parametrize("alias", ["notes", "other", "postgresql:host", "default%20", "..", "127.0.0.1"])
def test_only_configured_postgresql_aliases_are_looked_at(ask: Ask, alias: str) -> None:
    answer = ask("changer", f"/indexes/database/{alias}/")
    assert (answer.status, answer.sockets) == (404, 0)


@pytest.mark.security("S21")
def test_what_a_request_says_about_hosts_opens_no_socket(ask: Ask) -> None:
    answer = ask("changer", f"{OVERVIEW}?host=10.0.0.1&url=postgresql://evil/x&database=other")
    assert (answer.status, answer.sockets) == (200, 0)


def test_a_page_is_remembered_for_some_seconds_and_says_how_old_it_is(ask: Ask) -> None:
    first, second = ask("viewer", fresh=True), ask("viewer")
    assert (first.sockets, second.sockets) == (1, 0)
    assert re.search(r"Read \d+ s ago \(20\d\d-", second.body)


def test_fresh_counters_call_nothing_unused(ask: Ask) -> None:
    page = ask("viewer")
    assert "too early" in page.body
    assert "0 of them unused" in page.body


def test_a_duplicate_is_named_with_what_does_its_work(ask: Ask, oids: dict[str, int]) -> None:
    page = ask("viewer", index(oids["orders_user_again"]))
    assert "duplicate" in page.body
    assert "orders_user has the same keys" in page.body
    assert "CREATE INDEX orders_user_again" in page.body


def test_the_primary_key_is_used_or_needed_and_never_offered_for_dropping(
    ask: Ask, oids: dict[str, int]
) -> None:
    page = ask("changer", index(oids["orders_pkey"]))
    assert page.status == 200
    assert "Propose dropping" not in page.body


def test_an_unknown_index_is_not_found(ask: Ask) -> None:
    assert ask("viewer", index(4_000_000_000)).status == 404


@pytest.mark.security("S18")
def test_cells_of_the_csv_file_are_text_to_a_spreadsheet(ask: Ask) -> None:
    answer = ask("viewer", f"{OVERVIEW}usage.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="indexes.csv"'
    rows = list(csv.reader(io.StringIO(answer.body)))
    assert "'=1+1" in {row[2] for row in rows}
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]
    assert {len(row) for row in rows} == {12}


def journal(folder: Path, run: str, **more: object) -> Path:
    """The journal of a run without steps that has ended."""
    target = {"system_identifier": "1", "database_oid": 5, "database": "<b>shop</b>"}
    begin = {"event": "begin", "verb": "apply", "target": target, "plan": [], **more}
    lines = [begin, {"event": "end", "result": "done"}]
    path = folder / ".indexical" / "runs" / f"20260101T000000Z-{len(run)}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    at = {"at": "2026-01-01T00:00:00Z", "run": run, "step": "run"}
    path.write_text("".join(json.dumps({**at, **line}) + "\n" for line in lines))
    return path


def test_runs_are_listed_with_what_cannot_be_read_and_lead_to_their_record(ask: Ask) -> None:
    folder: Path = ask.folder  # type: ignore[attr-defined]
    journal(folder, "abc1")
    journal(folder, '../../etc/passwd"><script>')
    (folder / ".indexical" / "runs" / "0broken.jsonl").write_text("{}\n")
    page = ask("viewer", "/indexes/runs/")
    assert page.status == 200
    assert 'href="/indexes/runs/abc1/"' in page.body
    assert "Not readable: 0broken.jsonl is damaged" in page.body
    assert page.body.count("/indexes/runs/") == 2
    assert "<script>" not in page.body
    record = ask("viewer", "/indexes/runs/abc1/")
    assert record.status == 200
    assert "&lt;b&gt;shop&lt;/b&gt;" in record.body


@pytest.mark.parametrize("run", ["nothing", "..", "%2e%2e", "abc1.jsonl", "20260101T000000Z-4"])
def test_a_run_is_found_by_its_own_name_only_and_never_by_a_path(ask: Ask, run: str) -> None:
    journal(ask.folder, "abc1")  # type: ignore[attr-defined]
    assert ask("viewer", f"/indexes/runs/{run}/").status == 404


def test_without_a_saved_advice_the_page_says_how_to_save_one(ask: Ask) -> None:
    assert "INDEXICAL_ADVICE" in ask("viewer", "/indexes/advice/").body


def test_a_damaged_advice_file_is_one_sentence(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "advice.json").write_text("{")
    answer = ask("viewer", "/indexes/advice/", settings={"INDEXICAL_ADVICE": str(tmp_path / "advice.json")})
    assert answer.status == 503
    assert "is not JSON" in answer.body


def test_the_saved_advice_and_the_statements_of_an_index_are_shown(
    ask: Ask, oids: dict[str, int], tmp_path: Path
) -> None:
    file = tmp_path / "advice.json"
    statement = {"id": "list", "sql": "SELECT '<i>' FROM orders", "calls": 4, "indexes_used": ["orders_user"]}
    document = {"version": 1, "planner": {}, "create": [], "statements": [statement], "database": "shop",
                "statistics": {"taken_at": "2026-01-01T00:00:00+00:00"},
                "refused": [{"index": "x<i>", "reason": "covered", "detail": ""}]}  # fmt: skip
    file.write_text(json.dumps(document))
    named = {"INDEXICAL_ADVICE": str(file)}
    page = ask("viewer", "/indexes/advice/", settings=named)
    assert "made from figures of 2026-01-01 00:00 UTC" in page.body
    assert "x&lt;i&gt;" in page.body
    assert (
        "SELECT &#x27;&lt;i&gt;&#x27; FROM orders"
        in ask("viewer", index(oids["orders_user"]), settings=named).body
    )


def test_a_server_that_cannot_be_reached_is_one_sentence_without_a_password(ask: Ask) -> None:
    page = ask("viewer", "/indexes/database/gone/")
    assert page.status == 503
    assert "could not connect" in page.body
    assert "s3cret" not in page.body


class TestActions:
    def reviewed(self, ask: Ask, oid: int, session: str, **more: Any) -> Answer:
        ask("changer", index(oid), session=session, fresh=True)
        return ask("changer", f"{OVERVIEW}review/", session=session, method="post", csrf=True,
                   data={"action": "drop", "oid": str(oid)}, **more)  # fmt: skip

    def carried_out(self, ask: Ask, oid: int, session: str, token: str, **more: Any) -> Answer:
        data = {"action": "drop", "oid": str(oid), "token": token}
        return ask(
            "changer", f"{OVERVIEW}carry-out/", session=session, method="post", csrf=True, data=data, **more
        )

    def test_a_proposed_drop_is_an_advice_file_and_no_change(
        self, ask: Ask, oids: dict[str, int], tmp_path: Path
    ) -> None:
        page = self.reviewed(ask, oids["orders_user_again"], "a")
        assert page.status == 200
        done = self.carried_out(ask, oids["orders_user_again"], "a", page.hidden("token"))
        assert done.status == 200
        file = tmp_path / "advice.json"
        file.write_text(done.body)
        (drop,) = load(file).drop
        assert (drop.existing.name, drop.reason, drop.covered_by) == (
            "orders_user_again",
            "duplicate",
            "orders_user",
        )
        assert ask("viewer", index(oids["orders_user_again"]), fresh=True).status == 200

    @pytest.mark.security("S20")
    @pytest.mark.parametrize("step", ["review", "carry-out"])
    def test_an_action_by_get_is_refused(self, ask: Ask, step: str) -> None:
        answer = ask("changer", f"{OVERVIEW}{step}/", data={"action": "sample"})
        assert (answer.status, answer.sockets) == (405, 0)

    @pytest.mark.security("S20")
    @pytest.mark.parametrize("step", ["review", "carry-out"])
    def test_an_action_without_csrf_token_is_refused(self, ask: Ask, step: str) -> None:
        answer = ask("changer", f"{OVERVIEW}{step}/", method="post", data={"action": "sample"})
        assert (answer.status, answer.sockets) == (403, 0)

    @pytest.mark.security("S20")
    @pytest.mark.parametrize("step", ["review", "carry-out"])
    @pytest.mark.parametrize("user", ["plain", "staff", "viewer"])
    def test_an_action_needs_its_own_permission(self, ask: Ask, step: str, user: str) -> None:
        answer = ask(user, f"{OVERVIEW}{step}/", method="post", data={"action": "sample"})
        assert (answer.status, answer.sockets) == (404, 0)

    @pytest.mark.security("S20")
    def test_an_action_needs_the_setting_as_well(self, ask: Ask, oids: dict[str, int]) -> None:
        off = {"INDEXICAL_DASHBOARD_ACTIONS": False}
        assert self.reviewed(ask, oids["orders_user_again"], "off", settings=off).status == 404
        assert "Propose" not in ask("changer", index(oids["orders_user_again"]), settings=off).body

    def test_who_may_only_look_sees_no_form(self, ask: Ask, oids: dict[str, int]) -> None:
        for path in (OVERVIEW, index(oids["orders_user_again"])):
            assert "/review/" not in ask("viewer", path).body

    @pytest.mark.security("S20")
    def test_a_token_is_good_once(self, ask: Ask, oids: dict[str, int]) -> None:
        oid = oids["orders_user_again"]
        token = self.reviewed(ask, oid, "once").hidden("token")
        assert self.carried_out(ask, oid, "once", token).status == 200
        again = self.carried_out(ask, oid, "once", token)
        assert again.status == 409
        assert "used already" in again.body

    @pytest.mark.security("S20")
    def test_a_second_tab_makes_the_first_one_s_token_worthless(self, ask: Ask, oids: dict[str, int]) -> None:
        oid = oids["orders_user_again"]
        first = self.reviewed(ask, oid, "tabs").hidden("token")
        second = self.reviewed(ask, oid, "tabs").hidden("token")
        assert self.carried_out(ask, oid, "tabs", first).status == 409
        assert self.carried_out(ask, oid, "tabs", second).status == 200

    @pytest.mark.security("S20")
    def test_a_token_is_worth_nothing_in_another_session_or_for_another_index(
        self, ask: Ask, database: str, oids: dict[str, int]
    ) -> None:
        oid = oids["orders_user_again"]
        token = self.reviewed(ask, oid, "mine").hidden("token")
        self.reviewed(ask, oid, "theirs")
        assert self.carried_out(ask, oid, "theirs", token).status == 409
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE INDEX orders_total_again ON orders (total)")
            other = connection.execute("SELECT 'orders_total_again'::regclass::oid::bigint").fetchone()
        assert other
        self.reviewed(ask, other[0], "mine")
        assert self.carried_out(ask, other[0], "mine", token).status == 409

    @pytest.mark.security("S20")
    def test_a_token_older_than_ten_minutes_is_refused(
        self, ask: Ask, oids: dict[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        oid = oids["orders_user_again"]
        self.reviewed(ask, oid, "old")
        key = re.search(r'SECRET_KEY = "([^"]+)"', (PROJECT / "dashboard_settings.py").read_text())
        assert key
        signer = signing.TimestampSigner(key=key[1], salt="indexical.dashboard.confirm", fallback_keys=[])
        now = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now - 601)
        old = signer.sign_object({"plan": "x", "nonce": "y"})
        monkeypatch.undo()
        done = self.carried_out(ask, oid, "old", old)
        assert done.status == 409
        assert "older than 10 minutes" in done.body

    @pytest.mark.security("S20")
    @pytest.mark.parametrize("token", ["", "x", "eyJwbGFuIjogIngifQ:1abcde:forged"])
    def test_a_made_up_token_is_refused(self, ask: Ask, oids: dict[str, int], token: str) -> None:
        self.reviewed(ask, oids["orders_user_again"], "forged")
        assert self.carried_out(ask, oids["orders_user_again"], "forged", token).status == 409

    @pytest.mark.security("S20")
    def test_a_plan_that_has_changed_since_it_was_looked_at_is_refused(self, ask: Ask, database: str) -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("CREATE TABLE parts (a int)")
            connection.execute("CREATE INDEX parts_a ON parts (a)")
            connection.execute("CREATE INDEX parts_b ON parts (a)")
            row = connection.execute("SELECT 'parts_b'::regclass::oid::bigint").fetchone()
            assert row
            token = self.reviewed(ask, row[0], "changed").hidden("token")
            connection.execute("ALTER INDEX parts_b RENAME TO parts_c")
        done = self.carried_out(ask, row[0], "changed", token)
        assert done.status == 409
        assert "changed since" in done.body

    def test_what_is_too_early_or_needed_cannot_be_proposed(self, ask: Ask, oids: dict[str, int]) -> None:
        for name in ("orders_pkey", HOSTILE):
            answer = self.reviewed(ask, oids[name], "early")
            assert answer.status == 409
            assert "cannot be proposed" in answer.body

    def test_a_sample_is_kept_and_shown(self, ask: Ask, oids: dict[str, int]) -> None:
        before = ask("changer", session="s")
        assert "No sample is kept yet" in before.body
        review = ask(
            "changer", f"{OVERVIEW}review/", session="s", method="post", csrf=True, data={"action": "sample"}
        )
        data = {"action": "sample", "token": review.hidden("token")}
        done = ask("changer", f"{OVERVIEW}carry-out/", session="s", method="post", csrf=True, data=data)
        assert (done.status, done.headers["Location"]) == (302, OVERVIEW)
        assert "Samples kept: 1 of primary" in ask("changer", session="s").body
        assert "Samples (2)" in ask("viewer", index(oids["orders_user"])).body
        file = ask.folder / ".indexical" / "usage.sqlite"  # type: ignore[attr-defined]
        assert file.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        "data", [{}, {"action": "drop"}, {"action": "drop", "oid": "1;x"}, {"action": "apply"}]
    )
    def test_there_is_no_other_action(self, ask: Ask, data: dict[str, str]) -> None:
        ask("changer", session="none")
        answer = ask("changer", f"{OVERVIEW}review/", session="none", method="post", csrf=True, data=data)
        assert answer.status == 404


CHECK = """
import sys, types
from django.conf import settings
import django
apps, urls = sys.argv[1].split(","), sys.argv[2]
settings.configure(
    INSTALLED_APPS=apps, ROOT_URLCONF="included", SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
from django.core.checks import run_checks
from django.urls import include, path
included = sys.modules["included"] = types.ModuleType("included")
included.urlpatterns = []
if "dashboard" in urls:
    included.urlpatterns.append(path("indexes/", include("indexical.django.dashboard.urls")))
if "admin" in urls:
    from django.contrib import admin
    included.urlpatterns.append(path("admin/", admin.site.urls))
print([m.msg + " " + m.hint for m in run_checks(tags=["indexical"]) if m.id == "indexical.E001"])
"""
_AUTH = "django.contrib.contenttypes,django.contrib.auth,indexical.django"
_ALL = (
    f"{_AUTH},django.contrib.admin,django.contrib.sessions,django.contrib.messages,django.contrib.staticfiles"
)


@pytest.mark.parametrize(
    ("apps", "urls", "said"),
    [
        (
            "django.contrib.contenttypes,indexical.django",
            "dashboard",
            "Add django.contrib.admin, django.contrib.auth,",
        ),
        (_AUTH, "dashboard", "Add django.contrib.admin, django.contrib.sessions,"),
        (_ALL, "dashboard", "Include admin.site.urls"),
        (_ALL, "dashboard admin", "[]"),
        (_AUTH, "", "[]"),
    ],
    ids=["without auth", "without admin", "without the admin's addresses", "complete", "not included"],
)
def test_the_system_check_says_what_the_dashboard_lacks(apps: str, urls: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK, apps, urls], capture_output=True, text=True, timeout=240, check=True
    )
    assert said in done.stdout
