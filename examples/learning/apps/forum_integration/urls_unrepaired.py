"""A list of topics before its repair, under `site/unrepaired/`."""

from __future__ import annotations

from django.urls import path

from . import unrepaired

urlpatterns = [
    path("forums/<int:pk>/topics/", unrepaired.ForumTopicsView.as_view(), name="unrepaired-forum-topics"),
]
