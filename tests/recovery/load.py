"""A load that knows what was acknowledged: counters, lists that grow, and money that moves between shards in transactions."""

import random
import threading

from support.resp import Connection, Disconnected

ACCOUNTS = [f"account:{number}" for number in range(30)]
BALANCE = 1000


def prepare(session: Connection) -> None:
    for account in ACCOUNTS:
        assert session.call("SET", account, BALANCE).text == "OK"


class Writer(threading.Thread):
    """One client that writes until the server is gone, and notes what it was told."""

    def __init__(self, server, number: int, seed: int):
        super().__init__()
        self.session = server.connect()
        self.number = number
        self.random = random.Random(seed * 1000 + number)
        #: Increments of the own counter and elements of the own list that were sent and acknowledged.
        self.sent = self.acknowledged = 0
        self.pushed = self.pushed_acknowledged = 0
        self.refused = 0

    def run(self) -> None:
        try:
            while True:
                self.step()
        except (OSError, Disconnected):
            return

    def step(self) -> None:
        kind = self.random.randrange(3)
        if kind == 0:
            self.sent += 1
            reply = self.session.call("INCR", f"counter:{self.number}")
            if self.note(reply):
                self.acknowledged = reply.value
        elif kind == 1:
            burst = self.random.randrange(1, 5)
            commands = [("RPUSH", f"list:{self.number}", self.pushed + at) for at in range(burst)]
            self.pushed += burst
            for reply in self.session.pipeline(commands):
                if self.note(reply):
                    self.pushed_acknowledged = reply.value
        else:
            one, other = self.random.sample(ACCOUNTS, 2)
            amount = self.random.randrange(1, 9)
            replies = self.session.pipeline(
                [("MULTI",), ("DECRBY", one, amount), ("INCRBY", other, amount), ("INCR", f"moved:{self.number}"), ("EXEC",)]
            )
            self.note(replies[-1])

    def note(self, reply) -> bool:
        if reply.is_error:
            assert "MISCONF" in reply.text or "EXECABORT" in reply.text, reply
            self.refused += 1
            return False
        return True


def start(server, seed: int, writers: int = 4) -> list[Writer]:
    threads = [Writer(server, number, seed) for number in range(writers)]
    for thread in threads:
        thread.start()
    return threads


def total(session: Connection) -> int:
    """All money: it is neither made nor lost by half a transaction."""
    return sum(int(balance.value) for balance in session.call("MGET", *ACCOUNTS).value)


def check(session: Connection, writers: list[Writer]) -> None:
    """Everything that was acknowledged is there, nothing that was not sent, and no half of a transaction."""
    assert total(session) == BALANCE * len(ACCOUNTS)
    for writer in writers:
        counted = int(session.call("GET", f"counter:{writer.number}").value or 0)
        assert writer.acknowledged <= counted <= writer.sent, (writer.acknowledged, counted, writer.sent)
        elements = [int(element.value) for element in session.call("LRANGE", f"list:{writer.number}", 0, -1).value]
        assert writer.pushed_acknowledged <= len(elements) <= writer.pushed, (writer.pushed_acknowledged, elements, writer.pushed)
        assert elements == sorted(elements)
