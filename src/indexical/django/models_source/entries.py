"""Comma-separated entries of a list, a tuple or a call, with the white space and comments between them.

LibCST keeps the white space around a comma in different nodes depending on whether a trailing comma is there
(https://libcst.readthedocs.io/en/latest/nodes.html#libcst.Comma). Here every entry simply has the white space that follows
its comma, so that entries can be added and taken out without losing a comment that is not theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import libcst as cst

Space = cst.BaseParenthesizableWhitespace
Entry = cst.Element | cst.StarredElement | cst.Arg
Holder = TypeVar("Holder", bound=cst.List | cst.Tuple | cst.Call)
UNIT = "    "


@dataclass(frozen=True)
class Entries:
    opening: Space
    """What stands between the opening bracket and the first entry."""
    items: tuple[Entry, ...]
    spaces: tuple[Space, ...]
    """What stands after each entry's comma; of the last entry: before the closing bracket."""
    trailing_comma: bool

    @property
    def multiline(self) -> bool:
        return any(isinstance(space, cst.ParenthesizedWhitespace) for space in (self.opening, *self.spaces))

    @property
    def hanging(self) -> bool:
        """Whether several entries share one line of their own between the brackets."""
        inner = self.spaces[:-1]
        return (
            bool(inner)
            and isinstance(self.opening, cst.ParenthesizedWhitespace)
            and all(isinstance(space, cst.SimpleWhitespace) for space in inner)
            and _comment_free(self.spaces[-1])
        )

    def indent(self, default: str) -> str:
        """The entries' indentation, relative to the block, where they stand on lines of their own."""
        for space in (self.opening, *self.spaces[:-1]):
            if isinstance(space, cst.ParenthesizedWhitespace):
                return space.last_line.value
        return default


def read(holder: cst.List | cst.Tuple | cst.Call) -> Entries:
    items: Sequence[cst.BaseElement | cst.Arg]
    if isinstance(holder, cst.Call):
        items, opening, closing = holder.args, holder.whitespace_before_args, _after_last(holder.args)
    elif isinstance(holder, cst.List):
        items, opening, closing = (
            holder.elements,
            holder.lbracket.whitespace_after,
            holder.rbracket.whitespace_before,
        )
    else:
        items = holder.elements
        opening = holder.lpar[0].whitespace_after if holder.lpar else cst.SimpleWhitespace("")
        closing = holder.rpar[-1].whitespace_before if holder.rpar else cst.SimpleWhitespace("")
    spaces: list[Space] = []
    for position, item in enumerate(map(_entry, items)):
        last = position == len(items) - 1
        comma = item.comma
        if isinstance(comma, cst.Comma) and not (last and _is_blank(comma.whitespace_after)):
            spaces.append(comma.whitespace_after)
        else:
            spaces.append(closing if last else cst.SimpleWhitespace(" "))
    trailing = bool(items) and isinstance(_entry(items[-1]).comma, cst.Comma)
    return Entries(opening, tuple(_entry(item) for item in items), tuple(spaces), trailing)


def write(entries: Entries, holder: Holder) -> Holder:
    """The holder with these entries instead of its own."""
    items: list[Entry] = []
    closing: Space = cst.SimpleWhitespace("")
    for position, (item, space) in enumerate(zip(entries.items, entries.spaces, strict=True)):
        if isinstance(item, cst.Arg):
            item = item.with_changes(whitespace_after_arg=cst.SimpleWhitespace(""))
        before = (
            item.comma.whitespace_before if isinstance(item.comma, cst.Comma) else cst.SimpleWhitespace("")
        )
        if position < len(entries.items) - 1 or entries.trailing_comma:
            items.append(item.with_changes(comma=cst.Comma(before, space)))
        else:
            items.append(item.with_changes(comma=cst.MaybeSentinel.DEFAULT))
            closing = space
    if isinstance(holder, cst.Call):
        if items and not entries.trailing_comma:
            items[-1] = items[-1].with_changes(whitespace_after_arg=closing)
        return holder.with_changes(args=items, whitespace_before_args=entries.opening)
    if isinstance(holder, cst.List):
        return holder.with_changes(
            elements=items,
            lbracket=cst.LeftSquareBracket(entries.opening),
            rbracket=cst.RightSquareBracket(closing),
        )
    if len(items) == 1 and isinstance(items[0].comma, cst.MaybeSentinel):
        items[0] = items[0].with_changes(comma=cst.Comma())
    return holder.with_changes(
        elements=items,
        lpar=[cst.LeftParen(entries.opening), *holder.lpar[1:]],
        rpar=[*holder.rpar[:-1], cst.RightParen(closing)],
    )


