"""Migration operations that build and drop indexes without blocking writers, and that can be run again after a failure.

They are Django's own concurrent operations (https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/operations/) with
what those leave out: an index that is there as defined is adopted, the ``INVALID`` remains of a build that did not reach its
end are built anew, every statement names its schema, and time limits are set and put back. On a database other than
PostgreSQL an ordinary index is made where it can be, and nothing otherwise; either is said.

Migrations import this module wherever they run: it needs Django and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AlterField, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CharField, F, Field, Func, Index, Model, OrderBy
from django.db.models.expressions import BaseExpression
from django.db.models.functions import Lower, Upper

from indexical.django.concurrently import LOCK_SECONDS, WAIT_SECONDS, Patience, build, remove
from indexical.django.standing import Wanted, dropped_by_sql, wanted, wanted_by_sql

__all__ = ["AddIndexOutside", "AddIndexSafely", "RemoveIndexSafely", "UnindexFieldSafely"]

log = logging.getLogger(__name__)
_ANYWHERE: tuple[type[Any], ...] = (F, OrderBy, Lower, Upper)
"""Expressions that every database can index; others are not deterministic everywhere, or unknown there."""


class _Patient(Operation):
    """The time limits, in seconds, which a migration may change by keyword."""

    lock_seconds: float
    wait_seconds: float

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, arguments, keywords = super().deconstruct()
        limits = {"lock_seconds": self.lock_seconds, "wait_seconds": self.wait_seconds}
        usual = {"lock_seconds": LOCK_SECONDS, "wait_seconds": WAIT_SECONDS}
        changed = {name: value for name, value in limits.items() if value != usual[name]}
        return name, list(arguments), {**keywords, **changed}

    @property
    def patience(self) -> Patience:
        return Patience(self.lock_seconds, self.wait_seconds)


class AddIndexSafely(_Patient, AddIndexConcurrently):
    """Builds an index concurrently, once.

    ``lock_seconds`` is how long it waits for its lock on the table, which leaves nothing behind when it fails;
    ``wait_seconds`` how long the build waits for transactions that were there before it. Raises
    :class:`django.core.management.CommandError` when the name is taken by something else.
    """

    def __init__(
        self,
        model_name: str,
        index: Index,
        *,
        lock_seconds: float = LOCK_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        super().__init__(model_name, index)
        self.lock_seconds, self.wait_seconds = lock_seconds, wait_seconds

    def describe(self) -> str:
        return f"Create index {self.index.name} on {self.model_name} without blocking writers"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _add(schema_editor, model, self.index, self.patience)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _remove(schema_editor, model, self.index, self.patience)


class AddIndexOutside(AddIndexSafely):
    """Builds an index on a table of another app, which Django's state does not get to know.

    The other app's models and migrations stay as they are: ``makemigrations`` sees no difference, neither here nor there. The
    migration has to depend on the one of the other app that made the columns.
    """

    def __init__(
        self,
        app_label: str,
        model_name: str,
        index: Index,
        *,
        lock_seconds: float = LOCK_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        super().__init__(model_name, index, lock_seconds=lock_seconds, wait_seconds=wait_seconds)
        self.app_label = app_label

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, arguments, keywords = super().deconstruct()
        return name, arguments, {"app_label": self.app_label, **keywords}

    def describe(self) -> str:
        return (
            f"Create index {self.index.name} on {self.app_label}.{self.model_name} without blocking writers"
        )

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the index is in the database only."""

    def references_model(self, name: str, app_label: str) -> bool:
        return app_label == self.app_label and name.lower() == self.model_name_lower

    def reduce(self, operation: Operation, app_label: str) -> bool | list[Operation]:
        # Not AddIndex's own, which would let an operation on this app's model of the same name take the index away.
        return Operation.reduce(self, operation, app_label)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        super().database_forwards(self.app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        super().database_backwards(self.app_label, schema_editor, from_state, to_state)


class RemoveIndexSafely(_Patient, RemoveIndexConcurrently):
    """Drops an index concurrently, by its schema and name; one that is gone already is left gone."""

    def __init__(
        self,
        model_name: str,
        name: str,
        *,
        lock_seconds: float = LOCK_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        super().__init__(model_name, name)
        self.lock_seconds, self.wait_seconds = lock_seconds, wait_seconds

    def describe(self) -> str:
        return f"Remove index {self.name} from {self.model_name} without blocking writers"

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _remove(schema_editor, model, index, self.patience)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _add(schema_editor, model, index, self.patience)


class UnindexFieldSafely(SeparateDatabaseAndState):
    """A field's new state beside the concurrent drops of the indexes it made; elsewhere than on PostgreSQL the usual change.

    Each ``RunSQL`` in it that drops an index concurrently, or builds it on the way back, is carried out as
    :class:`RemoveIndexSafely` and :class:`AddIndexSafely` are.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            if not self._carried_out(app_label, schema_editor, from_state):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        for operation in self.state_operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            if not self._carried_out(app_label, schema_editor, to_state, back=True):
                super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        for operation in self.state_operations:
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"{'; '.join(operation.describe() for operation in self.state_operations)} without blocking writers"

    def _carried_out(
        self,
        app_label: str,
        editor: BaseDatabaseSchemaEditor,
        state: ProjectState,
        *,
        back: bool = False,
    ) -> bool:
        """Drops or builds the indexes one by one; false, with nothing done, when the statements are not of that kind."""
        names = {one.model_name for one in self.state_operations if isinstance(one, AlterField)}
        texts = [one for one in self.database_operations if isinstance(one, RunSQL)]
        if editor.collect_sql or editor.connection.in_atomic_block or len(names) != 1:
            return False
        if len(texts) != len(self.database_operations):
            return False
        model = state.apps.get_model(app_label, names.pop())
        alias = editor.connection.alias
        routed = [one for one in texts if router.allow_migrate(alias, app_label, **one.hints)]
        return _built_again(editor, model, routed) if back else _all_dropped(editor, model, routed)


def _all_dropped(editor: Any, model: type[Model], texts: list[RunSQL]) -> bool:
    names = [dropped_by_sql(one.sql) if isinstance(one.sql, str) else "" for one in texts]
    for name in names if all(names) else ():
        remove(editor, model, name, Patience(LOCK_SECONDS, WAIT_SECONDS))
    return all(names)


def _built_again(editor: Any, model: type[Model], texts: list[RunSQL]) -> bool:
    indexes: list[Wanted] = []
    for one in reversed(texts):
        if one.reverse_sql == RunSQL.noop:
            continue
        index = wanted_by_sql(editor, one.reverse_sql) if isinstance(one.reverse_sql, str) else None
        if index is None:
            return False
        indexes.append(index)
    for index in indexes:
        build(editor, model, index, Patience(LOCK_SECONDS, WAIT_SECONDS))
    return True


def _add(editor: Any, model: type[Model], index: Index, patience: Patience) -> None:
    if editor.connection.vendor == "postgresql":
        if editor.collect_sql:
            editor.add_index(model, index, concurrently=True)
        else:
            build(editor, model, wanted(editor, model, index), patience)
    elif _ordinary(editor.connection, model, index):
        _note(editor, f"{index.name} is an ordinary index here, built the ordinary way")
        editor.add_index(model, index)
    else:
        _note(editor, f"{index.name} is left out here: only PostgreSQL has such an index")


def _remove(editor: Any, model: type[Model], index: Index, patience: Patience) -> None:
    if editor.connection.vendor == "postgresql":
        if editor.collect_sql:
            editor.remove_index(model, index, concurrently=True)
        else:
            remove(editor, model, index.name, patience)
    elif _ordinary(editor.connection, model, index):
        editor.remove_index(model, index)
    else:
        _note(editor, f"{index.name} was left out here: there is nothing to remove")


def _note(editor: Any, text: str) -> None:
    """Said once, to where Python's warnings of this level go: standard error, unless LOGGING says otherwise."""
    if editor.collect_sql:
        editor.collected_sql.append(f"-- {text}")
    else:
        log.warning("%s (%s)", text, editor.connection.display_name)


def _ordinary(connection: Any, model: type[Model], index: Index) -> bool:
    """Whether another database than PostgreSQL can have the index; the same answer for making it and removing it."""
    if type(index) is not Index or index.opclasses or index.include:
        return False
    if index.condition is not None and not connection.features.supports_partial_indexes:
        return False
    if index.expressions and not connection.features.supports_expression_indexes:
        return False
    if not all(isinstance(part, _ANYWHERE) for part in _parts(index.expressions)):
        return False
    return not any(_limited(connection, model._meta.get_field(name)) for name, _ in index.fields_orders)


def _parts(expressions: Any) -> Iterator[BaseExpression | F]:
    for expression in expressions:
        yield expression
        if isinstance(expression, Func | OrderBy):
            yield from _parts(expression.get_source_expressions())


def _limited(connection: Any, field: Field[Any, Any] | Any) -> bool:
    """Types that MySQL cannot index whole, and text that is too long for its keys."""
    kind = (field.db_type(connection) or "").lower()
    long_text = isinstance(field, CharField) and (field.max_length or 0) > _KEY_CHARACTERS
    return kind in getattr(connection, "_limited_data_types", ()) or (
        connection.vendor == "mysql" and long_text
    )


_KEY_CHARACTERS = 191
"""What fits MySQL's shortest key limit of 767 bytes at four bytes a character."""
