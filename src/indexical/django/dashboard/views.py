"""The pages of the dashboard and its two actions; thin: asked, looked up, shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from indexical.django.dashboard import access, confirming, proposing, reading, records
from indexical.django.dashboard.access import acts, reads
from indexical.django.dashboard.advice import advice_page
from indexical.django.dashboard.details import index_page
from indexical.django.dashboard.downloads import as_csv
from indexical.django.dashboard.overview import CSV_TITLES, csv_rows, overview_page
from indexical.django.dashboard.reading import Look
from indexical.django.dashboard.showing import shown
from indexical.django.dashboard.verdicts import Judged
from indexical.django.dashboard.words import WORDS, at, lasting
from indexical.errors import IndexicalError
from indexical.report.run_record import run_sections, runs_section
from indexical.report.sections import Section
from indexical.report.units import printable

_UNAVAILABLE = 503
_REFUSED = 409


@reads
def start(request: HttpRequest) -> HttpResponse:
    """The first database's overview; with several, the one that is called ``default``."""
    aliases = reading.aliases()
    if not aliases:
        lines = ("DATABASES has no PostgreSQL database, and only those can be examined.",)
        return _page(request, "Indexes", [Section("Nothing to show", lines)])
    alias = "default" if "default" in aliases else aliases[0]
    return HttpResponseRedirect(reverse("indexical:overview", args=[alias]))


@reads
def overview(request: HttpRequest, alias: str) -> HttpResponse:
    try:
        look = _look(alias)
    except IndexicalError as error:
        return _failed(request, error, alias)
    listed = overview_page(look)
    links = {each.section.title: [_index_address(alias, oid) for oid in each.oids] for each in listed}
    return _page(
        request,
        f"Indexes of {look.catalog.database}",
        [each.section for each in listed],
        links,
        alias=alias,
        look=look,
        sample_form=access.may_act(request.user),
    )


@reads
def index(request: HttpRequest, alias: str, oid: int) -> HttpResponse:
    try:
        look = _look(alias)
        judged = _judged(look, oid)
        advice = records.saved_advice()
    except IndexicalError as error:
        return _failed(request, error, alias)
    return _page(
        request,
        f"{judged.existing.index.schema}.{judged.existing.name}",
        index_page(look, judged, advice),
        alias=alias,
        look=look,
        definition=printable(judged.existing.definition),
        oid=oid,
        drop_form=judged.may_go and access.may_act(request.user),
    )


@reads
def runs(request: HttpRequest) -> HttpResponse:
    try:
        found = records.journals()
    except IndexicalError as error:
        return _failed(request, error)
    section = runs_section(found.runs)
    notes = [f"Not readable: {text}" for text in found.refused]
    if found.more:
        notes.append(f"{found.more} older journals are not shown.")
    links = {section.title: [_run_address(record.run) for _, record in found.runs]}
    sections = [section, *([Section("Left out", notes=tuple(notes))] if notes else [])]
    return _page(request, "Runs", sections, links)


@reads
def run(request: HttpRequest, run: str) -> HttpResponse:
    try:
        found = records.journals()
    except IndexicalError as error:
        return _failed(request, error)
    record = next((record for _, record in found.runs if record.run == run), None)
    if record is None:
        raise Http404("no such run is recorded")
    return _page(request, f"Run {record.run}", run_sections(record))


@reads
def advice(request: HttpRequest) -> HttpResponse:
    try:
        saved = records.saved_advice()
    except IndexicalError as error:
        return _failed(request, error)
    if saved is None:
        line = f"No advice is saved. Write it with: advise --save FILE, and name the file in the setting {records.ADVICE}."
        return _page(request, "Advice", [Section("Nothing to show", (line,))])
    return _page(request, "Advice", advice_page(saved))


@reads
def download(request: HttpRequest, alias: str) -> HttpResponse:
    try:
        look = _look(alias)
    except IndexicalError as error:
        return _failed(request, error, alias)
    text = as_csv(CSV_TITLES, csv_rows(look))
    return _file(text, "text/csv; charset=utf-8", "indexes.csv")


