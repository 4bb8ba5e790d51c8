"""Walks over expressions without recursion, visiting each shared part once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def fold(root: Any, leaf: Callable[[Any], Any], node: Callable[[Any, list[Any]], Any]) -> Any:
    """Result of a bottom-up pass: ``leaf(value)`` for leaves, ``node(expression, results of its children)`` above.

    A part that is the same object in several places is worked out once. Cost O(distinct parts).

    >>> fold(3, str, lambda expression, results: "never called")
    '3'
    """
    results: dict[int, Any] = {}
    stack = [root]
    while stack:
        current = stack[-1]
        children = getattr(current, "children", None)
        if id(current) in results:
            stack.pop()
        elif children is None:
            results[id(stack.pop())] = leaf(current)
        elif pending := [child for child in children if id(child) not in results]:
            stack.extend(reversed(pending))
        else:
            results[id(stack.pop())] = node(current, [results[id(child)] for child in children])
    return results[id(root)]


def preorder(root: Any) -> Iterator[Any]:
    """All parts of an expression, each before its children, shared parts as often as they appear."""
    stack = [root]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(getattr(current, "children", ())))


def variables_by_name(root: Any) -> dict[str, Any]:
    """The variables of an expression by name, in order of appearance."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    stack = [root]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if (children := getattr(current, "children", None)) is not None:
            stack.extend(reversed(children))
        elif hasattr(current, "get_variables"):
            found.setdefault(current.name, current)
    return found


def same_structure(left: Any, right: Any) -> bool:
    """Whether two expressions have equal symbols and equal leaves in equal places; ``2`` and ``2.0`` differ."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if one is other:
            continue
        if type(one) is not type(other):
            return False
        if (children := getattr(one, "children", None)) is None:
            if one != other:
                return False
        elif hash(one) != hash(other) or one.symbol.token != other.symbol.token or len(children) != len(other.children):
            return False
        else:
            pairs.extend(zip(children, other.children, strict=True))
    return True
