"""Entries of ``Meta.indexes``: put in, taken out (https://docs.djangoproject.com/en/5.2/ref/models/options/#indexes)."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from indexical.django.declaration import Declaration
from indexical.django.models_source import classes, entries, layout
from indexical.django.models_source.edits import AddIndex, EditRefused, RemoveIndex

_META_DEPTH = 2
_BY_HAND = "add the entry by hand"


@dataclass(frozen=True)
class _Assignment:
    """The one statement of a ``Meta`` that says ``indexes = ...``."""

    line: cst.SimpleStatementLine
    statement: cst.Assign | cst.AnnAssign
    value: cst.BaseExpression


def add_index(module: cst.Module, edit: AddIndex, models_name: str) -> cst.Module:
    """The module with the entry; unchanged when it is there already. Raises :class:`EditRefused`."""
    model = classes.find_class(module, edit.model)
    meta = classes.find_meta(model)
    text = edit.declaration.text(models_name)
    found = None if meta is None else _assignment(meta)
    if found is not None:
        if _has(found.value, edit.declaration):
            return module
        value = _appended(found.value, text, module)
        changed_meta = _with_value(_checked(meta), found, value)
        return _with_meta(module, model, _checked(meta), changed_meta)
    inherited = _inherited(model, meta, edit)
    value = _appended(cst.List([]) if inherited is None else inherited, text, module)
    line = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name("indexes"))], value)])
    if meta is None:
        return _with_model(module, model, classes.new_meta(edit, model, line))
    body = [*classes.statements(meta), line]
    return _with_meta(module, model, meta, classes.with_statements(meta, body))


def _inherited(model: cst.ClassDef, meta: cst.ClassDef | None, edit: AddIndex) -> cst.BaseExpression | None:
    """The list that an own one would hide, as the class can name it; None when there is nothing to hide."""
    if not edit.inherited_indexes or (meta is not None and not meta.bases):
        return None
    if meta is None:
        base = f"{classes.base_expression(model, edit.inherited_meta)}.Meta"
    else:
        base = cst.Module([]).code_for_node(meta.bases[0].value)
        named = isinstance(meta.bases[0].value, cst.Name | cst.Attribute)
        if len(meta.bases) > 1 or meta.keywords or not named:
            raise EditRefused(f"its Meta inherits indexes from what is not one named class; {_BY_HAND}")
    return cst.parse_expression(f"{base}.indexes")


def remove_index(module: cst.Module, edit: RemoveIndex) -> cst.Module:
    """The module without the entry. Raises :class:`EditRefused` when it is not there for certain."""
    model = classes.find_class(module, edit.model)
    meta = classes.find_meta(model)
    found = None if meta is None else _assignment(meta)
    if meta is None or found is None:
        raise EditRefused(f"the class {edit.model} has no Meta.indexes of its own that holds {edit.name}")
    value = _without(found.value, edit)
    if (
        _is_empty(value)
        and len(classes.statements(meta)) > 1
        and not meta.bases
        and not _commented(found.line)
    ):
        body = [part for part in classes.statements(meta) if part is not found.line]
        return _with_meta(module, model, meta, classes.with_statements(meta, body))
    return _with_meta(module, model, meta, _with_value(meta, found, value))


def _assignment(meta: cst.ClassDef) -> _Assignment | None:
    foreign = _foreign_mentions(meta)
    mentions = [node for node in m.findall(meta.body, m.Name("indexes")) if id(node) not in foreign]
    if not mentions:
        return None
    for line in classes.statements(meta):
        if not isinstance(line, cst.SimpleStatementLine) or len(mentions) > 1:
            continue
        for statement in line.body:
            value = _assigned(statement)
            if value is not None and isinstance(statement, cst.Assign | cst.AnnAssign):
                return _Assignment(line, statement, value)
    raise EditRefused(f"its Meta does not say indexes = ... in one plain statement; {_BY_HAND}")


def _assigned(statement: cst.BaseSmallStatement) -> cst.BaseExpression | None:
    name = m.Name("indexes")
    if m.matches(statement, m.Assign(targets=[m.AssignTarget(name)])) or m.matches(
        statement, m.AnnAssign(name)
    ):
        return statement.value  # type: ignore[attr-defined, no-any-return]
    return None


def _foreign_mentions(meta: cst.ClassDef) -> set[int]:
    """Where the word is somebody else's: ``other.indexes`` or ``f(indexes=...)``."""
    holders = m.findall(meta.body, m.Attribute(attr=m.Name("indexes")) | m.Arg(keyword=m.Name("indexes")))
    words = [getattr(holder, "attr", None) or getattr(holder, "keyword", None) for holder in holders]
    return {id(word) for word in words}


