from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("dashboard/", views.DashboardView.as_view(), name="admin-dashboard"),
    path("approvals/pending/", views.PendingUsersView.as_view(), name="admin-approvals-pending"),
    path("approvals/recent/", views.RecentApprovalsView.as_view(), name="admin-approvals-recent"),
    path("users/", views.UserListView.as_view(), name="admin-user-list"),
    path("users/pending/", views.PendingUsersView.as_view(), name="admin-user-pending"),
    path("users/<uuid:pk>/", views.UserDetailView.as_view(), name="admin-user-detail"),
    path("users/<uuid:pk>/approve/", views.ApproveView.as_view(), name="admin-user-approve"),
    path("users/<uuid:pk>/reject/", views.RejectView.as_view(), name="admin-user-reject"),
    path("users/<uuid:pk>/notes/", views.NotesView.as_view(), name="admin-user-notes"),
    path("users/<uuid:pk>/grant-links/", views.GrantLinksView.as_view(), name="admin-user-grant-links"),
    path("orders/", views.OrderListView.as_view(), name="admin-order-list"),
    path("notifications/", views.NotificationListView.as_view(), name="admin-notification-list"),
    path(
        "notifications/<uuid:pk>/read/", views.NotificationReadView.as_view(), name="admin-notification-read"
    ),
]
