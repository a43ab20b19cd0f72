"""Random commands from the grammar that the reference publishes with COMMAND DOCS.

Most are well formed; some have an argument dropped, doubled, moved or replaced, so that errors are compared as often as
results. The same seed gives the same commands. Values are chosen so that replies do not depend on the moment a command
runs: expiry times lie far ahead and far apart, or in the past.
"""

import random
import re

from support.resp import Reply

KEYS = [b"s1", b"s2", b"s3", b"n1", b"n2", b"h1", b"h2", b"h3", b"l1", b"l2", b"l3", b"m1", b"m2", b"m3", b"m4", b"z1", b"z2", b"z3", b"g1", b"g2", b"p1", b"p2", b"p3", b"{t}1", b"{t}2", b"x1", b"x2", b"x3", b"v1", b"v2", b"v3", b"", b"missing"]
#: Sorted sets whose members have the same score, so that they have an order by their names.
BY_NAME = [b"y1", b"y2", b"y3"]
FIELDS = [b"f1", b"f2", b"f3", b"n1", b"n2", b"", b"a field", b"7"]
#: Elements of lists, few enough to be found again, and of all sizes.
ELEMENTS = [b"a", b"b", b"c", b"", b"1", b"-7", b"01", b"100000", b"x" * 64, b"y" * 3_000, b"z" * 9_000]
#: Members of sets and sorted sets.
MEMBERS = [b"1", b"2", b"3", b"-7", b"100000", b"9223372036854775807", b"a", b"b", b"c", b"", b"01", b"x" * 64, b"y" * 65]
#: Places in a list and numbers of elements.
PLACES = [*(b"%d" % n for n in (*range(-5, 12), -100, 100, 2**63 - 1, -(2**63) + 1, 2**63)), b"abc", b"1.5", b""]
#: How the names of keys begin that mostly have the type of a group's verbs.
LETTERS = {b"hash": b"h", b"list": b"l", b"set": b"m", b"sorted-set": b"z", b"geo": b"g", b"hyperloglog": b"p", b"stream": b"x"}
#: Members that SORT takes for numbers, and names of other keys.
NUMBERS = [b"1", b"2", b"3", b"-7", b"10", b"2.5", b"1e3", b"0"]
#: Where SORT finds weights and what it returns.
PATTERNS_OF_SORT = [b"n*", b"s*", b"h*->f1", b"h1->*", b"h*->n1", b"*", b"#", b"nosort", b"missing*", b"*->f1", b"h*->", b""]
#: Ids of streams.
IDS = [*(b"%d-%d" % (ms, seq) for ms in range(8) for seq in range(3)), *(b"%d" % n for n in range(8)), b"5-*", b"0-0", b"18446744073709551615-18446744073709551615", b"18446744073709551615", b"abc", b"1-", b"", b"-5"]
#: Ends of ranges of ids.
ID_BOUNDS = [*IDS, b"-", b"+", b"-", b"+", b"-", b"+", b"(1", b"(2-1", b"(", b"(-", b"(18446744073709551615", b"(0"]
GROUPS_OF_STREAMS = [b"g1", b"g1", b"g1", b"g2", b"none", b""]
CONSUMERS = [b"alice", b"alice", b"bob", b"carol", b""]
#: Times in milliseconds that have surely passed since a delivery, or have not.
IDLE = [b"0", b"0", b"0", b"1000000000", b"-1", b"abc", b"9223372036854775807"]
#: Limits of ranges of names.
NAME_BOUNDS = [b"-", b"+", b"-", b"+", b"[a", b"(a", b"[b", b"(b", b"[c", b"[", b"(", b"[1", b"(100000", b"", b"a", b"nan"]
#: Limits of ranges of scores and ranks.
BOUNDS = [*(b"%d" % n for n in range(-4, 6)), b"(1", b"(-1.5", b"1.5", b"-inf", b"+inf", b"(inf", b"", b"abc", b"(", b"nan"]
#: Lengths in any unit.
REACHES = [b"0", b"1", b"100.5", b"500", b"1000", b"3000", b"20000", b"-1", b"abc"]
VALUES = [
    *(b"", b"0", b"1", b"-1", b"10", b"5.5", b"-2.25", b"3.0e3", b"9223372036854775807", b"-9223372036854775808"),
    *(b"abc", b"hello world", b"\x00\xff\r\n", b" 1", b"01", b"+1", b"1e400", b"x" * 44, b"y" * 45, b"z" * 64, b"w" * 65),
]
INTEGERS = [
    *(b"0", b"1", b"2", b"-1", b"3", b"-3", b"5", b"10", b"100", b"-100", b"9223372036854775807", b"-9223372036854775808"),
    *(b"9223372036854775808", b"abc", b"1.5", b"", b" 1", b"+1", b"01"),
]
#: Places in a string; nothing that makes a string of many megabytes.
OFFSETS = [b"0", b"1", b"5", b"10", b"-1", b"-5", b"600", b"536870912", b"9223372036854775807", b"abc"]
#: Places of bits and of integers in bits, and how the latter are encoded.
BITS = [*(b"%d" % n for n in (0, 0, 1, 5, 7, 8, 13, 31, 100, 3000, -1, 2**32, 2**63 - 1)), b"#0", b"#1", b"#7", b"abc", b""]
ENCODINGS = [b"u1", b"u4", b"u8", b"u16", b"u63", b"i1", b"i7", b"i8", b"i32", b"i64", b"u64", b"i0", b"x8", b""]
#: Operations that the reference knows.
BIT_OPERATIONS = [b"AND", b"OR", b"XOR", b"XOR", b"NOT", b"not", b"NAND", b""]
DOUBLES = [
    *(b"0", b"1", b"-1", b"1.5", b"0.1", b"-0.1", b"3.14159265358979", b"1e10", b"-1e-5", b"2.0e2", b"1e20", b"inf", b"-inf"),
    *(b"nan", b"abc", b"", b" 1", b"1 ", b"0x10", b".5", b"5.", b"+2"),
]
#: Subcommands of PFDEBUG.
DEBUGGED = [b"DECODE", b"encoding", b"ENCODING", b"decode", b"TODENSE", b"", b"abc"]
PATTERNS = [b"*", b"s?", b"h*", b"[a-n]*", b"f[12]", b"", b"missing", b"\\*", b"[^s]*"]
DATABASES = [b"0", b"1", b"2", b"15", b"16", b"-1", b"abc"]
TIMES_IN_THE_PAST = [b"0", b"-1", b"-100"]
BAD_TIMES = [b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"abc", b"1.5", b""]
GARBAGE = [b"FOO", b"", b"NX", b"XX", b"EX", b"PX", b"KEEPTTL", b"REPLACE", b"0", b"-1", b"GET", b"COUNT", b"WITHVALUES"]

