"""Every verb of kevy's command table, and every word its grammar knows, is exercised by a case or a generated command."""

from support.resp import Reply

from .blocking import commands as commands_of
from .messages import commands as messages_of
from .cases import all_cases
from .conftest import SUMMARY
from .grammar import GROUPS, LEFT_OUT, Generator, as_dict, forms, verbs as verbs_of
from .test_blocking import SCENARIOS
from .test_pubsub import SCENARIOS as PUBSUB_SCENARIOS
from .test_tracking import SCENARIOS as TRACKING_SCENARIOS
from .test_generated import EACH, SEEDS

#: Verbs that cannot stand in a case, with the file that tests them.
TESTED_ELSEWHERE = {
    "shutdown": "test_process.py",
    "replconf": "tests/replication",
    "psync": "tests/replication",
    "failover": "tests/replication",
    "sync": "tests/replication",
    "debug|change-repl-id": "tests/replication",
    "replicate": "kevy-core/tests/replication.rs",
    "client|reply": "test_clients.py",
    "monitor": "test_monitor.py",
    "bgsave": "tests/recovery",
    "save": "tests/recovery",
    "lastsave": "tests/recovery",
    "debug|reload": "tests/recovery",
    **dict.fromkeys(("bgrewriteaof", "debug|disk", "debug|loadaof"), "tests/recovery"),
    **dict.fromkeys(("eval", "eval_ro", "evalsha", "evalsha_ro"), "test_scripts.py"),
    **dict.fromkeys(("script|debug", "script|exists", "script|flush", "script|help", "script|kill", "script|load"), "test_scripts.py"),
    **dict.fromkeys(("fcall", "fcall_ro", "function|delete", "function|dump", "function|flush", "function|help"), "test_functions.py"),
    **dict.fromkeys(("function|kill", "function|list", "function|load", "function|restore", "function|stats"), "test_functions.py"),
}


def table(docs: Reply) -> dict[str, set[str]]:
    """Each verb, subcommands as `verb|sub`, with the words of its grammar in upper case."""
    found: dict[str, set[str]] = {}
    for name, row in as_dict(docs).items():
        row = as_dict(row)
        if "subcommands" in row:
            found |= {sub: words(as_dict(its)) for sub, its in as_dict(row["subcommands"]).items()}
        else:
            found[name] = words(row)
    return found


def words(row: dict) -> set[str]:
    found = set()
    for argument in row["arguments"].value if "arguments" in row else ():
        argument = as_dict(argument)
        if "token" in argument:
            # An empty token stands for "the word may be left out".
            found |= {word.upper() for word in [argument["token"].value.decode()] if word.strip('"')}
        found |= words(argument)
    return found


def exercised(commands: list[list[bytes]], verbs: dict[str, set[str]]) -> dict[str, set[str]]:
    """The verbs that `commands` call, each with all further words in upper case."""
    found: dict[str, set[str]] = {}
    for command in commands:
        texts = [word.decode("latin-1") for word in command]
        for length in (2, 1):
            name = "|".join(texts[:length]).lower()
            if len(texts) >= length and name in verbs:
                found.setdefault(name, set()).update(word.upper() for word in texts[length:])
                break
    return found


def test_every_verb_and_word_is_exercised(reference, shared):
    theirs, ours = reference.open(3), shared(1).connect(3)
    verbs = table(ours.call("COMMAND", "DOCS"))
    commands = [step.words for case in all_cases() for step in case.steps if step.words]
    commands += [command for scenario in SCENARIOS.values() for command in commands_of(scenario)]
    for scenario in (PUBSUB_SCENARIOS | TRACKING_SCENARIOS).values():
        commands += messages_of(scenario)
    for seed in SEEDS:
        commands += Generator(theirs.call("COMMAND", "DOCS"), [b""], seed).commands(EACH)
    called = exercised(commands, verbs)

    verbs_missing = sorted(verbs.keys() - called.keys() - TESTED_ELSEWHERE.keys())
    words_missing = {
        verb: sorted(words - called.get(verb, set()))
        for verb, words in verbs.items()
        if verb not in TESTED_ELSEWHERE
    }
    words_missing = {verb: words for verb, words in words_missing.items() if words}
    total = sum(map(len, verbs.values()))
    SUMMARY.append(
        f"conformance: {len(verbs) - len(verbs_missing)} of {len(verbs)} verbs and "
        f"{total - sum(map(len, words_missing.values()))} of {total} words of their grammar exercised"
    )
    assert len(verbs) > 100, sorted(verbs)
    assert not verbs_missing
    assert not words_missing


#: Verbs of data that random commands leave out, with the tests that compare them.
COMPARED_ELSEWHERE = {
    **dict.fromkeys(("blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"), "test_blocking.py"),
    "scan": "test_scan.py",
    "randomkey": "test_chance.py",
    "object|help": "cases/generic.case",
    "object|idletime": "cases/generic.case",
    "pfselftest": "cases/hyperloglog.case",
    "wait": "cases/generic.case",
    # There is no other server to move keys to, and none to wait for.
    "migrate": "",
    "waitaof": "",
}


def test_random_commands_have_every_form_of_every_argument(reference):
    """What is random covers each verb of data with each argument there, absent and repeated."""
    session = reference.open(3)
    docs = session.call("COMMAND", "DOCS")
    done: set = set()
    for seed in SEEDS:
        generator = Generator(docs, [b""], seed * 10 + 3)
        generator.commands(EACH)
        done |= generator.forms
    covered = verbs_of(docs)
    wanted = {form for verb, row in covered.items() for form in forms(verb, row.get("arguments"))}
    SUMMARY.append(f"conformance: {len(covered)} verbs with {len(wanted & done)} of {len(wanted)} forms of their arguments in random commands")
    assert not wanted - done
    left_out = {name for name in LEFT_OUT if verbs_of(docs, {name})}
    assert left_out <= COMPARED_ELSEWHERE.keys()
    groups = {as_dict(row)["group"].value.decode() for _, row in docs.value}
    assert groups - set(GROUPS) == {"transactions", "pubsub", "scripting", "connection", "server", "cluster"}
