"""What learners say to each other about a course."""

from __future__ import annotations

from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError

from . import lists
from .serializers import DiscussionSerializer, ReplySerializer

LONGEST_NUMBER = 18
"""Digits of a number that fits into the key of a table."""


class Talk(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet):
    """Read by everyone, written by whoever has an account, under their own name."""

    lookup_value_regex = r"\d+"

    def perform_create(self, serializer):
        serializer.save(author=self.request.user)


class DiscussionViewSet(Talk):
    """The discussions of ?course, given by its slug, or of all courses."""

    serializer_class = DiscussionSerializer

    def get_queryset(self):
        return lists.discussions(course=self.request.query_params.get("course"))


class ReplyViewSet(Talk):
    """The replies to ?discussion, given by its number, or to all of them."""

    serializer_class = ReplySerializer

    def get_queryset(self):
        number = self.request.query_params.get("discussion")
        if number is not None and not (number.isdecimal() and len(number) <= LONGEST_NUMBER):
            raise ValidationError({"discussion": ["Write its number."]})
        return lists.replies(discussion=number)
