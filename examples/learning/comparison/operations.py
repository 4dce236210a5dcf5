"""A migration operation that builds an index of another app's model in the database and nowhere else.

The guide's indexes live in migrations only, never in a model's Meta. `AddIndex` would record them in the other app's
migration state, where the autodetector then wants to remove them; this leaves that state alone.
"""

from __future__ import annotations

from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.models import Index


class BuildIndex(Operation):
    """CREATE INDEX forwards, DROP INDEX backwards; a B-tree; a field with a leading "-" is descending."""

    category = OperationCategory.ADDITION
    reduces_to_sql = True
    reversible = True

    def __init__(self, app, model, name, fields):
        self.app = app
        self.model = model
        self.name = name
        self.fields = list(fields)

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(self.app, self.model)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, Index(fields=self.fields, name=self.name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(self.app, self.model)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, Index(fields=self.fields, name=self.name))

    def describe(self):
        return f"Build index {self.name} on {self.app}.{self.model}({', '.join(self.fields)})"