#: The part of a verb's commands that fill its keys instead, where random ones hardly would.
FILLING = 0.2
#: Verbs over members in the order of their names.
LEXICAL = {"zlexcount", "zrangebylex", "zrevrangebylex", "zremrangebylex"}
#: Verbs of the stream group that wait, at most so long (milliseconds) here.
WAIT_MS = b"1"
#: Verbs that wait, for ever where a random timeout says so.
WAITING = {"blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"}
#: What random arguments cannot compare: cursors and choices of the server, waiting, other processes.
LEFT_OUT = {
    *("randomkey", "scan", "migrate", "wait", "waitaof", "object|help", "object|idletime"),
    *WAITING,
    # It takes the reference half a second.
    "pfselftest",
}
GROUPS = ("string", "bitmap", "hash", "list", "set", "sorted-set", "geo", "hyperloglog", "stream", "generic")
#: Verbs that since 7.2 say what is wrong where the key is missing or holds another type, too.
STRICT = {"bitcount", "bitpos"}
#: Verbs that take more than the reference knows, so that what is wrong there is right here.
NEWER = {"zrank", "zrevrank", *STRICT}
#: Verbs that take a time from now, of which a small one would pass while the test runs.
TIMED = {"set", "getex", "setex", "psetex", "expire", "pexpire", "restore"}


