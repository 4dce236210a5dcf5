from __future__ import annotations

from django.urls import path

from . import views_public as views

urlpatterns = [
    path("<slug:slug>/", views.OpenInvitationView.as_view(), name="invite-open"),
    path("<slug:slug>/check/", views.CheckGuestView.as_view(), name="invite-check"),
    path("<slug:slug>/register/", views.RegisterGuestView.as_view(), name="invite-register"),
    path("<slug:slug>/rsvp/", views.RsvpView.as_view(), name="invite-rsvp"),
]
