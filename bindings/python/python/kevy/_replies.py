"""What the rarer verbs make of their replies, as redis-py does. The native methods call these by name."""

from __future__ import annotations

from typing import Any, Union

Reply = Union[bytes, str]
_CLIENT_NUMBERS = frozenset(
    "id age idle db sub psub multi qbuf qbuf-free obl argv-mem oll omem tot-mem".split()
)


def _text(value: Reply) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _number_or_text(value: str) -> int | float | str:
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value


def _field(value: str) -> Any:
    if "=" in value:
        fields: dict[str, Any] = {}
        for item in filter(None, value.split(",")):
            name, equals, number = item.rpartition("=")
            fields[name if equals else item] = _number_or_text(number) if equals else True
        return fields
    if "," in value:
        return [_number_or_text(part) for part in value.split(",") if part]
    return _number_or_text(value)


def info(reply: Reply) -> dict[str, Any]:
    """INFO as a dict: numbers are numbers, ``a=1,b=2`` is a dict, ``a,b`` is a list."""
    found: dict[str, Any] = {}
    for line in _text(reply).splitlines():
        if not line or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if colon:
            found[name] = _field(value)
        else:
            found.setdefault("__raw__", []).append(line)
    return found


def _client(line: str) -> dict[str, str]:
    """One line of CLIENT LIST; a value can hold spaces."""
    fields: dict[str, str] = {}
    last = ""
    for word in line.split(" "):
        name, equals, value = word.partition("=")
        if equals:
            fields[name] = value
            last = name
        elif last:
            fields[last] += " " + word
    return fields


def client_list(reply: Reply) -> list[dict[str, str]]:
    """CLIENT LIST as a list of dicts."""
    return [fields for line in _text(reply).splitlines() if (fields := _client(line))]


def client_info(reply: Reply) -> dict[str, str | int]:
    """CLIENT INFO as a dict, with numbers where they are numbers."""
    return {
        name: int(value) if name in _CLIENT_NUMBERS else value
        for name, value in _client(_text(reply).strip()).items()
    }


def client_kill(reply: Reply | int) -> bool | int:
    """CLIENT KILL: how many, or whether it was done."""
    return reply if isinstance(reply, int) else _text(reply) == "OK"


def command(reply: Any) -> dict[str, dict[str, Any]]:
    """COMMAND as a dict of dicts by name."""
    if not isinstance(reply, list):
        return _text(reply)  # type: ignore[return-value]  # QUEUED inside MULTI
    commands: dict[str, dict[str, Any]] = {}
    for name, arity, flags, first, last, step, categories, tips, keys, subcommands in reply:
        commands[_text(name)] = {
            "name": _text(name),
            "arity": arity,
            "flags": sorted(map(_text, flags)),
            "first_key_pos": first,
            "last_key_pos": last,
            "step_count": step,
            "acl_categories": sorted(map(_text, categories)),
            "tips": tips,
            "key_specifications": keys,
            "subcommands": subcommands,
        }
    return commands
