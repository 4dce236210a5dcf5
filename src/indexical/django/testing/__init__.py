"""Assertions about indexes for a project's own tests: ``class OrderTests(IndexAssertions, TestCase)``.

With pytest the fixture ``indexes`` has the same methods. They look at plans and never at the clock: a table of some thousand
rows is read in milliseconds with or without an index.
"""

from indexical.django.testing.assertions import IndexAssertions

__all__ = ["IndexAssertions"]
