"""Deletes cases of the moderators' queue that were decided more than thirty days ago."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from apps.forum_integration import services


class Command(BaseCommand):
    help = "Deletes cases of the review queue that were decided more than thirty days ago."

    def handle(self, *args, **options):
        self.stdout.write(f"Deleted {services.remove_resolved()} cases.")
