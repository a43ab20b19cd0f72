"""When two replies count as the same.

Most are compared byte for byte. A rule names what may differ: numbers that follow the clock, orders that follow a
hash seed, identities of one server.
"""

import re
from typing import Callable, NamedTuple

from support.resp import Reply

#: Fields of HELLO's reply that name the server and the connection.
IDENTITY = {b"server", b"version", b"id", b"modules", b"mode", b"role"}


class Rule(NamedTuple):
    """``reduce`` maps a reply to what is compared; ``tolerance`` is how far integers may lie apart."""

    name: str
    reduce: Callable[[Reply], object]
    tolerance: int = 0


def _children(reply: Reply) -> tuple:
    return reply.value if reply.kind in "*~%>" and reply.value is not None else ()


def _sorted(reply: Reply) -> Reply:
    return Reply(reply.kind, tuple(sorted(_children(reply), key=repr))) if _children(reply) else reply


def _sorted_pairs(reply: Reply) -> Reply:
    items = _children(reply)
    if reply.kind == "%" or not items or len(items) % 2:
        return _sorted(reply)
    return Reply(reply.kind, tuple(sorted(zip(items[::2], items[1::2]), key=repr)))


def _length(reply: Reply) -> object:
    return reply.kind, len(reply.value) if isinstance(reply.value, (tuple, bytes)) else reply.value


def _encoding(reply: Reply) -> Reply:
    if reply.value in (b"int", b"embstr", b"raw"):
        return Reply("$", b"string")
    return Reply("$", b"listpack") if reply.value in (b"quicklist", b"hashtable", b"skiplist") else reply


def _scan(reply: Reply) -> object:
    items = _children(reply)
    return (items[0], _sorted(items[1])) if len(items) == 2 else reply


def _choice(reply: Reply) -> object:
    return reply.kind if reply.kind == "$" and reply.value is not None else _length(reply)


SCORE = re.compile(rb"-?\d+(\.\d+)?(e[+-]?\d+)?")


def scores(reply: Reply) -> Reply:
    """A reply with its scores as numbers: since 7.2 they are written with as few digits as tell them apart."""
    if reply.kind in "*~>" and reply.value is not None:
        return Reply(reply.kind, tuple(map(scores, reply.value)))
    if reply.kind in "$," and isinstance(reply.value, bytes) and SCORE.fullmatch(reply.value):
        return Reply(reply.kind, float(reply.value))
    return reply


def _without_identity(reply: Reply) -> object:
    items = _children(reply)
    pairs = items if reply.kind == "%" else tuple(zip(items[::2], items[1::2]))
    return reply if not items else (reply.kind, [(k, v) for k, v in pairs if k.value not in IDENTITY])


EXACT = Rule("exact", lambda reply: reply)
SORTED = Rule("sorted", _sorted)
PAIRS = Rule("pairs", _sorted_pairs)
LENGTH = Rule("length", _length)
#: An encoding as far as a name alone tells it: those of strings depend on how the string came about, lists may be listpacks
#: only since 7.2, and so may sets, of which the reference makes hash tables, and its SORT makes skiplists of sorted sets.
ENCODING = Rule("encoding", _encoding)
#: A cursor, and keys in any order.
SCAN = Rule("scan", _scan)
#: One member or several of the server's choice.
CHOICE = Rule("choice", _choice)
#: Members and scores.
SCORES = Rule("scores", scores)
#: A cursor, and members with scores in any order.
SCAN_SCORES = Rule("scan scores", lambda reply: _scan(scores(reply)))
#: The type of the reply, and the text of an error.
KIND = Rule("kind", lambda reply: reply if reply.is_error else reply.kind)
#: An error by its first word.
CODE = Rule("code", lambda reply: (reply.kind, reply.value.split(b" ")[0]) if reply.is_error else reply)
HELLO = Rule("hello", _without_identity)


#: Times since a delivery above this (milliseconds) were asked for; those below passed.
LONG_MS = 1_000_000_000


def _pending(reply: Reply) -> object:
    """Rows of XPENDING without the exact time since the last delivery."""
    return [
        (row.value[:2], row.value[2].value >= LONG_MS, row.value[3:]) if row.kind == "*" and len(row.value or ()) == 4 and row.value[2].kind == ":" else row
        for row in _children(reply)
    ] or reply


#: What XINFO says of time, and what it has said only, or otherwise, since 7.2: a lag is the length of the stream where the
#: group has read nothing of what is there.
TIMES_OF_XINFO = {b"seen-time", b"active-time", b"inactive", b"idle", b"pel", b"pending", b"lag"}


