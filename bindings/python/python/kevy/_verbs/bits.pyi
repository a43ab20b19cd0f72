"""Verbs of bitmaps and HyperLogLogs."""

from collections.abc import Iterable
from typing import Any, AnyStr, Generic

from .._bitfield import BitFieldOperation
from .._kevy import Ready
from .._types import Encodable

class Bits(Generic[AnyStr]):
    def setbit(self, name: Encodable, offset: int, value: int) -> int: ...
    def getbit(self, name: Encodable, offset: int) -> int: ...
    def bitcount(
        self,
        key: Encodable,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> int: ...
    def bitpos(
        self,
        key: Encodable,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> int: ...
    def bitop(self, operation: str, dest: Encodable, *keys: Encodable) -> int: ...
    def bitfield(
        self, key: Encodable, default_overflow: str | None = None
    ) -> BitFieldOperation: ...
    def bitfield_ro(
        self,
        key: Encodable,
        encoding: str,
        offset: Encodable,
        items: Iterable[tuple[str, Encodable]] | None = None,
    ) -> list[int]: ...
    def pfadd(self, name: Encodable, *values: Encodable) -> int: ...
    def pfcount(self, *sources: Encodable) -> int: ...
    def pfmerge(self, dest: Encodable, *sources: Encodable) -> bool: ...

class QueuedBits(Generic[AnyStr]):
    def setbit(self, name: Encodable, offset: int, value: int) -> Any: ...
    def getbit(self, name: Encodable, offset: int) -> Any: ...
    def bitcount(
        self,
        key: Encodable,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> Any: ...
    def bitpos(
        self,
        key: Encodable,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> Any: ...
    def bitop(self, operation: str, dest: Encodable, *keys: Encodable) -> Any: ...
    def bitfield(
        self, key: Encodable, default_overflow: str | None = None
    ) -> BitFieldOperation: ...
    def bitfield_ro(
        self,
        key: Encodable,
        encoding: str,
        offset: Encodable,
        items: Iterable[tuple[str, Encodable]] | None = None,
    ) -> Any: ...
    def pfadd(self, name: Encodable, *values: Encodable) -> Any: ...
    def pfcount(self, *sources: Encodable) -> Any: ...
    def pfmerge(self, dest: Encodable, *sources: Encodable) -> Any: ...

class AsyncBits(Generic[AnyStr]):
    def setbit(self, name: Encodable, offset: int, value: int) -> Ready[int]: ...
    def getbit(self, name: Encodable, offset: int) -> Ready[int]: ...
    def bitcount(
        self,
        key: Encodable,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> Ready[int]: ...
    def bitpos(
        self,
        key: Encodable,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: str | None = None,
    ) -> Ready[int]: ...
    def bitop(self, operation: str, dest: Encodable, *keys: Encodable) -> Ready[int]: ...
    def bitfield(
        self, key: Encodable, default_overflow: str | None = None
    ) -> BitFieldOperation: ...
    def bitfield_ro(
        self,
        key: Encodable,
        encoding: str,
        offset: Encodable,
        items: Iterable[tuple[str, Encodable]] | None = None,
    ) -> Ready[list[int]]: ...
    def pfadd(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def pfcount(self, *sources: Encodable) -> Ready[int]: ...
    def pfmerge(self, dest: Encodable, *sources: Encodable) -> Ready[bool]: ...
