"""Lists come in pages of twenty; a client may ask for up to a hundred."""

from __future__ import annotations

from rest_framework.pagination import PageNumberPagination


class PageOfTwenty(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
