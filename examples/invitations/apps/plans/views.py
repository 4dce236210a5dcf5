"""The shop window: plans, categories and templates. Nothing here needs a login."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import generics
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from . import services
from .models import InvitationCategory, Plan, Template
from .serializers import CategorySerializer, PlanSerializer, TemplateDetailSerializer, TemplateSerializer

ORDERINGS = ("-use_count", "use_count", "-created_at", "created_at", "-name", "name")


def yes_or_no(request, name):
    """A query parameter as True, False or None; raises ValidationError for anything else."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValidationError({name: ["Write true or false."]})
    return text.lower() in ("true", "1")


class Open:
    """Mixed into every view of the shop window."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class PlanListView(Open, generics.ListAPIView):
    queryset = Plan.objects.filter(is_active=True)
    serializer_class = PlanSerializer


class PlanDetailView(Open, generics.RetrieveAPIView):
    queryset = Plan.objects.filter(is_active=True)
    serializer_class = PlanSerializer
    lookup_field = "code"


class CategoryListView(Open, generics.ListAPIView):
    queryset = InvitationCategory.objects.filter(is_active=True)
    serializer_class = CategorySerializer


class PopularCategoriesView(Open, APIView):
    def get(self, request):
        return Response(
            [
                CategorySerializer(category).data
                | {"uses": category.total or 0, "templates": category.active_templates}
                for category in services.popular_categories()
            ]
        )


class TemplateListView(Open, generics.ListAPIView):
    serializer_class = TemplateSerializer

    def get_queryset(self):
        params = self.request.query_params
        ordering = params.get("ordering", "-use_count")
        if ordering not in ORDERINGS:
            raise ValidationError({"ordering": [f"Choose one of {', '.join(ORDERINGS)}."]})
        return services.list_templates(
            plan=params.get("plan"),
            category=params.get("category"),
            animation=params.get("animation_type"),
            premium=yes_or_no(self.request, "is_premium"),
            ordering=ordering,
        )


class FeaturedTemplatesView(Open, APIView):
    def get(self, request):
        return Response(TemplateSerializer(services.featured(), many=True).data)


class TrendingTemplatesView(Open, APIView):
    def get(self, request):
        count, templates = services.trending()
        return Response({"count": count, "results": TemplateSerializer(templates, many=True).data})


class SearchTemplatesView(Open, APIView):
    def get(self, request):
        text = request.query_params.get("q", "").strip()
        if not text:
            raise ValidationError({"q": ["Say what to look for."]})
        return Response(TemplateSerializer(services.search(text), many=True).data)


class TemplateCountsView(Open, APIView):
    def get(self, request):
        by_plan, by_category = services.template_counts()
        return Response({"plans": by_plan, "categories": by_category})


class TemplateDetailView(Open, APIView):
    def get(self, request, pk):
        template = get_object_or_404(Template, pk=pk, is_active=True)
        return Response(TemplateDetailSerializer(template).data)


class SimilarTemplatesView(Open, APIView):
    def get(self, request, pk):
        template = get_object_or_404(Template, pk=pk, is_active=True)
        return Response(
            {
                shared: TemplateSerializer(templates, many=True).data
                for shared, templates in services.similar(template).items()
            }
        )


class TemplatesByPlanView(Open, APIView):
    def get(self, request, code):
        plan = get_object_or_404(Plan, code=code, is_active=True)
        templates = services.for_plan(plan, request.query_params.get("category"))
        return Response(TemplateSerializer(templates, many=True).data)


class RecommendedTemplatesView(Open, APIView):
    def get(self, request, code):
        plan = get_object_or_404(Plan, code=code, is_active=True)
        templates = services.recommended(
            plan,
            premium=yes_or_no(request, "is_premium"),
            animation=request.query_params.get("animation_type"),
            category=request.query_params.get("category"),
        )
        return Response(TemplateSerializer(templates, many=True).data)
