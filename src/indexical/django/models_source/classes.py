"""Finding a model's class and its ``Meta`` in a module, and making a ``Meta`` where there is none.

The order of a model's parts follows Django's coding style: fields, managers, ``Meta``, then methods
(https://docs.djangoproject.com/en/5.2/internals/contributing/writing-code/coding-style/#model-style).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst
import libcst.matchers as m

from indexical.django.models_source.edits import AddIndex, EditRefused

Statement = cst.BaseStatement


def find_class(module: cst.Module, name: str) -> cst.ClassDef:
    """The module's one class of that name; raises :class:`EditRefused` when it is not there, or more than once."""
    found = [
        node for node in within(module.body) if isinstance(node, cst.ClassDef) and node.name.value == name
    ]
    top = [node for node in module.body if isinstance(node, cst.ClassDef) and node.name.value == name]
    if "." in name or not found:
        raise EditRefused(f"the file has no class {name} at its top level")
    if len(found) > 1 or not top:
        raise EditRefused(f"the file defines the class {name} in more than one place or inside another block")
    return top[0]


def within(body: Iterable[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """Every statement, at any depth. Expressions are left alone: they are most of a file, and hold no class or import."""
    for part in body:
        yield part
        for name in ("body", "orelse", "handlers", "cases", "finalbody"):
            inner = getattr(part, name, None)
            if isinstance(inner, cst.CSTNode):
                yield from within([inner])
            elif isinstance(inner, Sequence):
                yield from within(inner)


def find_meta(model: cst.ClassDef) -> cst.ClassDef | None:
    found = [
        node for node in statements(model) if isinstance(node, cst.ClassDef) and node.name.value == "Meta"
    ]
    named = m.findall(model.body, m.ClassDef(name=m.Name("Meta")) | m.AssignTarget(target=m.Name("Meta")))
    if len(found) > 1 or len(named) > len(found) + _foreign_metas(model):
        raise EditRefused(f"the class {model.name.value} has no single, plain Meta")
    return found[0] if found else None


def statements(node: cst.ClassDef) -> Sequence[Statement]:
    """The class's body, also when it stands on the line of the class itself."""
    if isinstance(node.body, cst.IndentedBlock):
        return [part for part in node.body.body if isinstance(part, Statement)]
    if not isinstance(node.body, cst.SimpleStatementSuite):
        return []
    return [cst.SimpleStatementLine([part]) for part in node.body.body]


def with_statements(node: cst.ClassDef, body: Sequence[Statement]) -> cst.ClassDef:
    """The class with another body; a placeholding ``pass`` goes once something else is there."""
    kept = [part for part in body if not _is_pass(part)] or list(body)
    if isinstance(node.body, cst.IndentedBlock):
        return node.with_changes(body=node.body.with_changes(body=kept))
    return node.with_changes(body=cst.IndentedBlock(body=[_without_semicolon(part) for part in kept]))


def _without_semicolon(part: Statement) -> Statement:
    """A statement of a one-line body, which parted it from the next."""
    if not isinstance(part, cst.SimpleStatementLine):
        return part
    last = part.body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return part.with_changes(body=[*part.body[:-1], last])


def replaced(body: Sequence[Statement], old: Statement, new: Statement) -> list[Statement]:
    return [new if part is old else part for part in body]


def new_meta(edit: AddIndex, model: cst.ClassDef, indexes: Statement) -> cst.ClassDef:
    """A class with a ``Meta`` that holds one statement, after the fields and managers and before the methods."""
    bases: list[cst.Arg] = []
    if edit.inherited_meta:
        bases = [cst.Arg(cst.parse_expression(f"{base_expression(model, edit.inherited_meta)}.Meta"))]
    meta = cst.ClassDef(
        name=cst.Name("Meta"),
        bases=bases,
        lpar=cst.LeftParen() if bases else cst.MaybeSentinel.DEFAULT,
        rpar=cst.RightParen() if bases else cst.MaybeSentinel.DEFAULT,
        body=cst.IndentedBlock(body=[indexes]),
    )
    body = list(statements(model))
    position = next((at for at, part in enumerate(body) if isinstance(part, cst.FunctionDef)), len(body))
    if position and not all(_is_pass(part) for part in body[:position]):
        meta = meta.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    rest = body[position:]
    if rest:
        rest = [_with_blank_line(rest[0]), *rest[1:]]
    return with_statements(model, [*body[:position], meta, *rest])


def base_expression(model: cst.ClassDef, base: str) -> str:
    """How the class statement names the base class."""
    for argument in model.bases:
        text = cst.Module([]).code_for_node(argument.value)
        if argument.keyword is None and text.rpartition(".")[2] == base:
            return text
    raise EditRefused(
        f"the class {model.name.value} inherits its Meta from {base}, which it does not name as a base"
    )


def _with_blank_line(part: Statement) -> Statement:
    lines: Sequence[cst.EmptyLine] = getattr(part, "leading_lines", ())
    if lines and lines[0].comment is None:
        return part
    return part.with_changes(leading_lines=[cst.EmptyLine(indent=False), *lines])


def _is_pass(part: Statement) -> bool:
    return isinstance(part, cst.SimpleStatementLine) and all(isinstance(s, cst.Pass) for s in part.body)


def _foreign_metas(model: cst.ClassDef) -> int:
    """How many classes inside the model, such as a nested form, have a Meta of their own."""
    inner = [
        node for node in statements(model) if isinstance(node, cst.ClassDef) and node.name.value != "Meta"
    ]
    return sum(len(m.findall(node.body, m.ClassDef(name=m.Name("Meta")))) for node in inner)
