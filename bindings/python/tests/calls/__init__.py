"""Calls of typed methods, by group: made in this order on a fresh keyspace, with the same results as redis-py's.

A call's name is a method's, or `json.` or `vset.` and a method of what that gives. What `bitfield` gives is called
through `bitfield_call`.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Call(NamedTuple):
    """A method, its arguments, and whether another server's result is its equal."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        words = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.options.items())]
        return f"{self.name}({', '.join(words)})"

    def on(self, client: Any) -> Any:
        """Makes the call."""
        first, dot, rest = self.name.partition(".")
        target = getattr(client, first)() if dot else client
        return getattr(target, rest or first)(*self.args, **self.options)


def call(name: str, /, *args: Any, **options: Any) -> Call:
    return Call(name, args, options)


class BitField(NamedTuple):
    """A call of `bitfield` and of methods of what it gives."""

    key: str
    steps: tuple[Call, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        return f"bitfield({self.key!r}).{'.'.join(map(str, self.steps))}.execute()"

    def on(self, client: Any) -> Any:
        """Makes the call."""
        operation = client.bitfield(self.key, **self.options)
        for step in self.steps:
            operation = getattr(operation, step.name)(*step.args, **step.options)
        return operation.execute()


def bitfield(key: str, *steps: Call, **options: Any) -> BitField:
    return BitField(key, steps, options)
