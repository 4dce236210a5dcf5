"""Random faults at random moments under load, seeded so that every round can be repeated alone."""
