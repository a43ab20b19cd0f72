"""Every case file, on every surface: replies one by one, then all keys."""

import time

import pytest

from . import compare, state
from .cases import Case, all_cases, matches
from .conftest import SURFACES


def runs() -> list:
    """Every case on every surface it is about."""
    return [
        pytest.param(case, *surface.values[0], id=f"{case.id}-{surface.id}")
        for case in all_cases()
        for surface in SURFACES
        if surface.values[0][0] != "in-process" or not case.socket_only
    ]


@pytest.mark.parametrize(("case", "name", "protocol"), runs())
def test_case(case: Case, name, protocol, reference, targets):
    target = targets(name)
    runner = Runner(reference, target, protocol)
    try:
        runner.run(case)
    finally:
        runner.close()


class Runner:
    """Runs a case on the reference and a target, in step."""

    def __init__(self, reference, target, protocol: int):
        self.reference, self.target, self.protocol = reference, target, protocol
        self.sessions: dict = {}
        self.queued: dict[str, list] = {}
        self.options: list[tuple] = []

    def session(self, name: str):
        if name not in self.sessions:
            self.sessions[name] = self.reference.open(self.protocol), self.target.open(self.protocol)
        return self.sessions[name]

    def run(self, case: Case) -> None:
        changed = {step.words[2] for step in case.steps if step.words[:2] == [b"CONFIG", b"SET"] and step.words[3:]}
        now = time.time()
        for session in self.session("1"):
            assert not session.call("FLUSHALL").is_error
            for option in changed:
                self.remember(session, option)
        told, wrong = [f"{case.file}.case:{case.line} ({case.title})"], 0
        for step in case.steps:
            told.append(step.shown)
            theirs, ours = self.session(step.session)
            arguments = step.arguments(now)
            got = ours.call(*arguments)
            if step.has_expected:
                want, right = step.expected, matches(step.expected, got, self.target.reduce)
            else:
                want = self.target.reduce(theirs.call(*arguments))
                right = self.same(step, want, got)
            if not right:
                wrong += 1
                told += [f"   should be {want!r}", f"   is        {got!r}"]
        if case.compares_state and not wrong:
            want, got = (state.read(session) for session in self.session("to read the state"))
            differing = state.differences(want, got)
            wrong += len(differing)
            told += differing
        if wrong:
            pytest.fail("\n".join(told), pytrace=False)

    def remember(self, session, option: bytes) -> None:
        """Notes an option that the case changes, to be set back."""
        reply = session.call("CONFIG", "GET", option)
        pairs = reply.value if reply.kind == "%" else zip(reply.value[::2], reply.value[1::2])
        self.options += [(session, name.value, value.value) for name, value in pairs]

    def same(self, step, want, got) -> bool:
        """Compares replies, those of EXEC by what was queued."""
        verb = step.words[0].upper() if step.words else b""
        rules = self.queued.get(step.session)
        if verb == b"MULTI" and want.value == b"OK":
            self.queued[step.session] = []
        elif rules is not None and want.value == b"QUEUED":
            rules.append(step.rule)
        elif rules is not None and verb in (b"EXEC", b"DISCARD", b"RESET"):
            del self.queued[step.session]
            if verb == b"EXEC" and want.kind == "*":
                return compare.same_exec(rules, want, got)
        return compare.same(step.rule, want, got)

    def close(self) -> None:
        for session, name, value in self.options:
            session.call("CONFIG", "SET", name, value)
        for pair in self.sessions.values():
            for session in pair:
                session.close()
