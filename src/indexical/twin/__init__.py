"""The planner twin: a private PostgreSQL that plans like production and holds no data."""
