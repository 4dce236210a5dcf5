"""The 80 requirements of the two guides, each bound to the tests that show it: ``python -m tests.checklist``."""
