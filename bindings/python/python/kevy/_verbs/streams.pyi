"""Verbs of streams."""

from collections.abc import Iterable, Mapping
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class Streams(Generic[AnyStr]):
    def xadd(
        self,
        name: Encodable,
        fields: Mapping[Any, Encodable],
        id: Encodable | None = None,
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> AnyStr | None: ...
    def xtrim(
        self,
        name: Encodable,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> int: ...
    def xdel(self, name: Encodable, *ids: Encodable) -> int: ...
    def xdelex(self, name: Encodable, *ids: Encodable, ref_policy: str | None = None) -> list[int]: ...
    def xlen(self, name: Encodable) -> int: ...
    def xrange(
        self,
        name: Encodable,
        min: Encodable | None = None,
        max: Encodable | None = None,
        count: int | None = None,
    ) -> list[tuple[AnyStr, dict[AnyStr, AnyStr]]]: ...
    def xrevrange(
        self,
        name: Encodable,
        max: Encodable | None = None,
        min: Encodable | None = None,
        count: int | None = None,
    ) -> list[tuple[AnyStr, dict[AnyStr, AnyStr]]]: ...
    def xread(
        self, streams: Mapping[Any, Encodable], count: int | None = None, block: int | None = None
    ) -> list[list[Any]]: ...
    def xinfo_stream(self, name: Encodable, full: bool = False) -> dict[str, Any]: ...
    def xinfo_groups(self, name: Encodable) -> list[dict[str, Any]]: ...
    def xinfo_consumers(self, name: Encodable, groupname: Encodable) -> list[dict[str, Any]]: ...
    def xgroup_create(
        self,
        name: Encodable,
        groupname: Encodable,
        id: Encodable | None = None,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> bool: ...
    def xgroup_setid(
        self, name: Encodable, groupname: Encodable, id: Encodable, entries_read: int | None = None
    ) -> bool: ...
    def xgroup_destroy(self, name: Encodable, groupname: Encodable) -> bool: ...
    def xgroup_createconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> int: ...
    def xgroup_delconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> int: ...
    def xreadgroup(
        self,
        groupname: Encodable,
        consumername: Encodable,
        streams: Mapping[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
    ) -> list[list[Any]]: ...
    def xack(self, name: Encodable, groupname: Encodable, *ids: Encodable) -> int: ...
    def xackdel(
        self, name: Encodable, groupname: Encodable, *ids: Encodable, ref_policy: str | None = None
    ) -> list[int]: ...
    def xpending(self, name: Encodable, groupname: Encodable) -> dict[str, Any]: ...
    def xpending_range(
        self,
        name: Encodable,
        groupname: Encodable,
        min: Encodable | None,
        max: Encodable | None,
        count: int | None,
        consumername: Encodable | None = None,
        idle: int | None = None,
    ) -> Any: ...
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Iterable[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> list[Any]: ...
    def xautoclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        start_id: Encodable | None = None,
        count: int | None = None,
        justid: bool = False,
    ) -> list[Any]: ...

class QueuedStreams(Generic[AnyStr]):
    def xadd(
        self,
        name: Encodable,
        fields: Mapping[Any, Encodable],
        id: Encodable | None = None,
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> Any: ...
    def xtrim(
        self,
        name: Encodable,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> Any: ...
    def xdel(self, name: Encodable, *ids: Encodable) -> Any: ...
    def xdelex(self, name: Encodable, *ids: Encodable, ref_policy: str | None = None) -> Any: ...
    def xlen(self, name: Encodable) -> Any: ...
    def xrange(
        self,
        name: Encodable,
        min: Encodable | None = None,
        max: Encodable | None = None,
        count: int | None = None,
    ) -> Any: ...
    def xrevrange(
        self,
        name: Encodable,
        max: Encodable | None = None,
        min: Encodable | None = None,
        count: int | None = None,
    ) -> Any: ...
    def xread(
        self, streams: Mapping[Any, Encodable], count: int | None = None, block: int | None = None
    ) -> Any: ...
    def xinfo_stream(self, name: Encodable, full: bool = False) -> Any: ...
    def xinfo_groups(self, name: Encodable) -> Any: ...
    def xinfo_consumers(self, name: Encodable, groupname: Encodable) -> Any: ...
    def xgroup_create(
        self,
        name: Encodable,
        groupname: Encodable,
        id: Encodable | None = None,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Any: ...
    def xgroup_setid(
        self, name: Encodable, groupname: Encodable, id: Encodable, entries_read: int | None = None
    ) -> Any: ...
    def xgroup_destroy(self, name: Encodable, groupname: Encodable) -> Any: ...
    def xgroup_createconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> Any: ...
    def xgroup_delconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> Any: ...
    def xreadgroup(
        self,
        groupname: Encodable,
        consumername: Encodable,
        streams: Mapping[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
    ) -> Any: ...
    def xack(self, name: Encodable, groupname: Encodable, *ids: Encodable) -> Any: ...
    def xackdel(
        self, name: Encodable, groupname: Encodable, *ids: Encodable, ref_policy: str | None = None
    ) -> Any: ...
    def xpending(self, name: Encodable, groupname: Encodable) -> Any: ...
    def xpending_range(
        self,
        name: Encodable,
        groupname: Encodable,
        min: Encodable | None,
        max: Encodable | None,
        count: int | None,
        consumername: Encodable | None = None,
        idle: int | None = None,
    ) -> Any: ...
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Iterable[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> Any: ...
    def xautoclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        start_id: Encodable | None = None,
        count: int | None = None,
        justid: bool = False,
    ) -> Any: ...

class AsyncStreams(Generic[AnyStr]):
    def xadd(
        self,
        name: Encodable,
        fields: Mapping[Any, Encodable],
        id: Encodable | None = None,
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> Ready[AnyStr | None]: ...
    def xtrim(
        self,
        name: Encodable,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> Ready[int]: ...
    def xdel(self, name: Encodable, *ids: Encodable) -> Ready[int]: ...
    def xdelex(self, name: Encodable, *ids: Encodable, ref_policy: str | None = None) -> Ready[list[int]]: ...
    def xlen(self, name: Encodable) -> Ready[int]: ...
    def xrange(
        self,
        name: Encodable,
        min: Encodable | None = None,
        max: Encodable | None = None,
        count: int | None = None,
    ) -> Ready[list[tuple[AnyStr, dict[AnyStr, AnyStr]]]]: ...
    def xrevrange(
        self,
        name: Encodable,
        max: Encodable | None = None,
        min: Encodable | None = None,
        count: int | None = None,
    ) -> Ready[list[tuple[AnyStr, dict[AnyStr, AnyStr]]]]: ...
    def xread(
        self, streams: Mapping[Any, Encodable], count: int | None = None, block: int | None = None
    ) -> Ready[list[list[Any]]]: ...
    def xinfo_stream(self, name: Encodable, full: bool = False) -> Ready[dict[str, Any]]: ...
    def xinfo_groups(self, name: Encodable) -> Ready[list[dict[str, Any]]]: ...
    def xinfo_consumers(
        self, name: Encodable, groupname: Encodable
    ) -> Ready[list[dict[str, Any]]]: ...
    def xgroup_create(
        self,
        name: Encodable,
        groupname: Encodable,
        id: Encodable | None = None,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Ready[bool]: ...
    def xgroup_setid(
        self, name: Encodable, groupname: Encodable, id: Encodable, entries_read: int | None = None
    ) -> Ready[bool]: ...
    def xgroup_destroy(self, name: Encodable, groupname: Encodable) -> Ready[bool]: ...
    def xgroup_createconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> Ready[int]: ...
    def xgroup_delconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> Ready[int]: ...
    def xreadgroup(
        self,
        groupname: Encodable,
        consumername: Encodable,
        streams: Mapping[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
    ) -> Ready[list[list[Any]]]: ...
    def xack(self, name: Encodable, groupname: Encodable, *ids: Encodable) -> Ready[int]: ...
    def xackdel(
        self, name: Encodable, groupname: Encodable, *ids: Encodable, ref_policy: str | None = None
    ) -> Ready[list[int]]: ...
    def xpending(self, name: Encodable, groupname: Encodable) -> Ready[dict[str, Any]]: ...
    def xpending_range(
        self,
        name: Encodable,
        groupname: Encodable,
        min: Encodable | None,
        max: Encodable | None,
        count: int | None,
        consumername: Encodable | None = None,
        idle: int | None = None,
    ) -> Ready[Any]: ...
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Iterable[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> Ready[list[Any]]: ...
    def xautoclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        start_id: Encodable | None = None,
        count: int | None = None,
        justid: bool = False,
    ) -> Ready[list[Any]]: ...
