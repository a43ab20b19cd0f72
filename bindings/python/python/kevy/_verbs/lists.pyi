"""Verbs of lists."""

from collections.abc import Iterable
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class Lists(Generic[AnyStr]):
    def lpush(self, name: Encodable, *values: Encodable) -> int: ...
    def lpushx(self, name: Encodable, *values: Encodable) -> int: ...
    def rpush(self, name: Encodable, *values: Encodable) -> int: ...
    def rpushx(self, name: Encodable, *values: Encodable) -> int: ...
    def lpop(self, name: Encodable, count: int | None = None) -> Any: ...
    def rpop(self, name: Encodable, count: int | None = None) -> Any: ...
    def lmpop(
        self, num_keys: int, *args: Encodable, direction: str, count: int | None = None
    ) -> list[Any] | None: ...
    def blmpop(
        self,
        timeout: float,
        numkeys: int,
        *args: Encodable,
        direction: str,
        count: int | None = None,
    ) -> list[Any] | None: ...
    def blpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr] | None: ...
    def brpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr] | None: ...
    def rpoplpush(self, src: Encodable, dst: Encodable) -> AnyStr | None: ...
    def brpoplpush(
        self, src: Encodable, dst: Encodable, timeout: float | None = None
    ) -> AnyStr | None: ...
    def lmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        src: str | None = None,
        dest: str | None = None,
    ) -> AnyStr | None: ...
    def blmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        timeout: float,
        src: str | None = None,
        dest: str | None = None,
    ) -> AnyStr | None: ...
    def lindex(self, name: Encodable, index: int) -> AnyStr | None: ...
    def linsert(
        self, name: Encodable, where: str, refvalue: Encodable, value: Encodable
    ) -> int: ...
    def llen(self, name: Encodable) -> int: ...
    def lrange(self, name: Encodable, start: int, end: int) -> list[AnyStr]: ...
    def lrem(self, name: Encodable, count: int, value: Encodable) -> int: ...
    def lset(self, name: Encodable, index: int, value: Encodable) -> bool: ...
    def ltrim(self, name: Encodable, start: int, end: int) -> bool: ...
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Any: ...
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: Encodable | None = None,
        groups: bool = False,
    ) -> Any: ...
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> list[AnyStr | None]: ...

class QueuedLists(Generic[AnyStr]):
    def lpush(self, name: Encodable, *values: Encodable) -> Any: ...
    def lpushx(self, name: Encodable, *values: Encodable) -> Any: ...
    def rpush(self, name: Encodable, *values: Encodable) -> Any: ...
    def rpushx(self, name: Encodable, *values: Encodable) -> Any: ...
    def lpop(self, name: Encodable, count: int | None = None) -> Any: ...
    def rpop(self, name: Encodable, count: int | None = None) -> Any: ...
    def lmpop(
        self, num_keys: int, *args: Encodable, direction: str, count: int | None = None
    ) -> Any: ...
    def blmpop(
        self,
        timeout: float,
        numkeys: int,
        *args: Encodable,
        direction: str,
        count: int | None = None,
    ) -> Any: ...
    def blpop(self, keys: Encodable | Iterable[Encodable], timeout: float | None = None) -> Any: ...
    def brpop(self, keys: Encodable | Iterable[Encodable], timeout: float | None = None) -> Any: ...
    def rpoplpush(self, src: Encodable, dst: Encodable) -> Any: ...
    def brpoplpush(self, src: Encodable, dst: Encodable, timeout: float | None = None) -> Any: ...
    def lmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        src: str | None = None,
        dest: str | None = None,
    ) -> Any: ...
    def blmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        timeout: float,
        src: str | None = None,
        dest: str | None = None,
    ) -> Any: ...
    def lindex(self, name: Encodable, index: int) -> Any: ...
    def linsert(
        self, name: Encodable, where: str, refvalue: Encodable, value: Encodable
    ) -> Any: ...
    def llen(self, name: Encodable) -> Any: ...
    def lrange(self, name: Encodable, start: int, end: int) -> Any: ...
    def lrem(self, name: Encodable, count: int, value: Encodable) -> Any: ...
    def lset(self, name: Encodable, index: int, value: Encodable) -> Any: ...
    def ltrim(self, name: Encodable, start: int, end: int) -> Any: ...
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Any: ...
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: Encodable | None = None,
        groups: bool = False,
    ) -> Any: ...
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Any: ...

class AsyncLists(Generic[AnyStr]):
    def lpush(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def lpushx(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def rpush(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def rpushx(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def lpop(self, name: Encodable, count: int | None = None) -> Ready[Any]: ...
    def rpop(self, name: Encodable, count: int | None = None) -> Ready[Any]: ...
    def lmpop(
        self, num_keys: int, *args: Encodable, direction: str, count: int | None = None
    ) -> Ready[list[Any] | None]: ...
    def blmpop(
        self,
        timeout: float,
        numkeys: int,
        *args: Encodable,
        direction: str,
        count: int | None = None,
    ) -> Ready[list[Any] | None]: ...
    def blpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Ready[tuple[AnyStr, AnyStr] | None]: ...
    def brpop(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Ready[tuple[AnyStr, AnyStr] | None]: ...
    def rpoplpush(self, src: Encodable, dst: Encodable) -> Ready[AnyStr | None]: ...
    def brpoplpush(
        self, src: Encodable, dst: Encodable, timeout: float | None = None
    ) -> Ready[AnyStr | None]: ...
    def lmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        src: str | None = None,
        dest: str | None = None,
    ) -> Ready[AnyStr | None]: ...
    def blmove(
        self,
        first_list: Encodable,
        second_list: Encodable,
        timeout: float,
        src: str | None = None,
        dest: str | None = None,
    ) -> Ready[AnyStr | None]: ...
    def lindex(self, name: Encodable, index: int) -> Ready[AnyStr | None]: ...
    def linsert(
        self, name: Encodable, where: str, refvalue: Encodable, value: Encodable
    ) -> Ready[int]: ...
    def llen(self, name: Encodable) -> Ready[int]: ...
    def lrange(self, name: Encodable, start: int, end: int) -> Ready[list[AnyStr]]: ...
    def lrem(self, name: Encodable, count: int, value: Encodable) -> Ready[int]: ...
    def lset(self, name: Encodable, index: int, value: Encodable) -> Ready[bool]: ...
    def ltrim(self, name: Encodable, start: int, end: int) -> Ready[bool]: ...
    def lpos(
        self,
        name: Encodable,
        value: Encodable,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Ready[Any]: ...
    def sort(
        self,
        name: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
        store: Encodable | None = None,
        groups: bool = False,
    ) -> Ready[Any]: ...
    def sort_ro(
        self,
        key: Encodable,
        start: int | None = None,
        num: int | None = None,
        by: Encodable | None = None,
        get: Encodable | Iterable[Encodable] | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Ready[list[AnyStr | None]]: ...
