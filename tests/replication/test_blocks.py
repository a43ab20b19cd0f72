"""Links to a kevy primary whose bytes come in blocks with checksums, compressed or not."""

import pytest

from support.resp import info
from support.wait import eventually

from .links import Link, hang_up
from .test_parts import sent
from .test_tail import tail  # noqa: F401


class DamagingLink(Link):
    """Changes one byte of what the primary sends, as often as it is told to."""

    def __init__(self, port: int):
        self.damages = 0
        self.damaged = 0
        super().__init__(port)

    def _pump(self, source, sink) -> None:
        is_from_primary = any(source is far for _, far in self.pairs)
        try:
            while data := source.recv(1 << 16):
                if is_from_primary and self.damages > self.damaged and len(data) > 200:
                    self.damaged += 1
                    at = len(data) * self.damaged // (self.damages + 1)
                    data = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]
                sink.sendall(data)
        except OSError:
            pass
        hang_up(source, sink)


@pytest.mark.parametrize("options", [("--batches", "yes"), ("--compression", "lz4"), ("--compression", "zstd")])
def test_damage_on_the_way_is_found_and_what_was_damaged_comes_again(kevy, closing, tail, options):  # noqa: F811
    server = kevy(2)
    between = closing(DamagingLink(server.port))
    primary = server.connect()
    follower = tail(f"kevy://127.0.0.1:{between.port}", *options)
    follower.until(lambda frame: frame["kind"] == "snapshot-end")
    written = {}
    for turn in range(5):
        between.damages += 1
        # Every value tells itself, so that one that was changed would be seen.
        for number in range(200):
            written[f"key:{turn}:{number}"] = f"{turn} {number} " * 10
        primary.pipeline([("SET", key, value) for key, value in written.items() if key.startswith(f"key:{turn}:")])
        eventually(lambda: between.damaged == between.damages, "a byte was changed")
        down = follower.until(lambda frame: frame["kind"] == "link" and not frame["up"])[-1]
        assert "block" in down["reason"], down
        follower.until(lambda frame: frame["kind"] == "link" and frame["up"])
    primary.call("MULTI")
    primary.pipeline([("SET", f"last:{number}", "1") for number in range(64)])
    primary.call("EXEC")
    follower.until(lambda frame: frame["kind"] == "transaction-end")
    seen = [frame["argv"] for frame in follower.seen if frame["kind"] == "command"]
    assert {argv[1]: argv[2] for argv in seen if argv[1].startswith("key:")} == written
    assert len(seen) == len(written) + 64, "nothing came twice"
    assert info(primary, "stats")["sync_full"] == "1"


def test_what_shrinks_is_compressed(kevy, tail):  # noqa: F811
    taken = {}
    for compression in ("none", "lz4", "zstd"):
        server = kevy()
        primary = server.connect()
        value = '{"name": "somebody", "active": true, "groups": [1, 2, 3]}'
        primary.pipeline([("SET", f"before:{number}", value) for number in range(2000)])
        follower = tail(f"kevy://127.0.0.1:{server.port}?compression={compression}")
        follower.until(lambda frame: frame["kind"] == "snapshot-end")
        primary.pipeline([("SET", f"after:{number}", value) for number in range(2000)])
        follower.until_argv("SET", "after:1999", value)
        taken[compression] = sent(primary)
        follower.close()
        server.close()
    assert taken["lz4"] < taken["none"] / 2 and taken["zstd"] < taken["none"] / 3, taken


def test_a_mirror_is_fed_in_compressed_parts(kevy):
    server = kevy(3)
    primary = server.connect()
    copy = kevy(2, replicaof=f"kevy://127.0.0.1:{server.port}?compression=zstd&prefix=user:").connect()
    primary.pipeline([("HSET", f"user:{number}", "name", "somebody") for number in range(300)])
    primary.pipeline([("SET", f"other:{number}", "value") for number in range(300)])
    primary.call("RENAME", "other:1", "user:renamed")
    eventually(lambda: copy.call("DBSIZE").value == 301, "the part is copied")
    assert copy.call("GET", "user:renamed").value == b"value"