def forms(verb: str, arguments: Reply | None) -> set[tuple[str, str, str]]:
    """Every form of every argument of a verb, as :attr:`Generator.forms` notes them."""
    found = set()
    for row in map(as_dict, arguments.value if arguments else ()):
        name, flags = row["token" if "token" in row else "name"].value.decode(), _flags(row)
        found.add((verb, name, "given"))
        found |= {(verb, name, form) for flag, form in ((b"optional", "absent"), (b"multiple", "several")) if flag in flags}
        found |= forms(verb, row.get("arguments"))
    return found


def as_dict(reply: Reply) -> dict:
    return {key.value.decode(): value for key, value in reply.value}


def verbs(docs: Reply, named: set[str] | None = None) -> dict[str, dict]:
    """Each verb of the compared groups, subcommands as `verb|sub`, with its description; or just the ``named`` ones."""
    found = {}
    for name, row in as_dict(docs).items():
        row = as_dict(row)
        if named is None and row["group"].value.decode() not in GROUPS:
            continue
        if "subcommands" in row:
            found |= {sub: as_dict(its) for sub, its in as_dict(row["subcommands"]).items()}
        else:
            found[name] = row
    return {name: row for name, row in found.items() if (name not in LEFT_OUT if named is None else name in named)}


class Generator:
    """A source of random commands."""

    def __init__(self, docs: Reply, payloads: list[bytes], seed: int, named: set[str] | None = None):
        self.verbs = verbs(docs, named)
        self.payloads = payloads
        self.random = random.Random(seed)
        #: Arguments of verbs, by token or name, that were given, were absent, were given several times.
        self.forms: set[tuple[str, str, str]] = set()
        self.entries = 0
        self.by_name = False

    def command(self, verb: str) -> list[bytes]:
        """One command that calls ``verb``, or one that fills a key for it."""
        if filling := self.filling(verb):
            return filling
        # Members are in order of their names only where all scores are the same, which is so in keys of their own.
        self.by_name = verb in LEXICAL or verb in ("zrange", "zrangestore") and self.random.random() < 0.3
        arguments = self.verbs[verb].get("arguments")
        parts = [self.argument(argument, verb) for argument in map(as_dict, arguments.value if arguments else ())]
        parts = self.shuffled_options(parts, arguments)
        words = [word for part in parts for word in part]
        if verb in ("zrange", "zrangestore"):
            words = [self.sorted_by(word) if word.upper() in (b"BYLEX", b"BYSCORE") else word for word in words]
            if self.by_name and not any(word == b"BYLEX" for word in words):
                words.append(b"BYLEX")
        self.by_name = False
        if self.random.random() < 0.2 and verb not in NEWER:
            words = self.damaged(words)
            if verb == "lpos":
                # Redis 7.0 takes this rank, and 7.2 refuses it.
                words = [b"0" if word == b"-9223372036854775808" else word for word in words]
            if verb == "xsetid":
                # Redis 7.0 takes an id before an entry that was deleted, and 7.2 refuses it.
                words = [b"abc" if re.fullmatch(rb"[+-]?\d{1,2}(-\d+)?", word) else word for word in words]
            if verb in TIMED:
                words = [b"0" if word.isdigit() and int(word) < 10_000 else word for word in words]
        if verb in STRICT:
            words = words[:1] + [b"3" if not re.fullmatch(rb"-?\d{1,18}|(?i:byte|bit)", word) else word for word in words[1:]]
        if verb in ("sort", "sort_ro"):
            words = sortable(words)
        if self.verbs[verb]["group"].value == b"stream":
            words = without_time(words, verb)
        if verb == "spop":
            # Which members are left after a choice of the server's cannot be compared, so all go or none.
            words = [b"1000" if word.isdigit() and 0 < int(word) < 1000 else word for word in words]
            words += [b"1000"] if len(words) == 1 else []
        return [self.in_some_case(word) for word in verb.encode().split(b"|")] + words

    def filling(self, verb: str) -> list[bytes] | None:
        """A command that gives a verb something to work on."""
        pick = self.random.choice
        if verb in ("sort", "sort_ro") and self.random.random() < FILLING:
            return pick([[b"RPUSH", b"v1", pick(NUMBERS), pick(NUMBERS)], [b"SADD", b"v2", pick(NUMBERS), pick(NUMBERS)], [b"ZADD", b"v3", pick(BOUNDS[:9]), pick(NUMBERS)]])
        if verb in LEXICAL and self.random.random() < 2 * FILLING:
            return [b"ZADD", pick(BY_NAME), b"0", pick(MEMBERS), b"0", pick(MEMBERS)]
        if verb in ("xreadgroup", "xpending", "xack", "xclaim", "xautoclaim") and self.random.random() < FILLING:
            return pick([[b"XGROUP", b"CREATE", self.key(verb), b"g1", b"0", b"MKSTREAM"], [b"XREADGROUP", b"GROUP", b"g1", pick(CONSUMERS), b"COUNT", b"3", b"STREAMS", self.key(verb), b">"]])
        return None

    def sorted_by(self, word: bytes) -> bytes:
        return b"BYLEX" if self.by_name else b"BYSCORE"

    def commands(self, each: int) -> list[list[bytes]]:
        """That many commands of every verb, in random order."""
        order = [verb for verb in sorted(self.verbs) for _ in range(each)]
        self.random.shuffle(order)
        return [self.command(verb) for verb in order]

    def in_some_case(self, word: bytes) -> bytes:
        return self.random.choice([word.upper(), word.upper(), word.lower(), word.capitalize()])

    def shuffled_options(self, parts: list, arguments: Reply | None) -> list:
        """Moves optional arguments at the end about: their order does not matter to most verbs."""
        optional = [b"optional" in _flags(as_dict(a)) for a in arguments.value] if arguments else []
        tail = len(optional)
        while tail > 0 and optional[tail - 1]:
            tail -= 1
        if self.random.random() < 0.3:
            end = parts[tail:]
            self.random.shuffle(end)
            parts = parts[:tail] + end
        return parts

    def argument(self, row: dict, verb: str) -> list[bytes]:
        flags = _flags(row)
        name = row["token" if "token" in row else "name"].value.decode()
        if b"optional" in flags and self.random.random() < 0.6:
            self.forms.add((verb, name, "absent"))
            return []
        self.forms.add((verb, name, "given"))
        times = self.random.choice([1, 1, 2, 3]) if b"multiple" in flags else 1
        if times > 1:
            self.forms.add((verb, name, "several"))
        words: list[bytes] = []
        for at in range(times):
            if "token" in row and (at == 0 or b"multiple_token" in flags):
                words.append(self.in_some_case(row["token"].value))
            words += self.value(row, verb)
        return words

    def value(self, row: dict, verb: str) -> list[bytes]:
        name = row["name"].value.decode()
        pick = self.random.choice
        match row["type"].value.decode():
            case "pure-token":
                return []
            case "oneof":
                return self.argument(as_dict(pick(row["arguments"].value)), verb)
            case "block":
                return [word for part in row["arguments"].value for word in self.argument(as_dict(part), verb)]
            case "key":
                return [self.key(verb)]
            case "pattern" if verb in ("sort", "sort_ro"):
                return [pick(PATTERNS_OF_SORT)]
            case "pattern":
                return [pick(PATTERNS)]
            case _ if self.verbs[verb]["group"].value == b"stream" and (found := self.of_stream(name, verb)):
                return [found]
            case "double" if name in ("longitude", "latitude"):
                return [self.degrees()]
            case "double" if name in ("radius", "width", "height"):
                return [pick(REACHES)]
            case "double" if name in ("min", "max"):
                return [pick(BOUNDS)]
            case "double":
                return [pick(DOUBLES)]
            case "unix-time":
                return [self.time_at("milli" in name)]
            case "integer":
                return [self.integer(name, verb)]
        if self.by_name and name in ("min", "max", "start", "stop"):
            return [pick(NAME_BOUNDS)]
        if name == "field":
            return [pick(FIELDS)]
        if name in ("min", "max", "start", "stop"):
            return [pick(BOUNDS)]
        if name in ("element", "pivot"):
            return [pick(ELEMENTS)]
        if name == "member":
            return [pick(MEMBERS)]
        if verb == "pfadd":
            return [pick(VALUES) if self.random.random() < 0.2 else b"%d" % self.random.randrange(100_000)]
        if verb == "pfdebug":
            # Thousands of registers are a long reply.
            return [pick(DEBUGGED) if self.random.random() < 0.95 else b"GETREG"]
        if name == "encoding":
            return [pick(ENCODINGS)]
        if verb == "bitop":
            return [pick(BIT_OPERATIONS)]
        if name == "serialized-value":
            return [pick(self.payloads)]
        return [pick(VALUES)]

    def key(self, verb: str) -> bytes:
        """A key whose type mostly suits the verb."""
        if self.by_name:
            return self.random.choice(BY_NAME)
        letter = b"v" if verb in ("sort", "sort_ro") else LETTERS.get(self.verbs[verb]["group"].value, b"sn{")
        fitting = [key for key in KEYS if key and key[:1] in letter]
        return self.random.choice(fitting if self.random.random() < 0.7 else KEYS)

    def integer(self, name: str, verb: str) -> bytes:
        if name == "numkeys":
            return self.random.choice([b"1", b"1", b"2", b"2", b"3", b"0", b"-1", b"abc"])
        if self.verbs[verb]["group"].value == b"list":
            return self.random.choice(PLACES)
        if self.verbs[verb]["group"].value == b"bitmap" and name == "offset":
            return self.random.choice(BITS)
        if verb == "bitpos" and name == "bit" or verb == "setbit":
            return self.random.choice([b"0", b"1", b"0", b"1", b"1", b"2", b"-1", b"abc"])
        if name in ("seconds", "milliseconds", "ttl"):
            return self.time_from_now(name == "seconds")
        if name in ("start", "end", "offset"):
            return self.random.choice(OFFSETS)
        if name in ("db", "destination-db", "index"):
            return self.random.choice(DATABASES)
        if name == "cursor":
            return self.random.choice([b"0", b"0", b"0", b"abc", b"-1"])
        if verb == "spop":
            return self.random.choice([b"0", b"1000", b"-1", b"abc", b""])
        if verb in ("hrandfield", "srandmember", "zrandmember"):
            return self.random.choice([b"0", b"1", b"2", b"-2", b"10", b"-10", b"abc"])
        return self.random.choice(INTEGERS)

    def of_stream(self, name: str, verb: str) -> bytes | None:
        """An argument of a verb of streams."""
        pick = self.random.choice
        match name:
            case "id" | "auto_id" if verb == "xadd":
                # Ids ascend, or hardly any entry would be added.
                self.entries += 1
                return pick(IDS[:32]) if self.random.random() < 0.3 else b"%d-%d" % (10 + self.entries // 3, self.entries % 3)
            case "last-id":
                # Since 7.2 it may not lie before an entry that was deleted.
                return b"%d-%d" % (10 + self.entries // 3, self.entries % 3)
            case "id" | "lastid" | "last-id" | "max_deleted_entry_id" | "max-deleted-id":
                return pick([b">", b"0", *IDS] if verb in ("xreadgroup", "xread") else IDS) if self.random.random() < 0.7 else self.recent()
            case "start" | "end":
                return pick(ID_BOUNDS) if self.random.random() < 0.7 else self.recent()
            case "threshold":
                return pick([b"0", b"1", b"5", b"20", b"abc", b"-1", b"3-1"]) if self.random.random() < 0.5 else self.recent()
            case "group" | "groupname":
                return pick(GROUPS_OF_STREAMS)
            case "consumer" | "consumername":
                return pick(CONSUMERS)
            case "min-idle-time":
                return pick(IDLE)
            case "ms":
                return pick([b"0", b"2000000000", b"-1", b"abc"])
            case "unix-time-milliseconds":
                return pick([b"0", b"1000", b"-1", b"abc"])
            case "milliseconds":
                return pick([WAIT_MS, WAIT_MS, b"-1", b"abc"])
            case "count" | "entries-read" | "entries_read" | "entriesadded" | "entries-added" | "entries_added":
                return pick([b"1", b"2", b"3", b"10", b"0", b"-1", b"abc", b"100"])
        return None

    def recent(self) -> bytes:
        """The id of an entry that may still be there."""
        at = max(0, self.entries - self.random.randrange(12))
        return b"%d-%d" % (10 + at // 3, at % 3)

    def degrees(self) -> bytes:
        """Degrees that hardly come twice, so that no two members lie equally far from a place."""
        if self.random.random() < 0.05:
            return self.random.choice([b"-180", b"85.05112878", b"90", b"181", b"abc", b"inf"])
        return b"%.6f" % self.random.uniform(-20, 20)

    def time_from_now(self, in_seconds: bool) -> bytes:
        chance = self.random.random()
        if chance < 0.15:
            return self.random.choice(TIMES_IN_THE_PAST)
        if chance < 0.25:
            return self.random.choice(BAD_TIMES)
        seconds = self.random.randrange(10_000, 10_000_000, 100)
        return b"%d" % (seconds if in_seconds else seconds * 1_000)

    def time_at(self, in_milliseconds: bool) -> bytes:
        chance = self.random.random()
        if chance < 0.15:
            return self.random.choice(TIMES_IN_THE_PAST)
        if chance < 0.25:
            return self.random.choice(BAD_TIMES)
        seconds = self.random.randrange(4_000_000_000, 5_000_000_000, 100)
        return b"%d" % (seconds * 1_000 if in_milliseconds else seconds)

    def damaged(self, words: list[bytes]) -> list[bytes]:
        """The words with one thing wrong, which may be no less right."""
        words = list(words)
        at = self.random.randrange(len(words) + 1)
        match self.random.randrange(5):
            case 0:
                del words[at : at + 1]
            case 1:
                words[at:at] = [self.random.choice(GARBAGE)]
            case 2:
                words[at : at + 1] = words[at : at + 1] * 2
            case 3:
                words[at : at + 1] = [self.random.choice(GARBAGE + VALUES + INTEGERS)]
            case 4:
                words = words[:at]
        return [word for word in words if not _is_wasteful(word)]


def _flags(row: dict) -> set[bytes]:
    return {flag.value for flag in row["flags"].value} if "flags" in row else set()


def _is_wasteful(word: bytes) -> bool:
    """An offset below the limit that would make a huge string."""
    return word.isdigit() and 10_000 < int(word) < 536_870_912


def sortable(words: list[bytes]) -> list[bytes]:
    """The words of a SORT whose result is in a certain order: by text, equal weights would leave it open."""
    upper = [word.upper() for word in words]
    if b"BY" in upper and b"ALPHA" in upper:
        return [word for word, name in zip(words, upper) if name not in (b"ALPHA", b"STORE")]
    if b"BY" in upper and b"STORE" in upper and b"v2" in words:
        # Neither has a set an order of its own.
        return [word for word, name in zip(words, upper) if name != b"BY"]
    return words


def without_time(words: list[bytes], verb: str) -> list[bytes]:
    """The words of a verb of streams with nothing in them that would let the result follow the clock, or wait long."""
    words = [b"7-7" if word == b"*" and verb == "xadd" else word for word in words]
    for at, word in enumerate(words[1:], 1):
        is_long = word.isdigit() and (word.strip(b"0") == b"" or 10 < int(word) < 1 << 62)
        if words[at - 1].upper() == b"BLOCK" and is_long:
            words[at] = WAIT_MS
        if verb in ("xclaim", "xautoclaim", "xpending") and word.isdigit() and 0 < int(word) < 10_000 and words[at - 1].upper() == b"IDLE":
            words[at] = b"0"
    if verb in ("xclaim", "xautoclaim") and len(words) > 3 and words[3].isdigit() and 0 < int(words[3]) < 10_000:
        words[3] = b"0"
    return words
