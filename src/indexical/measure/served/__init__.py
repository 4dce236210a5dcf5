"""A served project from outside: what each endpoint takes over HTTP, and what the database does under load."""
