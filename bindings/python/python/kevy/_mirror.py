"""``Mirror``: a copy of a primary in this process, to read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ._runtime import Runtime

if TYPE_CHECKING:
    from typing_extensions import Self


class Mirror(Runtime):
    """A read-only copy of a primary, kept up to date by its stream and read at the speed of memory.

    ``source`` is a URL as for ``Replica``: ``kevy://host:port``, ``redis://host:port``, ``sentinel://host:port/name``.
    Where one of Redis or Valkey forbids PSYNC, as managed services do, one database is scanned and tracked, which is weaker:
    ``INFO replication`` then says ``replica_guarantee:weaker``.
    With ``prefixes`` only keys that begin with one of them are copied. Reads fail once the copy may lie more than
    ``max_staleness`` seconds behind. Further keyword arguments are those of ``Runtime``.

    Until the first snapshot is in place it is empty: ``wait_synced`` waits for that. Writes raise ``ReadOnlyError``.
    """

    @staticmethod
    def _options(
        source: str, prefixes: Sequence[str | bytes], max_staleness: float | None, options: dict[str, Any]
    ) -> dict[str, Any]:
        if isinstance(prefixes, str | bytes):
            raise TypeError(f"prefixes must be a sequence of prefixes, not {prefixes!r} alone")
        words = "&".join(f"prefix={quote(prefix, safe='')}" for prefix in prefixes)
        if words:
            source += ("&" if "?" in source else "?") + words
        if max_staleness is not None:
            options["max_staleness"] = round(max_staleness * 1000)
        # Sentinels are not told of a copy inside a program, and never promote it.
        return {"replica_priority": 0, "replica_announced": False, **options, "replicaof": source}

    def __new__(
        cls,
        source: str,
        *,
        prefixes: Sequence[str | bytes] = (),
        max_staleness: float | None = None,
        **options: Any,
    ) -> Self:
        return super().__new__(cls, **cls._options(source, prefixes, max_staleness, options))

    def __init__(self, source: str, **options: Any) -> None:
        super().__init__()

    def wait(self, token: str, timeout: float | None = None) -> bool:
        """Waits until what its writer did before it got ``token`` can be read here; False after ``timeout`` seconds.

        A token is ``Runtime.token`` or the field ``repl_token`` of ``INFO replication`` on a kevy primary, or
        ``<master_replid>:<master_repl_offset>`` of Redis and Valkey.
        """
        return self.wait_token(token, timeout)
