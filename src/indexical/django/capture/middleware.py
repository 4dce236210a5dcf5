"""Tells the capture which view a statement belongs to.

Put it first in ``MIDDLEWARE``; it removes itself when nothing is captured.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from indexical.django.capture import places, wanted
from indexical.django.capture.places import NOBODY, Served, served

_GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class CaptureMiddleware:
    sync_capable = True
    async_capable = True

    def __init__(self, get_response: _GetResponse) -> None:
        if not wanted():
            raise MiddlewareNotUsed("nothing is captured")
        self._get_response = get_response
        self._places: dict[tuple[Callable[..., Any], str], tuple[str, int]] = {}
        self._asynchronous = iscoroutinefunction(get_response)
        if self._asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._asynchronous:
            return self._serve(request)
        token = served.set(Served())
        try:
            return self._get_response(request)
        finally:
            served.reset(token)

    async def _serve(self, request: HttpRequest) -> HttpResponseBase:
        token = served.set(Served())
        try:
            return await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        finally:
            served.reset(token)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        # The value is shared by every thread and task that serves this request, so it is filled in, not replaced.
        request_served = served.get()
        if request_served is NOBODY:
            return
        match = request.resolver_match
        if match is not None:
            request_served.url = match.view_name or match.route
        method = (request.method or "").lower()
        request_served.view = view_name(view, method)
        request_served.file, request_served.line = self._written_at(view, method)

    def _written_at(self, view: Callable[..., Any], method: str) -> tuple[str, int]:
        """File and line of the view in the project; an empty file when it is not the project's."""
        known = self._places.get((view, method))
        if known is None:
            known = self._places[view, method] = _find(view, method)
        return known


def view_name(view: Callable[..., Any], method: str) -> str:
    """The dotted name of a view; of a view set's also the action, of a class's also the method."""
    owner = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if owner is None:
        return f"{getattr(view, '__module__', '')}.{getattr(view, '__qualname__', type(view).__qualname__)}"
    actions = getattr(view, "actions", None) or {}
    return f"{owner.__module__}.{owner.__qualname__}.{actions.get(method, method)}"


def _find(view: Callable[..., Any], method: str) -> tuple[str, int]:
    """The method or action of a class if the project wrote it, else the class; or the function."""
    project = places()
    if project is None:
        return "", 0
    owner = getattr(view, "cls", None) or getattr(view, "view_class", None)
    actions = getattr(view, "actions", None) or {}
    parts = [view] if owner is None else [getattr(owner, actions.get(method, method), None), owner]
    for part in parts:
        with contextlib.suppress(OSError, TypeError):
            source = inspect.unwrap(part) if callable(part) and not inspect.isclass(part) else part
            file = project.relative(inspect.getsourcefile(source) or "")
            if file:
                return file, max(1, inspect.getsourcelines(source)[1])
    return "", 0
