"""Answers requests on standard input, a JSON object a line, as the project would: one process for all tests of a module.

``{"session", "user", "method", "path", "data", "csrf", "settings", "fresh"}`` -> ``{"status", "headers", "body", "sockets"}``.
Sessions are browsers of their own; ``csrf`` takes the token from the page that was last seen in the session.
With ``{"serve": true}`` the project listens on a port instead, which is printed.
"""

import json
import re
import sys

import dashboard_settings  # noqa: F401 - a settings module that cannot be read should say so itself

import django

ROLES = ("anonymous", "plain", "staff", "viewer", "changer")


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _people()
    if sys.argv[1:] == ["serve"]:
        _serve()
        return
    print("ready", flush=True)
    browsers: dict[str, object] = {}
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line), browsers)), flush=True)


def _people() -> None:
    from django.contrib.auth.models import Permission, User

    for role in ROLES[1:]:
        user = User.objects.create_user(role, password=role, is_staff=role != "plain")
        for codename in ("view_dashboard", "change_indexes"):
            if role == "changer" or (role == "viewer" and codename == "view_dashboard"):
                user.user_permissions.add(
                    Permission.objects.get(content_type__app_label="indexical", codename=codename)
                )


def _answer(asked, browsers):
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import override_settings

    from indexical.django.dashboard import reading

    name = asked.get("session", asked["user"])
    if name not in browsers:
        browsers[name] = Client(enforce_csrf_checks=True, raise_request_exception=False)
        if asked["user"] != "anonymous":
            browsers[name].force_login(User.objects.get(username=asked["user"]))
    browser = browsers[name]
    if asked.get("fresh"):
        reading.forget()
    opened, connect = [], reading.connect
    reading.connect = lambda url, **keywords: (opened.append(1), connect(url, **keywords))[1]
    data = dict(asked.get("data") or {})
    if asked.get("csrf"):
        data["csrfmiddlewaretoken"] = getattr(browser, "seen_token", "")
    try:
        with override_settings(**(asked.get("settings") or {})):
            done = getattr(browser, asked.get("method", "get").lower())(asked["path"], data)
    finally:
        reading.connect = connect
    body = done.content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body)
    if token:
        browser.seen_token = token[1]
    return {"status": done.status_code, "headers": dict(done.headers), "body": body, "sockets": len(opened)}


def _serve() -> None:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *arguments):
            pass

    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


main()
