"""Refuses what no text column of PostgreSQL can hold, before a query is built from it."""

from __future__ import annotations

from django.http import JsonResponse


def refuse_null_characters(get_response):
    def middleware(request):
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return JsonResponse({"detail": "An address may not hold null characters."}, status=400)
        return get_response(request)

    return middleware
