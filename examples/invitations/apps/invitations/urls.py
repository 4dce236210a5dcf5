"""Addresses of a customer's own pages; the fixed words come before the links' random ones."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("", views.InvitationListView.as_view(), name="invitation-list"),
    path("create/", views.InvitationCreateView.as_view(), name="invitation-create"),
    path("dashboard/", views.DashboardView.as_view(), name="dashboard"),
    path("orders/", views.OrderListView.as_view(), name="order-list"),
    path("orders/create/", views.OrderCreateView.as_view(), name="order-create"),
    path("orders/<uuid:pk>/", views.OrderDetailView.as_view(), name="order-detail"),
    path("orders/<uuid:pk>/payment/", views.PaymentView.as_view(), name="order-payment"),
    path("<slug:slug>/", views.InvitationDetailView.as_view(), name="invitation-detail"),
    path("<slug:slug>/update/", views.InvitationUpdateView.as_view(), name="invitation-update"),
    path("<slug:slug>/stats/", views.InvitationStatsView.as_view(), name="invitation-stats"),
    path("<slug:slug>/timeline/", views.TimelineView.as_view(), name="invitation-timeline"),
    path("<slug:slug>/guests/", views.GuestListView.as_view(), name="guest-list"),
    path("<slug:slug>/guests/export/", views.GuestExportView.as_view(), name="guest-export"),
]
