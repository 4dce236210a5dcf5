"""Accounts: signing up, who am I, other people, profiles, notifications."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Notification, User, UserProfile
from .serializers import (
    AccountSerializer,
    NotificationSerializer,
    PersonSerializer,
    ProfileSerializer,
    RegisterSerializer,
)


class RegisterView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request):
        serializer = RegisterSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            with transaction.atomic():
                user = serializer.save()
        except IntegrityError:
            # Two people signed up with the same name in the same moment.
            raise ValidationError(
                {"detail": "Another account was made with these details just now."}
            ) from None
        return Response(AccountSerializer(user).data, status=status.HTTP_201_CREATED)


class CurrentUserView(APIView):
    """The account that belongs to the token, with its profile."""

    permission_classes = (IsAuthenticated,)

    def get(self, request):
        profiles = UserProfile.objects.select_related("user").prefetch_related("programming_languages")
        profile = profiles.filter(user=request.user).first()
        shown = ProfileSerializer(profile).data if profile else None
        return Response(AccountSerializer(request.user).data | {"profile": shown})


class Changeable(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Lists and shows rows; PATCH changes one."""

    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def partial_update(self, request, pk):
        row = self.get_object()
        serializer = self.get_serializer(row, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class UserViewSet(Changeable):
    """Everyone with an open account; one's own can be changed, which also saves its profile."""

    def get_serializer_class(self):
        return AccountSerializer if self.action == "partial_update" else PersonSerializer

    def get_queryset(self):
        if self.action == "partial_update":
            return User.objects.filter(pk=self.request.user.pk)
        # The model has no ordering; without one the pages of a list would overlap.
        return User.objects.filter(is_active=True).order_by("pk")


class ProfileViewSet(Changeable):
    """One's own profile; the staff sees all."""

    serializer_class = ProfileSerializer

    def get_queryset(self):
        profiles = UserProfile.objects.select_related("user").prefetch_related("programming_languages")
        if not self.request.user.is_staff:
            profiles = profiles.filter(user=self.request.user)
        return profiles.order_by("pk")


class NotificationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """One's own notifications, newest first."""

    serializer_class = NotificationSerializer
    permission_classes = (IsAuthenticated,)
    lookup_value_regex = r"\d+"

    def get_queryset(self):
        return Notification.objects.filter(recipient=self.request.user).order_by("-created_at")
