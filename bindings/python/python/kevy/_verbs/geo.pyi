"""Verbs of places on the earth."""

from collections.abc import Iterable
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class Geo(Generic[AnyStr]):
    def geoadd(
        self,
        name: Encodable,
        values: Iterable[Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> int: ...
    def geodist(
        self, name: Encodable, place1: Encodable, place2: Encodable, unit: str | None = None
    ) -> float | None: ...
    def geohash(self, name: Encodable, *values: Encodable) -> list[str | None]: ...
    def geopos(self, name: Encodable, *values: Encodable) -> list[tuple[float, float] | None]: ...
    def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Any: ...
    def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Any: ...
    def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> list[Any]: ...
    def geosearchstore(
        self,
        dest: Encodable,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> int: ...

class QueuedGeo(Generic[AnyStr]):
    def geoadd(
        self,
        name: Encodable,
        values: Iterable[Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> Any: ...
    def geodist(
        self, name: Encodable, place1: Encodable, place2: Encodable, unit: str | None = None
    ) -> Any: ...
    def geohash(self, name: Encodable, *values: Encodable) -> Any: ...
    def geopos(self, name: Encodable, *values: Encodable) -> Any: ...
    def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Any: ...
    def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Any: ...
    def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> Any: ...
    def geosearchstore(
        self,
        dest: Encodable,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> Any: ...

class AsyncGeo(Generic[AnyStr]):
    def geoadd(
        self,
        name: Encodable,
        values: Iterable[Encodable],
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> Ready[int]: ...
    def geodist(
        self, name: Encodable, place1: Encodable, place2: Encodable, unit: str | None = None
    ) -> Ready[float | None]: ...
    def geohash(self, name: Encodable, *values: Encodable) -> Ready[list[str | None]]: ...
    def geopos(
        self, name: Encodable, *values: Encodable
    ) -> Ready[list[tuple[float, float] | None]]: ...
    def georadius(
        self,
        name: Encodable,
        longitude: float,
        latitude: float,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Ready[Any]: ...
    def georadiusbymember(
        self,
        name: Encodable,
        member: Encodable,
        radius: float,
        unit: str | None = None,
        withdist: bool = False,
        withcoord: bool = False,
        withhash: bool = False,
        count: int | None = None,
        sort: str | None = None,
        store: Encodable | None = None,
        store_dist: Encodable | None = None,
        any: bool = False,
    ) -> Ready[Any]: ...
    def geosearch(
        self,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> Ready[list[Any]]: ...
    def geosearchstore(
        self,
        dest: Encodable,
        name: Encodable,
        member: Encodable | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: str | None = None,
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: str | None = None,
        count: int | None = None,
        any: bool = False,
        storedist: bool = False,
    ) -> Ready[int]: ...
