"""Addresses of the shop window. The older ones were published without a slash at the end: both forms work."""

from __future__ import annotations

from django.urls import path, re_path

from . import views

UUID = r"(?P<pk>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"

urlpatterns = [
    path("", views.PlanListView.as_view(), name="plan-list"),
    re_path(r"^categories/list/?$", views.CategoryListView.as_view(), name="category-list"),
    re_path(r"^categories/popular/?$", views.PopularCategoriesView.as_view(), name="category-popular"),
    re_path(r"^templates/all/?$", views.TemplateListView.as_view(), name="template-list"),
    re_path(r"^templates/featured/?$", views.FeaturedTemplatesView.as_view(), name="template-featured"),
    re_path(r"^templates/trending/?$", views.TrendingTemplatesView.as_view(), name="template-trending"),
    re_path(r"^templates/search/?$", views.SearchTemplatesView.as_view(), name="template-search"),
    re_path(r"^templates/counts/?$", views.TemplateCountsView.as_view(), name="template-counts"),
    re_path(rf"^templates/{UUID}/similar/?$", views.SimilarTemplatesView.as_view(), name="template-similar"),
    re_path(rf"^templates/{UUID}/?$", views.TemplateDetailView.as_view(), name="template-detail"),
    path("templates/by-plan/<str:code>/", views.TemplatesByPlanView.as_view(), name="template-by-plan"),
    path(
        "templates/recommended/<str:code>/",
        views.RecommendedTemplatesView.as_view(),
        name="template-recommended",
    ),
    path("<str:code>/", views.PlanDetailView.as_view(), name="plan-detail"),
]
