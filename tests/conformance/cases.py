r"""Case files: commands as redis-cli takes them, grouped under titles.

::

    == title of a case
    SET k "a\x00b"          a command, sent to the reference and to the target, whose replies are compared
    2> GET k                the same over a second connection (any name before `>`)
    [sorted] KEYS *         compared by the named rule of `compare.RULES`, or `[near 5]`
    HGETDEL h FIELDS 1 f    not sent to the reference, which is older or differs:
    => ["v"]                the reply is what the documentation says
    @socket                 the case is about connections and does not apply to in-process sessions
    # a comment

Every case starts on an empty keyspace with new connections. `{s+N}` and `{ms+N}` stand for the Unix time in seconds and
milliseconds plus N, `{x*N}` for the word before `*` repeated N times. After a case without `=>` all keys are compared too.

An expectation is an int, a float, a "bulk string", a [list] or {map} of them, or one of the names in `NAMES`; a map may be the
flat array and a float the bulk string that RESP2 has for it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from support.resp import Reply

from .compare import RULES, Rule, near, rule_for

DIRECTORY = Path(__file__).parent / "cases"


@dataclass
class Step:
    """One command of a case."""

    line: int
    session: str
    #: As written: times and repetitions are not filled in yet.
    words: list[bytes]
    rule: Rule
    expected: object = None
    has_expected: bool = False

    def arguments(self, now: float) -> list[bytes]:
        """What is sent at the Unix time ``now``."""
        return [expand(word, now) for word in self.words]

    @property
    def shown(self) -> str:
        return f"{self.session}> " + " ".join(word.decode() if word.isalnum() else repr(word)[1:] for word in self.words)


@dataclass
class Case:
    file: str
    title: str
    line: int
    steps: list[Step] = field(default_factory=list)
    socket_only: bool = False

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"

    @property
    def compares_state(self) -> bool:
        return not any(step.has_expected for step in self.steps)


class Special:
    """An expectation that is more than a literal: ``matches`` gets a reply and what the surface makes of replies."""

    def __init__(self, matches: Callable[[Reply, Callable], bool], shown: str):
        self.matches = matches
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


def _simple(text: str) -> Special:
    return Special(lambda reply, reduce: reply == reduce(Reply("+", text.encode())), f"+{text}")


def _error(text: str) -> Special:
    return Special(lambda reply, _: reply == Reply("-", text.encode()), f"-{text}")


def _boolean(value: bool) -> Special:
    return Special(lambda reply, _: reply.kind == "#" and reply.value in (value, b"t" if value else b"f"), f"#{value}")


def _failure(code: str) -> Special:
    return Special(lambda reply, _: reply.is_error and reply.value.split()[0] == code.encode(), f"-{code} ...")


def _near(value: int, by: int = 2) -> Special:
    return Special(lambda reply, _: reply.kind == ":" and abs(reply.value - value) <= by, f"{value} within {by}")


def _either(*expected: object) -> Special:
    """One of several, where the reply differs by protocol."""
    return Special(lambda reply, reduce: any(matches(one, reply, reduce) for one in expected), f"one of {expected}")


#: What an expectation may name beside literals.
NAMES = {
    "null": Special(lambda reply, _: reply.value is None and reply.kind in "_$", "null"),
    "null_array": Special(lambda reply, _: reply.value is None and reply.kind in "_*", "null array"),
    "anything": Special(lambda reply, _: not reply.is_error, "anything"),
    "simple": _simple,
    "error": _error,
    "failure": _failure,
    "near": _near,
    "boolean": _boolean,
    "True": True,
    "False": False,
    "either": _either,
}


def matches(expected: object, reply: Reply, reduce: Callable[[Reply], Reply]) -> bool:
    """True where ``reply`` is what an expectation says, as a surface shows it that makes ``reduce`` of replies."""
    match expected:
        case Special():
            return expected.matches(reply, reduce)
        case int():
            return reply == Reply(":", expected)
        case float():
            return reply.kind in ",$" and reply.value is not None and _number(reply.value) == expected
        case str():
            return reply == Reply("$", expected.encode("latin-1"))
        case list():
            return (
                reply.kind == "*"
                and reply.value is not None
                and len(reply.value) == len(expected)
                and all(matches(e, r, reduce) for e, r in zip(expected, reply.value))
            )
        case dict():
            flat = [item for pair in expected.items() for item in pair]
            if reply.kind == "%":
                reply = Reply("*", tuple(item for pair in reply.value for item in pair))
            return matches(flat, reply, reduce)
    raise TypeError(f"no expectation can be a {type(expected).__name__}")


def _number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}
WORD = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\'|[^'])*)'|(\S+))""")


def _unescape(text: str) -> bytes:
    out = b""
    for plain, hexadecimal, escaped in re.findall(r"([^\\]+)|\\x([0-9a-fA-F]{2})|\\(.)", text):
        if plain:
            out += plain.encode()
        elif hexadecimal:
            out += bytes([int(hexadecimal, 16)])
        else:
            out += ESCAPES.get(escaped, escaped.encode())
    return out


def split_words(text: str) -> list[bytes]:
    """A line's words under the quoting rules of redis-cli."""
    words = []
    for double, single, bare in WORD.findall(text):
        if bare:
            words.append(bare.encode())
        elif single:
            words.append(single.replace("\\'", "'").encode())
        else:
            words.append(_unescape(double))
    return words


def expand(word: bytes, now: float) -> bytes:
    """Fills in times and repetitions."""
    word = re.sub(rb"\{s\+(\d+)\}", lambda m: b"%d" % (int(now) + int(m[1])), word)
    word = re.sub(rb"\{ms\+(\d+)\}", lambda m: b"%d" % (int(now * 1000) + int(m[1])), word)
    return re.sub(rb"\{([^{}*]+)\*(\d+)\}", lambda m: m[1] * int(m[2]), word)


LINE = re.compile(r"(?:(\w+)>\s+)?(?:\[([^\]]+)\]\s+)?(.*)")


def _rule(tag: str | None, words: list[bytes]) -> Rule:
    if tag is None:
        return rule_for(words)
    if tag.startswith("near "):
        return near(int(tag.split()[1]))
    return RULES[tag]


def read(path: Path) -> list[Case]:
    """The cases of one file."""
    cases: list[Case] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            cases.append(Case(path.stem, line[3:], number))
        elif line == "@socket":
            cases[-1].socket_only = True
        elif line.startswith("=> "):
            step = cases[-1].steps[-1]
            step.expected = eval(line[3:], {"__builtins__": {}}, NAMES)
            step.has_expected = True
        else:
            session, tag, text = LINE.fullmatch(line).groups()
            words = split_words(text)
            cases[-1].steps.append(Step(number, session or "1", words, _rule(tag, words)))
    return cases


def all_cases() -> list[Case]:
    return [case for path in sorted(DIRECTORY.glob("*.case")) for case in read(path)]
