"""Every save of a user saves the profile too, whatever was changed: one more UPDATE a login or a form costs."""

from __future__ import annotations

from django.db.models.signals import post_save
from django.dispatch import receiver

from .models import User, UserProfile


@receiver(post_save, sender=User)
def save_profile(sender, instance, created, raw=False, **kwargs):
    if raw:
        # A fixture brings its own profiles.
        return
    if created:
        UserProfile.objects.create(user=instance)
        return
    profile = getattr(instance, "profile", None)
    if profile is None:
        # Rows that were loaded in bulk come without the signal.
        UserProfile.objects.create(user=instance)
    else:
        profile.save()
