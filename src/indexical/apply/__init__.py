"""Preflight, concurrent builds and drops, and the journal of what was done."""
