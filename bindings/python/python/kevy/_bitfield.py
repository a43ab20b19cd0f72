"""``db.bitfield(key)``: operations on integers within a string, collected and run together."""

from __future__ import annotations

from typing import Any

from typing_extensions import Self

from ._types import Encodable


class BitFieldOperation:
    """BITFIELD under construction. ``execute`` sends it and gives what the client's own methods give."""

    def __init__(self, client: Any, key: Encodable, default_overflow: str | None = None) -> None:
        self._send = getattr(client, "execute_command", None) or client.execute
        self._key = key
        self._default_overflow = (default_overflow or "WRAP").upper()
        self.reset()

    def reset(self) -> None:
        """Drops the operations."""
        self._words: list[Any] = []
        self._last_overflow = "WRAP"
        self.overflow(self._default_overflow)

    def overflow(self, overflow: str) -> Self:
        """What the operations behind do where a number does not fit: WRAP, SAT or FAIL."""
        overflow = overflow.upper()
        if overflow != self._last_overflow:
            self._last_overflow = overflow
            self._words += ["OVERFLOW", overflow]
        return self

    def incrby(
        self, fmt: str, offset: Encodable, increment: int, overflow: str | None = None
    ) -> Self:
        """Adds to an integer; the result is its value after that."""
        if overflow is not None:
            self.overflow(overflow)
        self._words += ["INCRBY", fmt, offset, increment]
        return self

    def get(self, fmt: str, offset: Encodable) -> Self:
        """The value of an integer of a format, such as ``u8``, at an offset in bits, or ``#n`` for the nth."""
        self._words += ["GET", fmt, offset]
        return self

    def set(self, fmt: str, offset: Encodable, value: int) -> Self:
        """Sets an integer; the result is its value before that."""
        self._words += ["SET", fmt, offset, value]
        return self

    @property
    def command(self) -> list[Any]:
        """The command so far."""
        return ["BITFIELD", self._key, *self._words]

    def execute(self) -> Any:
        """Sends the command and drops the operations. The result is a list with a number for each."""
        command = self.command
        self.reset()
        return self._send(*command)