def append(entries: Entries, item: Entry, *, block: str = "") -> Entries:
    """One more entry at the end, on a line of its own; ``block`` is the indentation the entries hang on."""
    if not entries.items:
        indent = entries.indent(block) or block
        return Entries(_break_at(entries.opening, block + UNIT), (item,), (line_break(indent),), True)
    if entries.hanging:
        spaces = (*entries.spaces[:-1], cst.SimpleWhitespace(" "), entries.spaces[-1])
        return Entries(entries.opening, (*entries.items, item), spaces, entries.trailing_comma)
    if not entries.multiline:
        entries = spread(entries, block=block)
    indent = entries.indent(block + UNIT)
    closing = entries.spaces[-1]
    end = closing.last_line.value if isinstance(closing, cst.ParenthesizedWhitespace) else block
    spaces = (*entries.spaces[:-1], _break_at(closing, indent), line_break(end))
    return Entries(entries.opening, (*entries.items, item), spaces, True)


def spread(entries: Entries, *, block: str = "") -> Entries:
    """The entries on a line each, with a trailing comma."""
    if not entries.items:
        return replace(entries, opening=_break_at(entries.opening, block + UNIT))
    spaces = (*(line_break(block + UNIT) for _ in entries.items[1:]), line_break(block))
    return Entries(line_break(block + UNIT), entries.items, spaces, True)


def remove(entries: Entries, position: int) -> Entries:
    """The entries without one, and without the comments that stand right above it and behind it."""
    before = entries.opening if position == 0 else entries.spaces[position - 1]
    last = position == len(entries.items) - 1
    joined = _joined(before, entries.spaces[position], last=last)
    items = entries.items[:position] + entries.items[position + 1 :]
    if not items:
        return Entries(cst.SimpleWhitespace(""), (), (), False)
    spaces = list(entries.spaces[:position] + entries.spaces[position + 1 :])
    opening = entries.opening
    if position == 0:
        opening = joined
    else:
        spaces[position - 1] = joined
    trailing = entries.trailing_comma and not (last and isinstance(joined, cst.SimpleWhitespace))
    return Entries(opening, items, tuple(spaces), trailing)


def line_break(indent: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))


def _break_at(space: Space, indent: str) -> Space:
    """The same comments, with the next entry at this indentation."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        return space.with_changes(indent=True, last_line=cst.SimpleWhitespace(indent))
    return line_break(indent)


def _joined(before: Space, after: Space, *, last: bool) -> Space:
    """The white space left when the entry between two is gone."""
    if not isinstance(before, cst.ParenthesizedWhitespace):
        if isinstance(after, cst.ParenthesizedWhitespace):
            return after.with_changes(first_line=cst.TrailingWhitespace())
        return after if last else before
    kept = list(before.empty_lines)
    while kept and kept[-1].comment is not None:
        kept.pop()
    if isinstance(after, cst.ParenthesizedWhitespace):
        return after.with_changes(first_line=before.first_line, empty_lines=[*kept, *after.empty_lines])
    if last and not kept and before.first_line.comment is None:
        return after
    return before.with_changes(empty_lines=kept)


def _after_last(arguments: Sequence[cst.Arg]) -> Space:
    return arguments[-1].whitespace_after_arg if arguments else cst.SimpleWhitespace("")


def _entry(node: cst.BaseElement | cst.Arg) -> Entry:
    if not isinstance(node, cst.Element | cst.StarredElement | cst.Arg):
        raise TypeError(f"not an entry of a list or call: {type(node).__name__}")
    return node


def _comment_free(space: Space) -> bool:
    return not isinstance(space, cst.ParenthesizedWhitespace) or space.first_line.comment is None


def _is_blank(space: Space) -> bool:
    return isinstance(space, cst.SimpleWhitespace) and not space.value
