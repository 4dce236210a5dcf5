from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from config.database import BASE_DIR, database_settings


class Postgres(SimpleTestCase):
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
                "CONN_MAX_AGE": 60,
                "OPTIONS": {"sslmode": "require"},
            },
        )

    def test_a_socket_directory(self):
        found = database_settings("postgresql://postgres@/shop?host=/run/pg")
        self.assertEqual((found["HOST"], found["NAME"], found["OPTIONS"]), ("/run/pg", "shop", {}))

    def test_nothing_means_the_local_server(self):
        self.assertEqual(database_settings("")["NAME"], "learning")

    def test_a_bad_url_is_refused_without_repeating_its_password(self):
        with self.assertRaises(ImproperlyConfigured) as caught:
            database_settings("mysql:me:s3cret")
        self.assertNotIn("s3cret", str(caught.exception))
        self.assertTrue(caught.exception.__suppress_context__)


class Sqlite(SimpleTestCase):
    def test_the_word_alone_is_a_file_beside_manage_py(self):
        self.assertEqual(
            database_settings("sqlite"),
            {"ENGINE": "django.db.backends.sqlite3", "NAME": str(BASE_DIR / "learning.sqlite3")},
        )

    def test_a_file(self):
        self.assertEqual(
            database_settings("sqlite:///data/shop.sqlite3"),
            {"ENGINE": "django.db.backends.sqlite3", "NAME": "/data/shop.sqlite3"},
        )

    def test_no_file_is_refused(self):
        for url in ("sqlite:", "sqlite://", "sqlite:///"):
            with self.assertRaises(ImproperlyConfigured):
                database_settings(url)