def _appended(value: cst.BaseExpression, text: str, module: cst.Module) -> cst.BaseExpression:
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add):
        if isinstance(value.right, cst.List | cst.Tuple):
            return value.with_changes(right=_appended(value.right, text, module))
        if isinstance(value.left, cst.List | cst.Tuple | cst.BinaryOperation):
            return value.with_changes(left=_appended(value.left, text, module))
        words = cst.Module([]).code_for_node(value)
        raise EditRefused(f"its Meta.indexes is {_short(words)}, no part of it a written list; {_BY_HAND}")
    if isinstance(value, cst.Name | cst.Attribute | cst.Call):
        # Whatever it holds stays in front, be it a list, a tuple or what a call gives back.
        value = cst.List([cst.StarredElement(value)])
    if not isinstance(value, cst.List | cst.Tuple):
        words = cst.Module([]).code_for_node(value)
        raise EditRefused(f"its Meta.indexes is {_short(words)}, not a list written out there; {_BY_HAND}")
    if isinstance(value, cst.Tuple) and not value.lpar:
        value = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    held = entries.read(value)
    indent = held.indent(entries.UNIT)
    depth = len(module.default_indent) * _META_DEPTH
    call = layout.fitted(
        layout.expression(text, config=module.config_for_parsing), indent=indent, depth=depth
    )
    return entries.write(entries.append(held, cst.Element(call)), value)


def _without(value: cst.BaseExpression, edit: RemoveIndex) -> cst.BaseExpression:
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add):
        for side in ("right", "left"):
            part = getattr(value, side)
            if isinstance(part, cst.List | cst.Tuple | cst.BinaryOperation) and _position_in(part, edit):
                return value.with_changes(**{side: _without(part, edit)})
        raise EditRefused(f"no part of its Meta.indexes that is written out holds {edit.name}")
    if not isinstance(value, cst.List | cst.Tuple):
        words = cst.Module([]).code_for_node(value)
        raise EditRefused(f"its Meta.indexes is {_short(words)}, not a list written out there")
    positions = _positions(value, edit)
    if len(positions) != 1:
        what = "does not hold" if not positions else "holds more than once"
        raise EditRefused(f"its Meta.indexes {what} {edit.name}")
    return entries.write(entries.remove(entries.read(value), positions[0]), value)


def _position_in(value: cst.BaseExpression, edit: RemoveIndex) -> bool:
    if isinstance(value, cst.List | cst.Tuple):
        return bool(_positions(value, edit))
    if isinstance(value, cst.BinaryOperation):
        return _position_in(value.left, edit) or _position_in(value.right, edit)
    return False


def _positions(value: cst.List | cst.Tuple, edit: RemoveIndex) -> list[int]:
    named = [at for at, entry in enumerate(value.elements) if _keyword(entry.value, "name") == edit.name]
    if named or not edit.fields:
        return named
    return [
        at
        for at, entry in enumerate(value.elements)
        if not _has_keyword(entry.value, "name")
        and not _has_keyword(entry.value, "condition")
        and _keyword(entry.value, "fields") == edit.fields
    ]


def _has(value: cst.BaseExpression, declaration: Declaration) -> bool:
    """Whether the entry is there; raises :class:`EditRefused` when its name stands for something else."""
    if isinstance(value, cst.BinaryOperation):
        return _has(value.left, declaration) or _has(value.right, declaration)
    if not isinstance(value, cst.List | cst.Tuple):
        return False
    for entry in value.elements:
        if _keyword(entry.value, "name") == declaration.name:
            conditional = "condition=" in declaration.template
            alike = (_keyword(entry.value, "fields") or ()) == declaration.fields
            if alike and _has_keyword(entry.value, "condition") == conditional:
                return True
            raise EditRefused(f"its Meta.indexes has another index called {declaration.name}")
    return False


def _keyword(call: cst.BaseExpression, name: str) -> object:
    """A string or strings given by keyword; None when there is no such thing."""
    argument = _argument(call, name)
    return None if argument is None else _literal(argument.value)


def _has_keyword(call: cst.BaseExpression, name: str) -> bool:
    return _argument(call, name) is not None


def _argument(call: cst.BaseExpression, name: str) -> cst.Arg | None:
    if not isinstance(call, cst.Call):
        return None
    return next((a for a in call.args if a.keyword is not None and a.keyword.value == name), None)


def _literal(node: cst.BaseExpression) -> object:
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        return node.evaluated_value
    if isinstance(node, cst.List | cst.Tuple):
        return tuple(_literal(entry.value) for entry in node.elements)
    return None


def _is_empty(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.List | cst.Tuple) and not value.elements


def _commented(line: cst.SimpleStatementLine) -> bool:
    comments = [*line.leading_lines, line.trailing_whitespace]
    return any(getattr(part, "comment", None) is not None for part in comments) or len(line.body) > 1


def _with_value(meta: cst.ClassDef, found: _Assignment, value: cst.BaseExpression) -> cst.ClassDef:
    statement = found.statement.with_changes(value=value)
    parts = [statement if part is found.statement else part for part in found.line.body]
    body = list(classes.statements(meta))
    at = next(at for at, part in enumerate(body) if _holds(part, found.statement))
    body[at] = found.line.with_changes(body=parts)
    return classes.with_statements(meta, body)


def _holds(line: cst.BaseStatement, statement: cst.BaseSmallStatement) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and any(part is statement for part in line.body)


def _with_meta(module: cst.Module, model: cst.ClassDef, old: cst.ClassDef, new: cst.ClassDef) -> cst.Module:
    body = classes.replaced(classes.statements(model), old, new)
    return _with_model(module, model, classes.with_statements(model, body))


def _with_model(module: cst.Module, old: cst.ClassDef, new: cst.ClassDef) -> cst.Module:
    return module.with_changes(body=[new if part is old else part for part in module.body])


def _checked(meta: cst.ClassDef | None) -> cst.ClassDef:
    if meta is None:
        raise EditRefused("its Meta has gone")
    return meta


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
