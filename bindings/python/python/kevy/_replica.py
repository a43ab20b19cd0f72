"""``Replica``: follow a primary frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import _kevy, _log
from ._errors import ClosedError

if TYPE_CHECKING:
    from typing_extensions import Self


class Replica(_kevy.Replica):
    """A primary's snapshot and then every change, from where the last run stopped.

    ``source`` is a URL (``kevy://host:port``, ``kevy+unix:///path``, for Redis and Valkey ``redis://host:port`` or
    ``sentinel://host:port/name``), a connected socket or its descriptor, which is duplicated, or a ``Runtime`` of this
    process. With ``prefixes`` only keys come that begin with one of them, and commands on them; with ``type`` (such as
    ``"hash,string"``, for a kevy primary) only values of these types. ``cursor`` is what the last run saved; without it a snapshot comes first. Iterate it, or take ``batches``; save the cursor together with what was
    applied.

    Schemes that end in ``s`` (``kevys``, ``rediss``, ``valkeys``) encrypt the link; ``tls_ca_cert_file``,
    ``tls_ca_cert_dir``, ``tls_cert_file``, ``tls_key_file`` and ``tls_server_name`` say with what. ``compression="zstd"`` or
    ``"lz4"`` has a kevy primary compress what it sends, ``batches=True`` add checksums alone. Further options are
    those of the reference page, such as ``database``, ``sentinel_user`` and ``sentinel_password``.

    Managed services forbid PSYNC. There the keys of one database are scanned and tracked (``follow="auto"``; ``"psync"``
    fails instead, ``"scan"`` asks for nothing else), and ``stats["weaker"]`` is true: for each key the last value arrives,
    but not those in between, nor the order of changes to different keys, nor transactions, and a cursor leads to a new
    snapshot.
    """

    def __new__(
        cls,
        source: Any,
        cursor: bytes | None = None,
        *,
        prefixes: Sequence[str | bytes] | None = None,
        **options: Any,
    ) -> Self:
        _log.start()
        return super().__new__(cls, source, cursor, prefixes=prefixes, **options)

    def batches(self, max: int = 1024) -> Iterator[_kevy.Batch]:  # noqa: A002
        """Batches of up to ``max`` frames, until the replica is closed."""
        while True:
            try:
                batch = self.next_batch(max)
            except ClosedError:
                if self.closed:
                    return
                raise
            if batch is not None:
                yield batch
