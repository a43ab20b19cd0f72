"""The reference page of verbs, ``docs/commands.md``, written from the command table of a running server.

    python -m conformance.reference_page       (from tests/; `make reference` does it)

The page holds every verb with its grammar, the version of Redis that brought it, its complexity and a sentence. Verbs of
the installed redis-server that the table lacks are named at the end, so that the page tells the state of the whole.
"""

from pathlib import Path

from support.resp import Reply
from support.servers import start_kevy, start_redis

from .grammar import as_dict

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

#: Groups in the order of the page, with their titles.
GROUPS = {
    "generic": "Keys",
    "string": "Strings",
    "bitmap": "Bitmaps",
    "hash": "Hashes",
    "list": "Lists",
    "set": "Sets",
    "sorted-set": "Sorted sets",
    "stream": "Streams",
    "geo": "Geo",
    "hyperloglog": "HyperLogLog",
    "module": "JSON",
    "vector_set": "Vector sets",
    "transactions": "Transactions",
    "pubsub": "Publish and subscribe",
    "scripting": "Scripts",
    "cluster": "Cluster",
    "connection": "Connections",
    "server": "Server",
}

HEAD = """\
# Commands

Every verb that kevy knows, as its command table has it: `COMMAND DOCS` tells the same to programs. Grammar, replies and
errors are those of Redis; *since* is the version of Redis that brought a verb. Written by `make reference`.
"""


def _flags(row: dict) -> set[bytes]:
    return {flag.value for flag in row["flags"].value} if "flags" in row else set()


def grammar(arguments: Reply | None) -> str:
    """Arguments as redis-cli shows them: ``key [EX seconds | KEEPTTL]``."""
    return " ".join(_argument(as_dict(argument)) for argument in (arguments.value if arguments else ()))


def _argument(row: dict) -> str:
    kind, flags = row["type"].value.decode(), _flags(row)
    if kind == "oneof":
        shown = " | ".join(_argument(as_dict(child)) for child in row["arguments"].value)
    elif kind == "block":
        shown = grammar(row["arguments"])
    elif kind == "pure-token":
        shown = row["token"].value.decode()
    else:
        shown = row["name"].value.decode()
    token = row["token"].value.decode() if "token" in row and kind != "pure-token" else ""
    is_optional, is_multiple = b"optional" in flags, b"multiple" in flags
    if kind == "oneof" and (token or is_multiple or not is_optional):
        shown = f"<{shown}>"
    if is_multiple and b"multiple_token" in flags:
        shown = f"{token} {shown} [{token} {shown} ...]"
    else:
        if is_multiple:
            shown = f"{shown} [{shown} ...]"
        shown = f"{token} {shown}" if token else shown
    return f"[{shown}]" if is_optional else shown


def rows(docs: Reply) -> dict[str, list[tuple[str, dict]]]:
    """The verbs of each group, subcommands as words of their own, in alphabetical order."""
    found: dict[str, list[tuple[str, dict]]] = {}
    for name, reply in as_dict(docs).items():
        row = as_dict(reply)
        if "subcommands" in row:
            subs = as_dict(row["subcommands"])
            entries = [(sub.replace("|", " "), as_dict(its)) for sub, its in subs.items()]
        else:
            entries = [(name, row)]
        found.setdefault(row["group"].value.decode(), []).extend(entries)
    return {group: sorted(entries, key=lambda entry: entry[0]) for group, entries in found.items()}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page(docs: Reply, reference: set[str]) -> str:
    """The whole page. ``reference`` holds the verbs of redis-server, subcommands as ``verb|sub``."""
    groups = rows(docs)
    unknown = groups.keys() - GROUPS.keys()
    assert not unknown, f"no title for the groups {sorted(unknown)}"
    lines = [HEAD]
    known = set()
    for group, title in GROUPS.items():
        if group not in groups:
            continue
        lines += [f"## {title}", "", "| verb | since | complexity | |", "| --- | --- | --- | --- |"]
        for name, row in groups[group]:
            known |= {name.replace(" ", "|"), name.split(" ")[0]}
            call = f"{name.upper()} {grammar(row.get('arguments'))}".strip()
            since, complexity, summary = (row[what].value.decode() for what in ("since", "complexity", "summary"))
            lines.append(f"| `{_cell(call)}` | {since} | {_cell(complexity)} | {_cell(summary)} |")
        lines.append("")
    missing = sorted(name.replace("|", " ").upper() for name in reference - known)
    if missing:
        lines += ["## Not there yet", "", "Verbs of redis-server that kevy answers with an error:", ""]
        lines += [", ".join(f"`{name}`" for name in missing) + ".", ""]
    return "\n".join(lines)


def verbs_of(server) -> set[str]:
    """Every verb of a server, containers left out for their subcommands."""
    session = server.connect(3)
    found = set()
    for name, reply in as_dict(session.call("COMMAND", "DOCS")).items():
        row = as_dict(reply)
        found |= set(as_dict(row["subcommands"])) if "subcommands" in row else {name}
    return found


def written() -> str:
    """What the page should hold."""
    with start_kevy() as ours, start_redis() as theirs:
        return page(ours.connect(3).call("COMMAND", "DOCS"), verbs_of(theirs))


if __name__ == "__main__":
    PAGE.write_text(written())
