"""What the rarer verbs make of their replies, as redis-py does. The native methods call these by name."""

from __future__ import annotations

import json
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


def truths(reply: Any) -> Any:
    """A list of bools; whatever else it is inside MULTI."""
    return [bool(part) for part in reply] if isinstance(reply, list) else reply


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


def _named(reply: Any) -> Any:
    """A map with text as its keys; anything else, such as QUEUED inside MULTI, as it is."""
    return {_text(name): value for name, value in reply.items()} if isinstance(reply, dict) else reply


def _fields(flat: Any) -> dict[Any, Any]:
    """Fields and values in turn as a dict."""
    return dict(zip(flat[::2], flat[1::2])) if flat else {}


def dicts(reply: Any) -> Any:
    """A list of maps with text as their keys."""
    return [_named(entry) for entry in reply] if isinstance(reply, list) else reply


def xinfo_stream(reply: Any) -> Any:
    """XINFO STREAM as a dict whose first and last entry are pairs of an id and a dict."""
    found = _named(reply)
    if isinstance(found, dict):
        for name in ("first-entry", "last-entry"):
            if found.get(name):
                found[name] = (found[name][0], _fields(found[name][1]))
    return found


def xinfo_stream_full(reply: Any) -> Any:
    """XINFO STREAM FULL as a dict: its entries are a dict of dicts, its groups and their consumers lists of dicts."""
    found = _named(reply)
    if isinstance(found, dict):
        found["entries"] = {entry: _fields(fields) for entry, fields in found["entries"]}
        found["groups"] = dicts(found["groups"])
        for group in found["groups"]:
            group["consumers"] = dicts(group["consumers"])
    return found


def xpending(reply: Any) -> Any:
    """XPENDING as a dict."""
    if not isinstance(reply, list):
        return reply
    pending, first, last, consumers = reply
    counts = [{"name": name, "pending": int(count)} for name, count in consumers or []]
    return {"pending": pending, "min": first, "max": last, "consumers": counts}


def xpending_range(reply: Any) -> Any:
    """XPENDING of a range as a list of dicts."""
    if not isinstance(reply, list):
        return reply
    names = ("message_id", "consumer", "time_since_delivered", "times_delivered")
    return [dict(zip(names, entry)) for entry in reply]


def _json_text(value: Any) -> Any:
    value = _text(value) if isinstance(value, (bytes, str)) else value
    return None if value == "null" else value


def json_value(reply: Any, decoder: Any) -> Any:
    """JSON as what it stands for; text that is not JSON and the items of a list as they are."""
    if isinstance(reply, list):
        return [_json_text(item) for item in reply]
    if not isinstance(reply, (bytes, str)):
        return reply
    try:
        return decoder.decode(_text(reply))
    except ValueError:
        return _text(reply)


def json_values(reply: Any, decoder: Any) -> Any:
    """A list of JSON as what it stands for."""
    return [json_value(item, decoder) for item in reply] if isinstance(reply, list) else reply


def json_single(reply: Any, decoder: Any) -> Any:
    """The only result of a path that finds one value."""
    value = json_value(reply, decoder)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def json_type(reply: Any, _decoder: Any) -> Any:
    """The type at a path that finds one value."""
    return reply[0] if isinstance(reply, list) and len(reply) == 1 else reply


def json_types(reply: Any, _decoder: Any) -> Any:
    """The types at a path that finds many values."""
    if isinstance(reply, list) and len(reply) == 1 and (reply[0] is None or isinstance(reply[0], list)):
        return reply[0]
    return reply


def json_resp(reply: Any, decoder: Any) -> Any:
    """JSON.RESP with floats as text where they are parts of others."""

    def written(value: Any) -> Any:
        if isinstance(value, list):
            return [written(item) for item in value]
        return str(value) if isinstance(value, float) else value

    value = json_value(reply, decoder)
    return written(value) if isinstance(value, list) else value


def _attributes(value: Any) -> Any:
    return json.loads(value) if value else None


def vsim_scores(reply: Any) -> Any:
    """VSIM WITHSCORES as a dict of scores."""
    return {name: float(score) for name, score in reply.items()} if isinstance(reply, dict) else reply


def vsim_attributes(reply: Any) -> Any:
    """VSIM WITHATTRIBS as a dict of dicts."""
    return {name: _attributes(value) for name, value in reply.items()} if isinstance(reply, dict) else reply


def vsim_both(reply: Any) -> Any:
    """VSIM WITHSCORES WITHATTRIBS as a dict of dicts with a score and attributes."""
    if not isinstance(reply, dict):
        return reply
    return {
        name: {"score": float(score), "attributes": _attributes(attributes)}
        for name, (score, attributes) in reply.items()
    }


def vemb(reply: Any) -> Any:
    """VEMB as a list of numbers, whole ones as int."""
    if not isinstance(reply, list):
        return reply
    return [int(value) if value == int(value) else value for value in reply]


def vemb_raw(reply: Any, decode: bool) -> Any:
    """VEMB RAW as a dict of how the vector is kept."""
    if not isinstance(reply, list):
        return reply
    quantization, raw, l2, *ranges = reply
    found = {"quantization": _text(quantization) if decode else quantization, "raw": raw, "l2": float(l2)}
    if ranges:
        found["range"] = float(ranges[0])
    return found


def vlinks_scores(reply: Any) -> Any:
    """VLINKS WITHSCORES as a list of dicts, one for each level."""
    if not isinstance(reply, list):
        return reply
    return [{name: float(score) for name, score in level.items()} for level in reply]


def vgetattr(reply: Any) -> Any:
    """VGETATTR as a dict."""
    return _attributes(reply)