@acts
def review(request: HttpRequest, alias: str) -> HttpResponse:
    """What an action would do, with the token that allows it."""
    try:
        look = _look(alias, fresh=True)
        plan, judged = _planned(request, look)
    except confirming.Refused as error:
        return _refused(request, str(error), alias)
    except IndexicalError as error:
        return _failed(request, error, alias)
    facts = (
        [
            "It reads the server's counters and keeps them in the file of samples. Nothing in the database changes."
        ]
        if judged is None
        else [
            f"{WORDS[judged.verdict].capitalize()}: {judged.reason}.",
            "You get an advice file; nothing is dropped from here. apply tries the drop first, and may still refuse it.",
        ]
    )
    return _page(
        request,
        "Take a sample now" if judged is None else f"Propose dropping {plan.name}",
        [Section("What will be done", tuple(facts))],
        alias=alias,
        look=look,
        plan=plan,
        code=printable(proposing.statement(judged)) if judged else "",
        token=confirming.token(request.session, plan),
        minutes=confirming.MINUTES,
        template="confirm",
    )


@acts
def carry_out(request: HttpRequest, alias: str) -> HttpResponse:
    """The action that was reviewed, if it is still the same."""
    try:
        look = _look(alias, fresh=True)
        plan, judged = _planned(request, look)
        confirming.redeem(request.session, plan, request.POST.get("token", ""))
        if judged is not None:
            return _file(
                proposing.proposed(look, judged), "application/json", f"indexical-drop-{plan.oid}.json"
            )
        records.keep(look.now)
        reading.forget()
    except confirming.Refused as error:
        return _refused(request, str(error), alias)
    except IndexicalError as error:
        return _failed(request, error, alias)
    messages.success(request, "The sample was taken and kept.", fail_silently=True)
    return HttpResponseRedirect(reverse("indexical:overview", args=[alias]))


def _planned(request: HttpRequest, look: Look) -> tuple[confirming.Plan, Judged | None]:
    """The plan that the form asks for. Raises :class:`confirming.Refused` when it must not be made."""
    action, oid = request.POST.get("action", ""), request.POST.get("oid", "")
    if action == "sample":
        return proposing.sample_plan(look), None
    if action != "drop" or not oid.isascii() or not oid.isdigit() or len(oid) > 10:
        raise Http404("no such action")
    judged = _judged(look, int(oid))
    if not judged.may_go:
        raise confirming.Refused(
            f"{judged.existing.name} cannot be proposed for dropping. {WORDS[judged.verdict]}: {judged.reason}."
        )
    return proposing.drop_plan(look, judged), judged


def _look(alias: str, *, fresh: bool = False) -> Look:
    try:
        return reading.look(alias, fresh=fresh)
    except KeyError:
        raise Http404("DATABASES has no such PostgreSQL database") from None


def _judged(look: Look, oid: int) -> Judged:
    judged = look.index(oid)
    if judged is None:
        raise Http404("the database has no such index")
    return judged


def _run_address(run: str) -> str:
    """No address for a name that a journal made up, which no address could hold."""
    return reverse("indexical:run", args=[run]) if re.fullmatch(r"[\w.-]+", run) else ""


def _index_address(alias: str, oid: int) -> str:
    return reverse("indexical:index", args=[alias, oid])


def _page(
    request: HttpRequest,
    title: str,
    sections: Sequence[Section],
    links: dict[str, list[str]] | None = None,
    *,
    alias: str = "",
    look: Look | None = None,
    template: str = "page",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    from django.contrib import admin

    context = {
        **admin.site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": printable(title),
        "blocks": shown(sections, links),
        "aliases": reading.aliases(),
        "alias": alias,
        "age": "" if look is None else lasting(look.age),
        "read_at": "" if look is None else at(look.now.taken_at, seconds=True),
        "server": "" if look is None else look.catalog.server_version_text,
        **more,
    }
    return render(request, f"indexical/dashboard/{template}.html", context, status=status)


def _failed(request: HttpRequest, error: IndexicalError, alias: str = "") -> HttpResponse:
    sections = [Section("This could not be read", (str(error),))]
    return _page(request, "Indexes", sections, alias=alias, status=_UNAVAILABLE)


def _refused(request: HttpRequest, why: str, alias: str) -> HttpResponse:
    return _page(request, "Not done", [Section("Nothing was done", (why,))], alias=alias, status=_REFUSED)


def _file(text: str, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
