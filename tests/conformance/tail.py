"""A copy of a server, made of nothing but the frames of its replication stream."""

import time

from support.wait import DEADLINE_SECONDS

from .state import DATABASES
from .targets import Session

#: How long one wait for a frame lasts before the copy is compared again.
FRAME_SECONDS = 0.02


class Tail:
    """Follows the server at ``port`` and applies every frame to a keyspace in this process."""

    def __init__(self, port: int):
        import kevy

        self.kinds = kevy.FrameKind
        self.replica = kevy.Replica(f"kevy://127.0.0.1:{port}")
        self.copy = kevy.Keyspace(enable_debug_command="yes")
        self.snapshots = 0

    def apply(self, frame) -> None:
        if frame.kind is self.kinds.SNAPSHOT_BEGIN:
            self.copy.dispatch("FLUSHALL")
            self.snapshots += 1
        elif frame.kind in (self.kinds.ENTRY, self.kinds.COMMAND):
            self.copy.apply(frame.db, frame.argv)

    def equals(self, session: Session) -> bool:
        """Whether the copy comes to hold what the server holds, which nobody changes meanwhile."""
        deadline = time.monotonic() + DEADLINE_SECONDS / 6
        while True:
            while batch := self.replica.next_batch(timeout=0):
                for frame in batch:
                    self.apply(frame)
            if self.snapshots and self.copy.dispatch("DEBUG", "DIGEST") == session.call("DEBUG", "DIGEST").value:
                return True
            if time.monotonic() > deadline:
                return False
            if frame := self.replica.next(timeout=FRAME_SECONDS):
                self.apply(frame)

    def differences(self, session: Session) -> list[str]:
        """The keys whose values or expiries differ, one line each."""
        lines = []
        for database in DATABASES:
            session.call("SELECT", database)
            self.copy.dispatch("SELECT", database)
            theirs = {key.value for key in session.call("KEYS", "*").value}
            for key in sorted(theirs | set(self.copy.dispatch("KEYS", "*"))):
                want = session.call("DEBUG", "DIGEST-VALUE", key).value[0].value
                if self.copy.dispatch("DEBUG", "DIGEST-VALUE", key) != [want]:
                    lines.append(f"{(database, key)} of the copy differs from the server's")
        session.call("SELECT", 0)
        self.copy.dispatch("SELECT", 0)
        return lines

    def close(self) -> None:
        self.replica.close()
