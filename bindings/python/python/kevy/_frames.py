"""What the frames of a replica are."""

from __future__ import annotations

import enum


class FrameKind(str, enum.Enum):
    """What a frame is. ENTRY and COMMAND carry an argv; whoever applies each of them holds a true copy."""

    #: A snapshot begins: whatever the consumer holds is not part of the copy any more.
    SNAPSHOT_BEGIN = "snapshot-begin"
    #: A command that rebuilds a key of the snapshot, or a part of one.
    ENTRY = "entry"
    #: The snapshot is whole; changes follow.
    SNAPSHOT_END = "snapshot-end"
    #: A command that changed the primary's keyspace.
    COMMAND = "command"
    #: The commands up to the matching end happened at once.
    TXN_BEGIN = "txn-begin"
    #: The transaction is whole.
    TXN_END = "txn-end"
    #: Everything that had happened on the primary at a moment has been handed out. Only with ``bookmarks=True``.
    BOOKMARK = "bookmark"
    #: The position could not be continued, for the ``reason`` given; a snapshot follows.
    RESYNC = "resync"
    #: The link came up or went down.
    LINK = "link"


#: The kinds by their number in the engine, which counts from 1.
BY_NUMBER: dict[int, FrameKind] = dict(enumerate(FrameKind, start=1))
