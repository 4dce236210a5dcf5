"""Token authentication that brings the user's plan along, since most pages of the platform show it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.settings import api_settings

from .models import User


class PlanAwareJWTAuthentication(JWTAuthentication):
    """One joined query per request in place of two."""

    def get_user(self, validated_token):
        try:
            user = User.objects.select_related("current_plan").get(
                id=validated_token[api_settings.USER_ID_CLAIM]
            )
        except (KeyError, ValidationError, User.DoesNotExist):
            raise AuthenticationFailed("No account belongs to this token.", code="user_not_found") from None
        if not user.is_active or user.is_blocked:
            raise AuthenticationFailed("This account is closed.", code="user_inactive")
        return user
