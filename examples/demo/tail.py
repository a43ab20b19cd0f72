"""Follows a primary into a journal and a bare keyspace: python tail.py URL JOURNAL

A record of the journal is a batch of frames with the cursor behind them, so the copy and the place to resume from can
never disagree: after a crash the torn last record is cut off and the primary sends it again. Layout, little-endian:
cursor length (4 bytes), frames length (4), cursor, then per frame database (4), argument count (4), and each
argument's length (4) and bytes.
"""

from __future__ import annotations

import json
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import kevy
from kevy import FrameKind

PAIR = struct.Struct("<II")
WORD = struct.Struct("<I")


def say(event: str, **more: Any) -> None:
    print(json.dumps({"event": event, **more}), flush=True)


class Copy:
    """The primary's data, rebuilt from frames."""

    def __init__(self) -> None:
        self.keyspace = kevy.Keyspace(enable_debug_command="yes")
        self.frames = 0
        self.bytes = 0

    def apply(self, db: int, argv: list[bytes]) -> None:
        self.keyspace.apply(db, argv)
        self.frames += 1
        self.bytes += sum(map(len, argv))


def encode(db: int, argv: list[bytes]) -> bytes:
    parts = [PAIR.pack(db, len(argv))]
    for arg in argv:
        parts += [WORD.pack(len(arg)), arg]
    return b"".join(parts)


def replay(journal: BinaryIO, copy: Copy) -> bytes:
    """Applies the whole records of the journal, cuts off a torn one, and returns the last cursor."""
    data = journal.read()
    at = 0
    cursor = b""
    while at + PAIR.size <= len(data):
        cursor_len, frames_len = PAIR.unpack_from(data, at)
        start = at + PAIR.size + cursor_len
        end = start + frames_len
        if end > len(data):
            break
        cursor = data[start - cursor_len : start]
        while start < end:
            db, argc = PAIR.unpack_from(data, start)
            start += PAIR.size
            argv = []
            for _ in range(argc):
                (length,) = WORD.unpack_from(data, start)
                start += WORD.size
                argv.append(data[start : start + length])
                start += length
            copy.apply(db, argv)
        at = end
    journal.truncate(at)
    journal.seek(at)
    return cursor


def main(url: str, path: str) -> None:
    copy = Copy()
    Path(path).touch()
    with open(path, "r+b", buffering=0) as journal:
        cursor = replay(journal, copy)
        lags: list[float] = []
        live = bool(cursor)
        done = False
        begin = time.monotonic()
        first = copy.frames
        with kevy.Replica(url, cursor=cursor) as replica:
            while not done:
                batch = replica.next_batch(max=1024)
                frames = bytearray()
                for frame in batch:
                    if frame.kind == FrameKind.SNAPSHOT_BEGIN:
                        say("snapshot")
                        copy.keyspace.dispatch("FLUSHALL")
                        journal.truncate(0)
                        journal.seek(0)
                        frames.clear()
                    elif frame.kind == FrameKind.SNAPSHOT_END:
                        live = True
                    elif frame.kind in (FrameKind.ENTRY, FrameKind.COMMAND):
                        argv = frame.argv
                        copy.apply(frame.db, argv)
                        frames += encode(frame.db, argv)
                        if argv[1:2] == [b"demo:clock"] and live:
                            lags.append((time.time_ns() - int(argv[2])) / 1e6)
                        done = done or argv[1:2] == [b"demo:done:0"]
                journal.write(PAIR.pack(len(batch.cursor), len(frames)) + batch.cursor + frames)
                say("progress", frames=copy.frames, live=live)
        lags = sorted(lags) or [0.0]
        say(
            "done",
            keys=copy.keyspace.dispatch("DBSIZE"),
            frames=copy.frames,
            bytes=copy.bytes,
            seconds=(time.monotonic() - begin) * copy.frames / max(copy.frames - first, 1),
            lag_p50_ms=lags[len(lags) // 2],
            lag_p99_ms=lags[len(lags) * 99 // 100],
            digest=copy.keyspace.dispatch("DEBUG", "DIGEST").decode(),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
