"""Keeps strings of a primary in SQLite, each change exactly once, however often this program is killed.

    python exactly_once.py redis://host:port FILE.db

The cursor is stored in the same transaction as the data, so either both are there or neither. kevy, Redis and Valkey are
followed alike.
"""

import sqlite3
import sys

import kevy
from kevy import FrameKind

STRINGS = {b"SET", b"SETEX", b"PSETEX", b"GETSET", b"SETNX"}


def apply(sql: sqlite3.Connection, frame: kevy.Frame) -> None:
    verb, *args = frame.argv
    verb = verb.upper()
    if verb in STRINGS:
        value = args[2] if verb in (b"SETEX", b"PSETEX") else args[1]
        sql.execute("INSERT OR REPLACE INTO strings VALUES (?, ?, ?)", (frame.db, args[0], value))
    elif verb in (b"DEL", b"UNLINK"):
        sql.executemany("DELETE FROM strings WHERE db = ? AND key = ?", ((frame.db, key) for key in args))
    elif verb == b"FLUSHALL":
        sql.execute("DELETE FROM strings")
    elif verb == b"FLUSHDB":
        sql.execute("DELETE FROM strings WHERE db = ?", (frame.db,))
    sql.execute("UPDATE place SET changes = changes + 1")


def main() -> None:
    source, file = sys.argv[1:]
    sql = sqlite3.connect(file)
    sql.execute("CREATE TABLE IF NOT EXISTS strings (db INTEGER, key BLOB, value BLOB, PRIMARY KEY (db, key))")
    sql.execute("CREATE TABLE IF NOT EXISTS place (cursor BLOB, changes INTEGER)")
    kept = sql.execute("SELECT cursor FROM place").fetchone()
    if kept is None:
        sql.execute("INSERT INTO place VALUES (x'', 0)")
        sql.commit()
    with kevy.Replica(source, kept[0] if kept else b"") as replica:
        for batch in replica.batches(max=1024):
            with sql:
                for frame in batch:
                    if frame.kind is FrameKind.SNAPSHOT_BEGIN:
                        sql.execute("DELETE FROM strings")
                        sql.execute("UPDATE place SET changes = 0")
                    elif frame.kind in (FrameKind.ENTRY, FrameKind.COMMAND):
                        apply(sql, frame)
                # Empty in the middle of a snapshot: after a crash that begins anew.
                sql.execute("UPDATE place SET cursor = ?", (batch.cursor,))
            count, changes = sql.execute("SELECT (SELECT count(*) FROM strings), changes FROM place").fetchone()
            print(f"strings: {count} changes: {changes}", flush=True)


if __name__ == "__main__":
    main()
