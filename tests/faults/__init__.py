"""What a live database does to a change of its indexes, one row of the plan after the other, on real servers."""
