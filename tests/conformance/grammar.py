"""Random commands from the grammar that the reference publishes with COMMAND DOCS.

Most are well formed; some have an argument dropped, doubled, moved or replaced, so that errors are compared as often as
results. The same seed gives the same commands. Values are chosen so that replies do not depend on the moment a command
runs: expiry times lie far ahead and far apart, or in the past.
"""

import random

from support.resp import Reply

KEYS = [b"s1", b"s2", b"s3", b"n1", b"n2", b"h1", b"h2", b"h3", b"l1", b"l2", b"l3", b"m1", b"m2", b"m3", b"m4", b"z1", b"z2", b"z3", b"g1", b"g2", b"p1", b"p2", b"p3", b"{t}1", b"{t}2", b"", b"missing"]
FIELDS = [b"f1", b"f2", b"f3", b"n1", b"n2", b"", b"a field", b"7"]
#: Elements of lists, few enough to be found again, and of all sizes.
ELEMENTS = [b"a", b"b", b"c", b"", b"1", b"-7", b"01", b"100000", b"x" * 64, b"y" * 3_000, b"z" * 9_000]
#: Members of sets and sorted sets.
MEMBERS = [b"1", b"2", b"3", b"-7", b"100000", b"9223372036854775807", b"a", b"b", b"c", b"", b"01", b"x" * 64, b"y" * 65]
#: Places in a list and numbers of elements.
PLACES = [*(b"%d" % n for n in (*range(-5, 12), -100, 100, 2**63 - 1, -(2**63) + 1, 2**63)), b"abc", b"1.5", b""]
#: How the names of keys begin that mostly have the type of a group's verbs.
LETTERS = {b"hash": b"h", b"list": b"l", b"set": b"m", b"sorted-set": b"z", b"geo": b"g", b"hyperloglog": b"p"}
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

#: Verbs that wait, for ever where a random timeout says so.
WAITING = {"blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"}
#: What random arguments cannot compare: cursors and choices of the server, waiting, other processes.
LEFT_OUT = {
    *("randomkey", "scan", "migrate", "sort", "sort_ro", "wait", "waitaof", "object|help", "object|idletime"),
    *WAITING,
    # What they find where scores differ follows from how the reference keeps a set.
    *("zlexcount", "zrangebylex", "zrevrangebylex", "zremrangebylex"),
    # It takes the reference half a second.
    "pfselftest",
}
GROUPS = ("string", "bitmap", "hash", "list", "set", "sorted-set", "geo", "hyperloglog", "generic")
#: Verbs that take more than the reference knows, so that what is wrong there is right here.
NEWER = {"zrank", "zrevrank"}
#: Verbs that take a time from now, of which a small one would pass while the test runs.
TIMED = {"set", "getex", "setex", "psetex", "expire", "pexpire", "restore"}


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

    def command(self, verb: str) -> list[bytes]:
        """One command that calls ``verb``."""
        arguments = self.verbs[verb].get("arguments")
        parts = [self.argument(argument, verb) for argument in map(as_dict, arguments.value if arguments else ())]
        parts = self.shuffled_options(parts, arguments)
        words = [word for part in parts for word in part]
        # Members are in order only where all scores are the same.
        words = [b"BYSCORE" if word.upper() == b"BYLEX" else word for word in words]
        if self.random.random() < 0.2 and verb not in NEWER:
            words = self.damaged(words)
            if verb == "lpos":
                # Redis 7.0 takes this rank, and 7.2 refuses it.
                words = [b"0" if word == b"-9223372036854775808" else word for word in words]
            if verb in TIMED:
                words = [b"0" if word.isdigit() and int(word) < 10_000 else word for word in words]
        if verb == "spop":
            # Which members are left after a choice of the server's cannot be compared, so all go or none.
            words = [b"1000" if word.isdigit() and 0 < int(word) < 1000 else word for word in words]
            words += [b"1000"] if len(words) == 1 else []
        return [self.in_some_case(word) for word in verb.encode().split(b"|")] + words

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
        if b"optional" in flags and self.random.random() < 0.6:
            return []
        times = self.random.choice([1, 1, 2, 3]) if b"multiple" in flags else 1
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
            case "pattern":
                return [pick(PATTERNS)]
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
        letter = LETTERS.get(self.verbs[verb]["group"].value, b"sn{")
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
