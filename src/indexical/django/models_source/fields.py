"""Ending the index that a field carries itself: ``db_index=True`` goes, or ``db_index=False`` comes.

See https://docs.djangoproject.com/en/5.2/ref/models/fields/#db-index; ``ForeignKey`` and ``SlugField`` are indexed when
nothing is said.
"""

from __future__ import annotations

import libcst as cst

from indexical.django.models_source import classes, entries, layout
from indexical.django.models_source.edits import EditRefused, UnindexField

_FIELD_DEPTH = 1


def unindex_field(module: cst.Module, edit: UnindexField) -> cst.Module:
    """The module with the field not indexed; unchanged when it is not. Raises :class:`EditRefused`."""
    model = classes.find_class(module, edit.model)
    line, call = _field_call(model, edit)
    changed = _without_index(call, edit, len(module.default_indent), _head(line, call))
    if changed is call:
        return module
    new_line = line.deep_replace(call, changed)
    if not isinstance(new_line, cst.SimpleStatementLine):
        raise EditRefused(f"the field {edit.field} could not be rewritten")
    body = classes.replaced(classes.statements(model), line, new_line)
    new_model = classes.with_statements(model, body)
    return module.with_changes(body=[new_model if part is model else part for part in module.body])


def _field_call(model: cst.ClassDef, edit: UnindexField) -> tuple[cst.SimpleStatementLine, cst.Call]:
    found: list[tuple[cst.SimpleStatementLine, cst.BaseExpression | None]] = []
    for line in classes.statements(model):
        if isinstance(line, cst.SimpleStatementLine):
            found.extend((line, _value(part)) for part in line.body if _target(part) == edit.field)
    if len(found) != 1:
        raise EditRefused(
            f"the class {edit.model} does not define the field {edit.field} itself, exactly once; "
            "it may come from a base class"
        )
    line, value = found[0]
    if not isinstance(value, cst.Call) or _callee(value) != edit.field_class:
        raise EditRefused(f"the field {edit.field} is not written as a call of {edit.field_class}")
    return line, value


def _without_index(call: cst.Call, edit: UnindexField, depth: int, head: int) -> cst.Call:
    at = next(
        (at for at, a in enumerate(call.args) if a.keyword is not None and a.keyword.value == "db_index"),
        None,
    )
    if at is not None:
        return _at_argument(call, at, edit)
    if any(argument.star == "**" for argument in call.args):
        raise EditRefused(
            f"the field {edit.field} takes arguments from a dictionary, which may hold db_index"
        )
    if not edit.by_default:
        return call
    argument = cst.Arg(
        cst.Name("False"),
        keyword=cst.Name("db_index"),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    held = entries.read(call)
    if held.multiline:
        return entries.write(entries.append(held, argument), call)
    together = call.with_changes(args=[*(_spaced(a) for a in call.args), argument])
    if depth + head + layout.width(together) <= layout.WIDTH:
        return together
    return entries.write(entries.spread(entries.read(together)), together)


def _at_argument(call: cst.Call, at: int, edit: UnindexField) -> cst.Call:
    argument = call.args[at]
    says = argument.value.value if isinstance(argument.value, cst.Name) else ""
    if says not in ("True", "False"):
        raise EditRefused(f"the field {edit.field} has a db_index that is neither True nor False")
    if says == "False":
        return call
    if edit.by_default:
        changed = [*call.args]
        changed[at] = argument.with_changes(value=cst.Name("False"))
        return call.with_changes(args=changed)
    return entries.write(entries.remove(entries.read(call), at), call)


def _spaced(argument: cst.Arg) -> cst.Arg:
    if isinstance(argument.comma, cst.Comma) and argument.comma.whitespace_after.empty:
        return argument.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    if isinstance(argument.comma, cst.Comma):
        return argument
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return argument.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace(""))


def _head(line: cst.SimpleStatementLine, call: cst.Call) -> int:
    """How much stands on the line around the call."""
    text = cst.Module([]).code_for_node(line.with_changes(leading_lines=[])).rstrip("\r\n")
    return max(0, len(text) - len(cst.Module([]).code_for_node(call)))


def _target(part: cst.BaseSmallStatement) -> str:
    if (
        isinstance(part, cst.Assign)
        and len(part.targets) == 1
        and isinstance(part.targets[0].target, cst.Name)
    ):
        return part.targets[0].target.value
    if isinstance(part, cst.AnnAssign) and isinstance(part.target, cst.Name):
        return part.target.value
    return ""


def _value(part: cst.BaseSmallStatement) -> cst.BaseExpression | None:
    return part.value if isinstance(part, cst.Assign | cst.AnnAssign) else None


def _callee(call: cst.Call) -> str:
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""
