"""Runs a program that the system refuses some calls: ``refuse.py NUMBER[,NUMBER…] PROGRAM ARGUMENT…``.

The refusal is a seccomp filter (seccomp(2)) that outlives exec, as containers have it.
"""

import ctypes
import errno
import os
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x0005_0000
SECCOMP_RET_ALLOW = 0x7FFF_0000
#: Instructions of BPF: load a word, compare with a constant, return.
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06

#: The same number on every machine.
IO_URING_SETUP = 425


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction))]


def refuse(calls: list[int]) -> None:
    """Has the system refuse ``calls`` to this process, for good."""
    lines = [(LOAD, 0, 0, 0)]
    for call in calls:
        lines += [(IF_EQUAL, 0, 1, call), (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM)]
    lines.append((RETURN, 0, 0, SECCOMP_RET_ALLOW))
    instructions = (Instruction * len(lines))(*lines)
    program = Program(len(lines), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse([int(number) for number in sys.argv[1].split(",")])
    os.execv(sys.argv[2], sys.argv[2:])
