"""Verbs of vector sets."""

from collections.abc import Sequence
from typing import Any, AnyStr, Generic

from .._kevy import Ready
from .._types import Encodable

class VectorSets(Generic[AnyStr]):
    def vadd(
        self,
        key: Encodable,
        vector: bytes | Sequence[float],
        element: Encodable,
        reduce_dim: int | None = None,
        cas: bool = False,
        quantization: Any = None,
        ef: int | None = None,
        attributes: dict[str, Any] | str | None = None,
        numlinks: int | None = None,
    ) -> int: ...
    def vsim(
        self,
        key: Encodable,
        input: Encodable | Sequence[float],
        with_scores: bool = False,
        with_attribs: bool = False,
        count: int | None = None,
        ef: int | None = None,
        filter: str | None = None,
        filter_ef: int | None = None,
        truth: bool = False,
        no_thread: bool = False,
        epsilon: float | None = None,
    ) -> Any: ...
    def vdim(self, key: Encodable) -> int: ...
    def vcard(self, key: Encodable) -> int: ...
    def vrem(self, key: Encodable, element: Encodable) -> int: ...
    def vemb(self, key: Encodable, element: Encodable, raw: bool = False) -> Any: ...
    def vlinks(
        self, key: Encodable, element: Encodable, with_scores: bool = False
    ) -> list[Any] | None: ...
    def vinfo(self, key: Encodable) -> dict[AnyStr, Any] | None: ...
    def vsetattr(
        self, key: Encodable, element: Encodable, attributes: dict[str, Any] | str | None = None
    ) -> int: ...
    def vgetattr(self, key: Encodable, element: Encodable) -> dict[str, Any] | None: ...
    def vrandmember(self, key: Encodable, count: int | None = None) -> Any: ...
    def vrange(
        self, key: Encodable, start: Encodable, end: Encodable, count: int | None = None
    ) -> list[AnyStr]: ...

class QueuedVectorSets(Generic[AnyStr]):
    def vadd(
        self,
        key: Encodable,
        vector: bytes | Sequence[float],
        element: Encodable,
        reduce_dim: int | None = None,
        cas: bool = False,
        quantization: Any = None,
        ef: int | None = None,
        attributes: dict[str, Any] | str | None = None,
        numlinks: int | None = None,
    ) -> Any: ...
    def vsim(
        self,
        key: Encodable,
        input: Encodable | Sequence[float],
        with_scores: bool = False,
        with_attribs: bool = False,
        count: int | None = None,
        ef: int | None = None,
        filter: str | None = None,
        filter_ef: int | None = None,
        truth: bool = False,
        no_thread: bool = False,
        epsilon: float | None = None,
    ) -> Any: ...
    def vdim(self, key: Encodable) -> Any: ...
    def vcard(self, key: Encodable) -> Any: ...
    def vrem(self, key: Encodable, element: Encodable) -> Any: ...
    def vemb(self, key: Encodable, element: Encodable, raw: bool = False) -> Any: ...
    def vlinks(self, key: Encodable, element: Encodable, with_scores: bool = False) -> Any: ...
    def vinfo(self, key: Encodable) -> Any: ...
    def vsetattr(
        self, key: Encodable, element: Encodable, attributes: dict[str, Any] | str | None = None
    ) -> Any: ...
    def vgetattr(self, key: Encodable, element: Encodable) -> Any: ...
    def vrandmember(self, key: Encodable, count: int | None = None) -> Any: ...
    def vrange(
        self, key: Encodable, start: Encodable, end: Encodable, count: int | None = None
    ) -> Any: ...

class AsyncVectorSets(Generic[AnyStr]):
    def vadd(
        self,
        key: Encodable,
        vector: bytes | Sequence[float],
        element: Encodable,
        reduce_dim: int | None = None,
        cas: bool = False,
        quantization: Any = None,
        ef: int | None = None,
        attributes: dict[str, Any] | str | None = None,
        numlinks: int | None = None,
    ) -> Ready[int]: ...
    def vsim(
        self,
        key: Encodable,
        input: Encodable | Sequence[float],
        with_scores: bool = False,
        with_attribs: bool = False,
        count: int | None = None,
        ef: int | None = None,
        filter: str | None = None,
        filter_ef: int | None = None,
        truth: bool = False,
        no_thread: bool = False,
        epsilon: float | None = None,
    ) -> Ready[Any]: ...
    def vdim(self, key: Encodable) -> Ready[int]: ...
    def vcard(self, key: Encodable) -> Ready[int]: ...
    def vrem(self, key: Encodable, element: Encodable) -> Ready[int]: ...
    def vemb(self, key: Encodable, element: Encodable, raw: bool = False) -> Ready[Any]: ...
    def vlinks(
        self, key: Encodable, element: Encodable, with_scores: bool = False
    ) -> Ready[list[Any] | None]: ...
    def vinfo(self, key: Encodable) -> Ready[dict[AnyStr, Any] | None]: ...
    def vsetattr(
        self, key: Encodable, element: Encodable, attributes: dict[str, Any] | str | None = None
    ) -> Ready[int]: ...
    def vgetattr(self, key: Encodable, element: Encodable) -> Ready[dict[str, Any] | None]: ...
    def vrandmember(self, key: Encodable, count: int | None = None) -> Ready[Any]: ...
    def vrange(
        self, key: Encodable, start: Encodable, end: Encodable, count: int | None = None
    ) -> Ready[list[AnyStr]]: ...
