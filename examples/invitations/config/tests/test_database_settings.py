from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from config.database import database_settings


class DatabaseSettings(SimpleTestCase):
    def test_a_usual_url(self):
        found = database_settings("postgresql://me:p%40ss@db.example.org:5433/shop?sslmode=require")
        self.assertEqual(
            found,
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "shop",
                "USER": "me",
                "PASSWORD": "p@ss",
                "HOST": "db.example.org",
                "PORT": "5433",
                "OPTIONS": {"sslmode": "require"},
            },
        )

    def test_a_socket_directory(self):
        found = database_settings("postgresql://postgres@/shop?host=/run/pg")
        self.assertEqual((found["HOST"], found["NAME"], found["OPTIONS"]), ("/run/pg", "shop", {}))

    def test_nothing_means_the_local_server(self):
        self.assertEqual(database_settings("")["NAME"], "invitations")

    def test_a_bad_url_is_refused_without_repeating_its_password(self):
        with self.assertRaises(ImproperlyConfigured) as caught:
            database_settings("mysql:me:s3cret")
        self.assertNotIn("s3cret", str(caught.exception))
        self.assertTrue(caught.exception.__suppress_context__)
