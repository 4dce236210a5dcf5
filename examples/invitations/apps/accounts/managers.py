"""Makes users whose login name is a phone number."""

from __future__ import annotations

from django.contrib.auth.models import UserManager as DjangoUserManager


class UserManager(DjangoUserManager):
    """Stores a missing e-mail address as NULL: the column is unique, and '' would collide at the second user."""

    def _create_user_object(self, username, email, password, **extra_fields):
        user = super()._create_user_object(username, email, password, **extra_fields)
        user.email = user.email or None
        return user
