"""Verbs of sorted sets, except those of their ranges."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class SortedSets(Generic[AnyStr]):
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Any: ...
    def zincrby(self, name: Encodable, amount: float, value: Encodable) -> float: ...
    def zrem(self, name: Encodable, *values: Encodable) -> int: ...
    def zcard(self, name: Encodable) -> int: ...
    def zscore(self, name: Encodable, value: Encodable) -> float | None: ...
    def zmscore(self, key: Encodable, members: Iterable[Encodable]) -> list[float | None]: ...
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zpopmax(self, name: Encodable, count: int | None = None) -> list[tuple[AnyStr, float]]: ...
    def zpopmin(self, name: Encodable, count: int | None = None) -> list[tuple[AnyStr, float]]: ...
    def bzpopmax(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr, float] | None: ...
    def bzpopmin(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> tuple[AnyStr, AnyStr, float] | None: ...
    def zmpop(
        self,
        num_keys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> list[Any] | None: ...
    def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> list[Any] | None: ...
    def zrandmember(
        self, key: Encodable, count: int | None = None, withscores: bool = False
    ) -> Any: ...
    def zscan(
        self,
        name: Encodable,
        cursor: Encodable | None = None,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> tuple[int, list[tuple[AnyStr, Any]]]: ...
    def zdiff(self, keys: Iterable[Encodable], withscores: bool = False) -> list[AnyStr]: ...
    def zdiffstore(self, dest: Encodable, keys: Iterable[Encodable]) -> int: ...
    def zinter(
        self, keys: Iterable[Encodable], aggregate: str | None = None, withscores: bool = False
    ) -> list[Any]: ...
    def zinterstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> int: ...
    def zintercard(
        self, numkeys: int, keys: Iterable[Encodable], limit: int | None = None
    ) -> int: ...
    def zunion(
        self,
        keys: Iterable[Encodable],
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> list[Any]: ...
    def zunionstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> int: ...

class QueuedSortedSets(Generic[AnyStr]):
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Any: ...
    def zincrby(self, name: Encodable, amount: float, value: Encodable) -> Any: ...
    def zrem(self, name: Encodable, *values: Encodable) -> Any: ...
    def zcard(self, name: Encodable) -> Any: ...
    def zscore(self, name: Encodable, value: Encodable) -> Any: ...
    def zmscore(self, key: Encodable, members: Iterable[Encodable]) -> Any: ...
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zpopmax(self, name: Encodable, count: int | None = None) -> Any: ...
    def zpopmin(self, name: Encodable, count: int | None = None) -> Any: ...
    def bzpopmax(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Any: ...
    def bzpopmin(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Any: ...
    def zmpop(
        self,
        num_keys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> Any: ...
    def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> Any: ...
    def zrandmember(
        self, key: Encodable, count: int | None = None, withscores: bool = False
    ) -> Any: ...
    def zscan(
        self,
        name: Encodable,
        cursor: Encodable | None = None,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zdiff(self, keys: Iterable[Encodable], withscores: bool = False) -> Any: ...
    def zdiffstore(self, dest: Encodable, keys: Iterable[Encodable]) -> Any: ...
    def zinter(
        self, keys: Iterable[Encodable], aggregate: str | None = None, withscores: bool = False
    ) -> Any: ...
    def zinterstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> Any: ...
    def zintercard(
        self, numkeys: int, keys: Iterable[Encodable], limit: int | None = None
    ) -> Any: ...
    def zunion(
        self,
        keys: Iterable[Encodable],
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zunionstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> Any: ...

class AsyncSortedSets(Generic[AnyStr]):
    def zadd(
        self,
        name: Encodable,
        mapping: Mapping[Any, Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Ready[Any]: ...
    def zincrby(self, name: Encodable, amount: float, value: Encodable) -> Ready[float]: ...
    def zrem(self, name: Encodable, *values: Encodable) -> Ready[int]: ...
    def zcard(self, name: Encodable) -> Ready[int]: ...
    def zscore(self, name: Encodable, value: Encodable) -> Ready[float | None]: ...
    def zmscore(
        self, key: Encodable, members: Iterable[Encodable]
    ) -> Ready[list[float | None]]: ...
    def zrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[Any]: ...
    def zrevrank(
        self,
        name: Encodable,
        value: Encodable,
        withscore: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[Any]: ...
    def zpopmax(
        self, name: Encodable, count: int | None = None
    ) -> Ready[list[tuple[AnyStr, float]]]: ...
    def zpopmin(
        self, name: Encodable, count: int | None = None
    ) -> Ready[list[tuple[AnyStr, float]]]: ...
    def bzpopmax(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Ready[tuple[AnyStr, AnyStr, float] | None]: ...
    def bzpopmin(
        self, keys: Encodable | Iterable[Encodable], timeout: float | None = None
    ) -> Ready[tuple[AnyStr, AnyStr, float] | None]: ...
    def zmpop(
        self,
        num_keys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> Ready[list[Any] | None]: ...
    def bzmpop(
        self,
        timeout: float,
        numkeys: int,
        keys: Iterable[Encodable],
        min: bool = False,
        max: bool = False,
        count: int | None = None,
    ) -> Ready[list[Any] | None]: ...
    def zrandmember(
        self, key: Encodable, count: int | None = None, withscores: bool = False
    ) -> Ready[Any]: ...
    def zscan(
        self,
        name: Encodable,
        cursor: Encodable | None = None,
        match: Encodable | None = None,
        count: int | None = None,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[tuple[int, list[tuple[AnyStr, Any]]]]: ...
    def zdiff(self, keys: Iterable[Encodable], withscores: bool = False) -> Ready[list[AnyStr]]: ...
    def zdiffstore(self, dest: Encodable, keys: Iterable[Encodable]) -> Ready[int]: ...
    def zinter(
        self, keys: Iterable[Encodable], aggregate: str | None = None, withscores: bool = False
    ) -> Ready[list[Any]]: ...
    def zinterstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> Ready[int]: ...
    def zintercard(
        self, numkeys: int, keys: Iterable[Encodable], limit: int | None = None
    ) -> Ready[int]: ...
    def zunion(
        self,
        keys: Iterable[Encodable],
        aggregate: str | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[list[Any]]: ...
    def zunionstore(
        self, dest: Encodable, keys: Iterable[Encodable], aggregate: str | None = None
    ) -> Ready[int]: ...
