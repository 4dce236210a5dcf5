"""The panel itself, and the view behind its buttons; see https://django-debug-toolbar.readthedocs.io/en/stable/panels.html."""

from __future__ import annotations

from typing import Any

from debug_toolbar.decorators import render_with_toolbar_language, require_show_toolbar
from debug_toolbar.forms import SignedDataForm
from debug_toolbar.panels import Panel
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from django import forms
from indexical.django.panel.recorded import Recorded
from indexical.django.panel.verdict import verdict
from indexical.django.watching import project_places, watch
from indexical.django.watching.texts import shown
from indexical.django.watching.thresholds import Thresholds, thresholds
from indexical.django.watching.watcher import listeners
from indexical.model import Statement
from indexical.report.units import plural


class IndexPanel(Panel):
    """Listens only while a request is shown in the toolbar; plans nothing until a button is pressed."""

    title = "Indexes"
    nav_title = "Indexes"
    template = "indexical/panel.html"
    is_async = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._recorded = Recorded(project_places())

    @property
    def enabled(self) -> bool:
        # Whatever a project's own callback says: statements and plans are for development.
        return bool(settings.DEBUG) and super().enabled

    @property
    def nav_subtitle(self) -> str:
        stats = self.get_stats()
        alarms = sum(1 for group in stats.get("groups", ()) if group["alarm"])
        text = f"{plural(stats.get('statements', 0), 'statement')} in {stats.get('ms', 0.0):.1f} ms"
        return f"{text}, {plural(alarms, 'alarm')}" if alarms else text

    @classmethod
    def get_urls(cls) -> list[URLPattern]:
        return [path("indexical_verdict/", show_verdict, name="indexical_verdict")]

    def enable_instrumentation(self) -> None:
        watch()
        listeners.set((*listeners.get(), self._recorded))

    def disable_instrumentation(self) -> None:
        listeners.set(tuple(found for found in listeners.get() if found is not self._recorded))

    def generate_stats(self, request: HttpRequest, response: HttpResponse) -> None:
        limits = thresholds() or Thresholds()
        self.record_stats(self._recorded.stats(limits.similar))

    @property
    def content(self) -> str:
        stats = self.get_stats()
        # Made here and not kept: what the toolbar stores is plain data.
        queries = [
            {**query, "form": SignedDataForm(auto_id=None, initial=query["question"])}
            if query["question"]
            else query
            for query in stats.get("queries", ())
        ]
        return render_to_string(self.template, {**stats, "queries": queries})


class VerdictForm(forms.Form):
    """What the signed form carries; nothing else reaches the planner."""

    alias = forms.CharField()
    sql = forms.CharField(strip=False)
    values = forms.JSONField(required=False)  # an empty list counts as empty
    types = forms.JSONField(required=False)

    def statement(self) -> Statement:
        values = self.cleaned_data["values"] or []
        samples = (tuple(values),) if values else ()
        return Statement(
            "panel", self.cleaned_data["sql"], types=tuple(self.cleaned_data["types"] or []), samples=samples
        )


@csrf_exempt
@login_not_required
@require_show_toolbar
@render_with_toolbar_language
def show_verdict(request: HttpRequest) -> HttpResponse:
    """Plans one statement of a request that was shown; the signature proves that this server made the question."""
    if not settings.DEBUG:
        raise Http404
    signed = SignedDataForm(request.POST)
    if not signed.is_valid():
        return HttpResponseBadRequest("Invalid signature")
    form = VerdictForm(signed.verified_data())
    if not form.is_valid():
        return HttpResponseBadRequest("Form errors")
    statement = form.statement()
    found = verdict(form.cleaned_data["alias"], statement)
    content = render_to_string(
        "indexical/panel_verdict.html", {"sql": shown(statement.sql, False).sql, "verdict": found}
    )
    return JsonResponse({"content": content})
