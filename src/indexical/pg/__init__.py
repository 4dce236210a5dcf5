"""The only room with a connection or catalog SQL: sessions, plans, existing indexes, ``queries/*.sql``."""
