"""The addresses of the dashboard: ``path("indexes/", include("indexical.django.dashboard.urls"))``."""

from __future__ import annotations

from django.urls import path

import indexical.django.dashboard.views as views

app_name = "indexical"

urlpatterns = [
    path("", views.start, name="start"),
    path("runs/", views.runs, name="runs"),
    path("runs/<str:run>/", views.run, name="run"),
    path("advice/", views.advice, name="advice"),
    path("database/<str:alias>/", views.overview, name="overview"),
    path("database/<str:alias>/usage.csv", views.download, name="csv"),
    path("database/<str:alias>/index/<int:oid>/", views.index, name="index"),
    path("database/<str:alias>/review/", views.review, name="review"),
    path("database/<str:alias>/carry-out/", views.carry_out, name="carry-out"),
]
