"""Verbs of ranges of sorted sets."""

from collections.abc import Callable
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class SortedSetRanges(Generic[AnyStr]):
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> list[Any]: ...
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> list[Any]: ...
    def zrangestore(
        self,
        dest: Encodable,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> int: ...
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> list[Any]: ...
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> list[Any]: ...
    def zrangebylex(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[AnyStr]: ...
    def zrevrangebylex(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> list[AnyStr]: ...
    def zcount(self, name: Encodable, min: Encodable, max: Encodable) -> int: ...
    def zlexcount(self, name: Encodable, min: Encodable, max: Encodable) -> int: ...
    def zremrangebylex(self, name: Encodable, min: Encodable, max: Encodable) -> int: ...
    def zremrangebyrank(self, name: Encodable, min: int, max: int) -> int: ...
    def zremrangebyscore(self, name: Encodable, min: Encodable, max: Encodable) -> int: ...

class QueuedSortedSetRanges(Generic[AnyStr]):
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Any: ...
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zrangestore(
        self,
        dest: Encodable,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Any: ...
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Any: ...
    def zrangebylex(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> Any: ...
    def zrevrangebylex(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> Any: ...
    def zcount(self, name: Encodable, min: Encodable, max: Encodable) -> Any: ...
    def zlexcount(self, name: Encodable, min: Encodable, max: Encodable) -> Any: ...
    def zremrangebylex(self, name: Encodable, min: Encodable, max: Encodable) -> Any: ...
    def zremrangebyrank(self, name: Encodable, min: int, max: int) -> Any: ...
    def zremrangebyscore(self, name: Encodable, min: Encodable, max: Encodable) -> Any: ...

class AsyncSortedSetRanges(Generic[AnyStr]):
    def zrange(
        self,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        desc: bool = False,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Ready[list[Any]]: ...
    def zrevrange(
        self,
        name: Encodable,
        start: int,
        end: int,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[list[Any]]: ...
    def zrangestore(
        self,
        dest: Encodable,
        name: Encodable,
        start: Encodable,
        end: Encodable,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Ready[int]: ...
    def zrangebyscore(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[list[Any]]: ...
    def zrevrangebyscore(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
        withscores: bool = False,
        score_cast_func: Callable[[Any], Any] | None = None,
    ) -> Ready[list[Any]]: ...
    def zrangebylex(
        self,
        name: Encodable,
        min: Encodable,
        max: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> Ready[list[AnyStr]]: ...
    def zrevrangebylex(
        self,
        name: Encodable,
        max: Encodable,
        min: Encodable,
        start: int | None = None,
        num: int | None = None,
    ) -> Ready[list[AnyStr]]: ...
    def zcount(self, name: Encodable, min: Encodable, max: Encodable) -> Ready[int]: ...
    def zlexcount(self, name: Encodable, min: Encodable, max: Encodable) -> Ready[int]: ...
    def zremrangebylex(self, name: Encodable, min: Encodable, max: Encodable) -> Ready[int]: ...
    def zremrangebyrank(self, name: Encodable, min: int, max: int) -> Ready[int]: ...
    def zremrangebyscore(self, name: Encodable, min: Encodable, max: Encodable) -> Ready[int]: ...
