"""Shows how many members each trust level has, who is at one of them, and raises those who have earned it."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from apps.forum_integration import lists, services
from apps.forum_integration.models import TrustLevel

HIGHEST_EARNED = 3


class Command(BaseCommand):
    help = "Shows the members of each trust level; --promote raises those who have earned the next one."

    def add_arguments(self, parser):
        parser.add_argument(
            "--level", type=int, help="list the members of this level, those with most posts first"
        )
        parser.add_argument("--promote", action="store_true", help="raise members by at most one level")

    def handle(self, *args, level=None, promote=False, **options):
        if level is not None and level not in TrustLevel.Level.values:
            raise CommandError(f"There is no level {level}; levels are 0 to 4.")
        if promote:
            self.stdout.write(f"Promoted {services.promote()} members.")
        for row in lists.trust_levels():
            name = TrustLevel.Level(row["level"]).label
            self.stdout.write(
                f"{row['level']} {name}: {row['members']} members, "
                f"{row['average_posts']:.1f} posts and {row['average_likes']:.1f} likes each"
            )
        rising = TrustLevel.objects.filter(level__lt=HIGHEST_EARNED).count()
        self.stdout.write(f"{rising} members are below level {HIGHEST_EARNED}.")
        if level is not None:
            members = TrustLevel.objects.filter(level=level).select_related("user").order_by("-posts_created")
            for trust in members:
                self.stdout.write(f"{trust.user.username}: {trust.posts_created} posts")
