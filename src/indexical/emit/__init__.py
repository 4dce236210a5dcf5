"""Advice in the words of somebody who has to carry it out: names and SQL files. Pure."""
