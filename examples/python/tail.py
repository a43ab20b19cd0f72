"""Follows a primary: a copy is built from a snapshot and kept true by every change.

    python tail.py [kevy://host:port]

Without a URL it follows a runtime of its own for a moment.
"""

import sys
import threading

import kevy
from kevy import FrameKind


def follow(source: str, cursor: bytes = b"") -> None:
    copy = kevy.Keyspace(decode_responses=True)
    with kevy.Replica(source, cursor) as replica:
        for batch in replica.batches(max=1024):
            for frame in batch:
                if frame.kind is FrameKind.SNAPSHOT_BEGIN:
                    # What was there before is no part of the copy any more.
                    copy.dispatch("FLUSHALL")
                elif frame.kind in (FrameKind.ENTRY, FrameKind.COMMAND):
                    copy.apply(frame.db, frame.argv)
            # Saved together with what was applied, the cursor is where the next run goes on.
            cursor = batch.cursor
            if copy.dispatch("GET", "state") == "done":
                break
    print("keys:", copy.dispatch("DBSIZE"), "cursor:", len(cursor), "bytes")


def main() -> None:
    if len(sys.argv) > 1:
        follow(sys.argv[1])
        return
    with kevy.Runtime(port=0) as rt:
        rt.session().mset({f"before:{number}": number for number in range(1000)})

        def write() -> None:
            db = rt.session()
            for number in range(1000):
                db.hset(f"during:{number % 10}", str(number), number)
            db.set("state", "done")

        writer = threading.Thread(target=write)
        writer.start()
        follow(f"kevy://127.0.0.1:{rt.port}")
        writer.join()


if __name__ == "__main__":
    main()
