"""The gate for continuous integration: what a catalog, its counters and an advice say against the indexes there are. Pure."""

from indexical.check.demand import of_advice
from indexical.check.structure import of_catalog, subject
from indexical.check.use import of_usage

__all__ = ["of_advice", "of_catalog", "of_usage", "subject"]