def _untimed(reply: Reply) -> object:
    """What XINFO says of a stream, its groups and consumers, but for times; of pending entries only the number."""
    items = _children(reply)
    if not items:
        return reply
    if reply.kind == "%":
        return [(key.value, _untimed(value)) for key, value in items if key.value not in TIMES_OF_XINFO]
    pairs = list(zip(items[::2], items[1::2]))
    if len(items) % 2 == 0 and all(key.kind == "$" for key, _ in pairs) and pairs[0][0].value in (b"length", b"name", b"seen-time"):
        return [(key.value, _untimed(value)) for key, value in pairs if key.value not in TIMES_OF_XINFO]
    return [_untimed(item) for item in items]


#: XINFO's replies.
XINFO = Rule("xinfo", _untimed)
#: XPENDING's replies.
PENDING = Rule("pending", _pending)


def near(distance: int) -> Rule:
    return Rule(f"near {distance}", lambda reply: reply, distance)


RULES = {rule.name: rule for rule in (EXACT, SORTED, PAIRS, LENGTH, CHOICE, KIND, CODE, HELLO)}

SECONDS = near(2)
MILLISECONDS = near(2_000)

#: The rule of a verb where a case names none.
DEFAULTS = {
    "acl|help": KIND,
    "client|help": KIND,
    "client|id": KIND,
    "client|info": KIND,
    "client|list": KIND,
    "command": KIND,
    "command|count": KIND,
    "command|docs": KIND,
    "command|help": KIND,
    "command|list": KIND,
    "config|help": KIND,
    "debug|help": KIND,
    "debug|htstats": KIND,
    "debug|object": KIND,
    "dump": KIND,
    "expiretime": SECONDS,
    "hello": HELLO,
    "hgetall": PAIRS,
    "hkeys": SORTED,
    "hrandfield": CHOICE,
    "hvals": SORTED,
    "info": KIND,
    "keys": SORTED,
    "latency|doctor": KIND,
    "latency|help": KIND,
    "latency|histogram": KIND,
    "lolwut": KIND,
    "memory|doctor": KIND,
    "memory|help": KIND,
    "memory|malloc-stats": KIND,
    "memory|stats": KIND,
    "memory|usage": KIND,
    "object|help": KIND,
    "object|idletime": SECONDS,
    # The reference shares small integers among keys.
    "object|refcount": KIND,
    "pexpiretime": MILLISECONDS,
    "pttl": MILLISECONDS,
    "randomkey": CHOICE,
    "scan": SCAN,
    "sdiff": SORTED,
    "sinter": SORTED,
    "slowlog|help": KIND,
    "smembers": SORTED,
    "spop": CHOICE,
    "srandmember": CHOICE,
    "sscan": SCAN,
    "sunion": SORTED,
    "time": LENGTH,
    "ttl": SECONDS,
    "xgroup|help": KIND,
    # 7.2 tells when a consumer was last active.
    "xinfo|consumers": LENGTH,
    "xinfo|help": KIND,
    "zrandmember": CHOICE,
    "zscan": SCAN_SCORES,
}


#: Verbs whose second word is part of the name.
CONTAINERS = {"client", "cluster", "command", "config", "debug", "latency", "memory", "object", "slowlog", "xgroup", "xinfo"}


def rule_for(arguments: list[bytes]) -> Rule:
    """The default rule for a command."""
    words = [word.decode("latin-1").lower() for word in arguments[:2]]
    name = "|".join(words) if words[0] in CONTAINERS else words[0]
    return DEFAULTS.get(name, SCORES if name.startswith(("z", "bz")) else EXACT)


def _close(want: object, got: object, distance: int) -> bool:
    if isinstance(want, Reply) and isinstance(got, Reply):
        if want.kind == got.kind == ":" and want.value >= 0 and got.value >= 0:
            return abs(want.value - got.value) <= distance
        return want.kind == got.kind and _close(want.value, got.value, distance)
    if isinstance(want, tuple) and isinstance(got, tuple):
        return len(want) == len(got) and all(_close(w, g, distance) for w, g in zip(want, got))
    return want == got


def same(rule: Rule, want: Reply, got: Reply) -> bool:
    """True where ``got`` is what ``want`` allows."""
    want, got = rule.reduce(want), rule.reduce(got)
    return want == got or (rule.tolerance > 0 and _close(want, got, rule.tolerance))


def same_exec(rules: list[Rule], want: Reply, got: Reply) -> bool:
    """The reply of EXEC: each element by the rule of the command queued for it."""
    if want.kind != "*" or want.value is None or got.value is None or len(want.value) != len(rules):
        return want == got
    return len(got.value) == len(rules) and all(map(same, rules, want.value, got.value))
