"""Attacks on the tool, its input, and whoever runs it."""
