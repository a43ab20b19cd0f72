"""Every verb of kevy's command table for data has a typed method, and every word of its grammar an argument."""

from __future__ import annotations

from typing import Any

import pytest
from test_parity import GROUPS

import kevy

#: Groups of verbs that are not about data.
OTHER_GROUPS = {"connection", "server", "transactions", "pubsub", "scripting", "cluster", "sentinel"}
#: Verbs without a typed method, and why. `execute` sends them.
WITHOUT = {
    "georadius_ro": "redis-py has none: georadius sends the same search",
    "georadiusbymember_ro": "redis-py has none: georadiusbymember sends the same search",
    "object|help": "text for people at a prompt",
    "xgroup|help": "text for people at a prompt",
    "xinfo|help": "text for people at a prompt",
    "xsetid": "for replicas and for those who rebuild a stream; redis-py has none",
    "pfdebug": "for tests of Redis itself",
    "pfselftest": "for tests of Redis itself",
    "restore-asking": "for servers of a cluster",
    "migrate": "for servers of a cluster",
    "decr": "decr sends DECRBY, as redis-py does",
    "incr": "incr sends INCRBY, as redis-py does",
    "vismember": "redis-py has none",
    "waitaof": "redis-py's method is for a server's own log",
}
#: Words that no argument sends, and why.
UNSENT = {
    ("sort", "ASC"): "the default of desc=False",
    ("sort_ro", "ASC"): "the default of desc=False",
    ("xadd", "="): "the default of approximate=False",
    ("xtrim", "="): "the default of approximate=False",
    ("xclaim", "LASTID"): "for replicas; redis-py has none",
    ("xinfo|stream", "COUNT"): "redis-py has none",
}


def table(docs: dict[str, Any]) -> dict[str, set[str]]:
    """The words of the grammar of each data verb, subcommands as `verb|sub`."""
    found: dict[str, set[str]] = {}
    for name, row in docs.items():
        if row["group"] in OTHER_GROUPS:
            continue
        for verb, its in row.get("subcommands", {name: row}).items():
            found[verb] = words(its)
    return found


def words(row: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for argument in row.get("arguments", ()):
        token = argument.get("token", "")
        found |= {token.upper()} if token.strip('"') else set()
        found |= words(argument)
    return found


def sent() -> dict[str, set[str]]:
    """What the recorded calls send: verbs, each with all further words in upper case."""
    found: dict[str, set[str]] = {}
    with kevy.Runtime(shards=1) as rt:
        pipe = rt.session().pipeline()
        for module in GROUPS.values():
            for call in [*module.CALLS, *getattr(module, "ALONE", ())]:
                call.on(pipe)
        for argv, _ in pipe.command_stack:
            texts = [word.decode("latin-1").upper() for word in argv]
            found.setdefault(texts[0].lower(), set()).update(texts[1:])
            found.setdefault("|".join(texts[:2]).lower(), set()).update(texts[2:])
    return found


@pytest.fixture(scope="module")
def verbs() -> dict[str, set[str]]:
    with kevy.Runtime(shards=1) as rt:
        return table(rt.session(decode_responses=True).command_docs())


def test_every_data_verb_has_a_typed_method(verbs):
    assert len(verbs) > 80
    assert sorted(verbs.keys() - sent().keys() - WITHOUT.keys()) == []


def test_every_word_of_the_grammar_can_be_sent(verbs):
    calls = sent()
    missing = {
        (verb, word)
        for verb, grammar in verbs.items()
        for word in grammar - calls.get(verb, set())
        if verb not in WITHOUT and (verb, word) not in UNSENT
    }
    assert missing == set()


def test_exceptions_are_of_verbs_that_need_them():
    calls = sent()
    assert sorted(verb for verb in WITHOUT if verb in calls) == []
    assert sorted(verb for verb, word in UNSENT if word in calls.get(verb, ())) == []
