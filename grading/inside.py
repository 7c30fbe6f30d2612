"""What runs inside the sandbox: a template that has everything loaded, and a forked child for each submission.

This file is started by ``grading.box`` with a clean environment. It sees Python, the course's packages and the files
of one lab, and nothing else of the course: no solutions, no hidden checks, no gradebook, no other submission. So it
imports nothing of ``grading``. The template runs no code of a learner. It forks children and, when told to, kills them.

A child cuts itself off once more (its own user, process and mount namespace; nothing to write to but its own small
disk; no new processes, no sockets), runs the cells it is sent and answers calls of the functions they defined. It has
one socket, to the judge outside. Requests come as pickles, because the judge is trusted. Answers go back as JSON,
because the child is not: what a learner's code can do at most is to send a wrong answer.

Between the template and each child stands a keeper, on a leash: when the template lets go of it, or is gone, the keeper
ends the child, and with it all that is in the child's namespaces.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import io
import json
import math
import os
import pickle
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, wraps
from itertools import islice, pairwise
from keyword import iskeyword
from numbers import Integral, Real
from types import FunctionType
from typing import Any, NamedTuple

#: Bytes of an answer, things in a list, and characters of what a cell prints, at most.
MOST_BYTES, MOST_ITEMS, MOST_PRINTED = 8_000_000, 1_000_000, 20_000
#: Seconds for which answers are collected before they are sent.
COLLECT_S = 0.25
#: Bits of a whole number, the exponent of a Decimal, and how deep lists may lie in lists.
MOST_BITS, MOST_EXPONENT, DEPTH = 100_000, 10_000, 60

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
NOBODY = 65534


class Limits(NamedTuple):
    """What one submission may use: bytes of memory, seconds of processor time, bytes of disk and of one file."""

    memory: int = 3 << 30
    cpu_s: int = 600
    disk: int = 64 << 20
    file: int = 32 << 20
    threads: int = 64
    files: int = 128


# -- frames ------------------------------------------------------------------------------------------------------------


def send(to: socket.socket, frame: bytes) -> None:
    to.sendall(struct.pack("!Q", len(frame)) + frame)


def receive(source: socket.socket) -> bytes:
    """One frame; EOFError at the end. Who answers only what was asked finds no other frame behind it."""
    parts = bytearray()
    wanted = 8
    while len(parts) < wanted:
        part = source.recv(1 << 16 if wanted == 8 else min(1 << 20, wanted - len(parts)))
        if not part:
            raise EOFError
        parts += part
        if wanted == 8 <= len(parts):
            wanted = 8 + struct.unpack_from("!Q", parts)[0]
    return bytes(parts[8:wanted])


# -- requests, as grading.plain writes them ----------------------------------------------------------------------------


#: What the learner's cells have defined; a function in a request is one of theirs.
_notebook: dict[str, Any] = {}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return globals()[name] if module == "grading.inside" else super().find_class(module, name)


@lru_cache(maxsize=64)
def row_type(kind: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(kind, fields)


def make_row(kind: str, fields: tuple[str, ...], items: tuple[Any, ...]) -> Any:
    """A row of a kind that only the checks know, from its name and its fields."""
    return row_type(kind, fields)(*items)


def make_rows(outer: Any, kind: Any, fields: tuple[str, ...], columns: list[tuple[Any, ...]]) -> Any:
    """A list or a tuple of rows, from their columns. ``kind`` is a class of dslib, or a name."""
    row = row_type(kind, fields) if isinstance(kind, str) else kind
    return outer(map(row._make, zip(*columns, strict=True)))


def of_the_notebook(name: str) -> Any:
    """A function that the judge names, as an argument for another one."""
    found = _notebook.get(name)
    return found if callable(found) else _Missing(name)


class _Missing:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        raise NameError(f"name {self._name!r} is not defined")


def unpacked(frame: bytes) -> Any:
    """A request, or a part of one that was packed before."""
    return _Reader(io.BytesIO(frame)).load()


def know(module: str, name: str, ways: tuple[tuple[Any, ...], ...], frame: bytes) -> None:
    """Let a function of dslib return what the judge knows it to return for these arguments, without computing it."""
    place = importlib.import_module(module)
    function = getattr(place, name)
    these = set(map(repr, ways))  # 1 and 1.0 are equal, and not the same argument

    @wraps(function)
    def knowing(*asked: Any, **settings: Any) -> Any:
        return unpacked(frame) if not settings and repr(asked) in these else function(*asked, **settings)

    setattr(place, name, knowing)


# -- the kernel's means ------------------------------------------------------------------------------------------------


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _call(what: str, result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _call("unshare", _libc().unshare(flags))


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    done = _libc().mount(source.encode(), target.encode(), kind and kind.encode(), flags, data.encode())
    _call(f"mount {target}", done)


def become_nobody_in_a_namespace(flags: int) -> None:
    """A user namespace of its own, in which this process is nobody, and the other namespaces of ``flags``."""
    user, group = os.getuid(), os.getgid()
    unshare(NEWUSER | flags)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def new_root(folder: str, shown: list[tuple[str, str]]) -> None:
    """Make ``folder`` the root, with nothing in it but the ``shown`` (path outside, path inside), all read-only."""
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for name in ("tmp", "proc", "old"):
        os.mkdir(f"{folder}/{name}")
    mount("tmpfs", f"{folder}/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m")  # first: what is shown may lie below
    devices = [f"/dev/{name}" for name in ("null", "zero", "random", "urandom")]
    for outside, inside in [*shown, *zip(devices, devices, strict=True)]:
        target = folder + inside
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(outside):
            os.makedirs(target, exist_ok=True)
        else:
            open(target, "w").close()
        mount(outside, target, None, MS_BIND | MS_REC)
        if inside not in devices:
            _read_only(target)
    mount("/proc", f"{folder}/proc", None, MS_BIND | MS_REC)  # to write the child's user map; the child does not see it
    os.symlink("/proc/self/fd", f"{folder}/dev/fd")
    os.chdir(folder)
    _call("pivot_root", _libc().syscall({"x86_64": 155, "aarch64": 41}[os.uname().machine], b".", b"old"))
    os.chdir("/")
    _call("umount", _libc().umount2(b"/old", 2))
    mount("none", "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def _read_only(target: str) -> None:
    # What is locked by the outer namespace (nosuid, nodev) has to be named again, or the kernel refuses.
    flags = os.statvfs(target).f_flag
    kept = sum(
        ours for theirs, ours in ((4, MS_NODEV), (8, 8), (1024, 1024), (2048, 2048), (4096, 1 << 21)) if flags & theirs
    )
    mount("none", target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | kept)


def all_read_only() -> None:
    """Nothing that is mounted can be written to from here on: no file, no folder, and not the rights of a device."""
    attributes = struct.pack("=4Q", MS_RDONLY | MS_NOSUID, 0, 0, 0)
    if _libc().syscall(442, -100, b"/", 0x8000, attributes, len(attributes)) == 0:  # mount_setattr, since Linux 5.12
        return
    with open("/proc/self/mountinfo") as file:
        targets = [line.split()[4].encode().decode("unicode_escape") for line in file]
    for target in targets:
        with suppress(FileNotFoundError):  # something else is mounted over it
            _read_only(target)


def own_disk(limits: Limits, shown: list[str]) -> None:
    """An empty /tmp to write to. What of Python and its packages lies below the old one can still be read."""
    held = {path: os.open(path, os.O_PATH) for path in shown}
    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, f"size={limits.disk},nr_inodes=4096,mode=700")
    for path, place in held.items():
        os.makedirs(path if os.path.isdir(f"/proc/self/fd/{place}") else os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path):
            open(path, "w").close()
        mount(f"/proc/self/fd/{place}", path, None, MS_BIND | MS_REC)  # read-only, as it was
        os.close(place)


def close_files(readable: list[str], writable: list[str]) -> bool:
    """Open no file from here on but what lies in these folders. False where the kernel has no means (Landlock) for it.

    It needs no namespace, so it works in most containers; but names of files and their sizes can still be seen.
    """
    libc = _libc()
    version = libc.syscall(444, None, 0, 1)
    if sys.platform != "linux" or version < 1:
        return False
    run, write, read, look, truncate = 1, 2, 4, 8, 1 << 14
    whole = (1 << {1: 13, 2: 14}.get(version, 15)) - 1  # all that can be done to files, as the kernel knows it
    rules = libc.syscall(444, struct.pack("=Q", whole), 8, 0)
    if rules < 0:
        return False
    devices = [f"/dev/{name}" for name in ("null", "zero", "random", "urandom")]
    granted = [(path, run | read | look) for path in readable]
    granted += [(path, read | write) for path in devices] + [(path, whole & ~run) for path in writable]
    for path, rights in granted:
        with suppress(OSError):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            if not os.path.isdir(path):
                rights &= run | write | read | truncate
            libc.syscall(445, rules, 1, struct.pack("=Qi", rights & whole, place), 0)
            os.close(place)
    _call("no_new_privs", libc.prctl(38, 1, 0, 0, 0))
    done = libc.syscall(446, rules, 0)
    os.close(rules)
    return bool(done == 0)


class _Filter(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_Filter)))


class _Calls(NamedTuple):
    """The numbers of system calls on one kind of machine.

    ``own``: allowed on this process only. ``files``: what changes a file without opening it.
    """

    audit: int
    clone: int
    socketpair: int
    fcntl: int
    ioctl: int
    own: frozenset[int]
    refused: frozenset[int]
    files: frozenset[int]


#: Refused are new processes (fork, vfork); other processes (ptrace, kcmp, process_vm_*, tkill, pidfd_*, and their
#: share of the processors: setpriority, ioprio_set, sched_set*); sockets, and what could bind one or hand on a
#: descriptor (bind, sendmsg); mounts and namespaces (mount, umount2, pivot_root, chroot, unshare, setns, open_tree to
#: mount_setattr); memory that no limit counts, and objects of others (shm*, sem*, msg*, mq_open, memfd_*); and parts of
#: the kernel with a history or a memory (bpf, io_uring, keys, perf, kexec, modules, quotas, inotify, fanotify,
#: userfaultfd, open_by_handle_at, syslog). On this process only: kill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo,
#: prlimit64. Of files: the chmod, chown, utime and setxattr families, and truncate.
_SINCE_2019 = {424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 438, 440, 442, 443, 447, 448}  # on every machine
_CALLS = {
    "x86_64": _Calls(
        0xC000003E, 56, 53, 72, 16, frozenset({62, 129, 234, 297, 302}),
        frozenset({
            29, 30, 31, 41, 46, 49, 57, 58, 64, 65, 66, 68, 69, 70, 71, 101, 103, 141, 142, 144, 155, 161, 163, 165,
            166, 167, 168, 169, 175, 176, 179, 200, 203, 220, 240, 246, 248, 249, 250, 251, 253, 256, 272, 279, 294,
            298, 300, 304, 307, 308, 310, 311, 312, 313, 314, 319, 320, 321, 323,
        } | _SINCE_2019),
        frozenset({76, 90, 91, 92, 93, 94, 132, 188, 189, 190, 197, 198, 199, 235, 260, 261, 268, 280}),
    ),
    "aarch64": _Calls(
        0xC00000B7, 220, 199, 25, 29, frozenset({129, 131, 138, 240, 261}),
        frozenset({
            26, 30, 39, 40, 41, 51, 60, 89, 97, 104, 105, 106, 116, 117, 118, 119, 122, 130, 140, 142, 180, 186, 187,
            188, 189, 190, 191, 192, 193, 194, 195, 196, 198, 200, 211, 217, 218, 219, 224, 225, 238, 239, 241, 262,
            265, 268, 269, 270, 271, 272, 273, 274, 279, 280, 282, 294,
        } | _SINCE_2019),
        frozenset({5, 6, 7, 14, 15, 16, 45, 52, 53, 54, 55, 88}),
    ),
}  # fmt: skip
#: Newer calls than this list are refused as well, as if the kernel did not know them.
_CLONE3, _NEWER = 435, 449
#: A pair of sockets that nobody else can be reached with. And of fcntl and ioctl: to have the kernel send signals to
#: somebody else (F_SETOWN, F_SETSIG, F_SETOWN_EX, FIOSETOWN, SIOCSPGRP), to hold up who opens a file (F_SETLEASE).
_STREAM, _OWNERS, _OWNERS_OF_SOCKETS = 1, (8, 10, 15, 1024, 1026), (0x8901, 0x8902)


def refuse_calls(files: bool = False) -> bool:
    """Refuse fork, sockets, mount, ptrace and their like from here on; threads go on. False where this is unknown.

    ``files``: refuse, too, what changes a file without opening it, where files of others are in reach.

    A limit on the number of processes (RLIMIT_NPROC) does not bind root, and an instructor may well be root in a
    container. A filter in the kernel (seccomp) binds everybody, and cannot be taken off again.
    """
    calls = _CALLS.get(os.uname().machine)
    if calls is None or sys.platform != "linux":
        return False
    load, equal, at_least, set_bits, only_bits, give = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
    number, machine, first_argument, second_argument = 0, 4, 16, 24
    allow, kill = 0x7FFF0000, 0x80000000
    eperm, enosys = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    rules = [(load, 0, 0, machine), (equal, 1, 0, calls.audit), (give, 0, 0, kill), (load, 0, 0, number)]
    if os.uname().machine == "x86_64":
        rules += [(at_least, 0, 1, 0x40000000), (give, 0, 0, kill)]  # the x32 calls: another numbering of the same
    rules += [(equal, 0, 1, _CLONE3), (give, 0, 0, enosys)]  # its flags are in memory, where a filter cannot look
    rules += [(equal, 0, 4, calls.clone), (load, 0, 0, first_argument), (set_bits, 0, 1, 0x10000), (give, 0, 0, allow)]
    rules += [(give, 0, 0, eperm)]  # 0x10000: only a thread
    rules += [(at_least, 0, 1, _NEWER), (give, 0, 0, enosys)]
    rules += [(equal, 0, 5, calls.socketpair), (load, 0, 0, second_argument), (only_bits, 0, 0, 15)]
    rules += [(equal, 0, 1, _STREAM), (give, 0, 0, allow), (give, 0, 0, eperm)]
    for call, orders in ((calls.fcntl, _OWNERS), (calls.ioctl, _OWNERS_OF_SOCKETS)):
        rules += [(equal, 0, 2 + 2 * len(orders), call), (load, 0, 0, second_argument)]
        for order in orders:
            rules += [(equal, 0, 1, order), (give, 0, 0, eperm)]
        rules.append((give, 0, 0, allow))
    for call in sorted(calls.refused | (calls.files if files else frozenset())):
        rules += [(equal, 0, 1, call), (give, 0, 0, eperm)]
    for call in sorted(calls.own):
        rules += [(equal, 0, 5, call), (load, 0, 0, first_argument), (equal, 2, 0, os.getpid())]
        rules += [(equal, 1, 0, 0), (give, 0, 0, eperm), (give, 0, 0, allow)]  # 0: itself, or its own group
    rules.append((give, 0, 0, allow))
    program = (_Filter * len(rules))(*(_Filter(*rule) for rule in rules))
    libc = _libc()
    _call("no_new_privs", libc.prctl(38, 1, 0, 0, 0))
    return bool(libc.prctl(22, 2, ctypes.byref(_Program(len(rules), program)), 0, 0) == 0)


def drop_capabilities() -> None:
    if sys.platform != "linux":
        return
    libc = _libc()
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def limit(limits: Limits) -> None:
    # A core of 1 byte is none, and wakes no program that collects them, as 0 would.
    for name, value in (
        ("RLIMIT_AS", limits.memory), ("RLIMIT_FSIZE", limits.file), ("RLIMIT_CORE", 1),
        ("RLIMIT_NOFILE", limits.files), ("RLIMIT_NPROC", limits.threads), ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ):  # fmt: skip
        with suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s))


# -- the template ------------------------------------------------------------------------------------------------------


#: What a keeper says when it ends, as its exit status: its child was still running, or had left by itself; everything
#: between is the signal that ended it. How long a keeper waits for the end of a child that hung up.
RUNNING, LEFT, PATIENCE_S = 0, 100, 0.3


class Started(NamedTuple):
    """A keeper, and the end of the leash that it is on."""

    keeper: int
    leash: int


def template(control: socket.socket, settings: dict[str, Any]) -> None:
    """Load everything, then fork a child for each request, until the judge goes away."""
    import gc

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: Any = InteractiveShell.instance(config=config)
    for name in settings["load"]:
        with suppress(ImportError):
            __import__(name)
    shell.run_cell("None", store_history=False, silent=True)  # the first one loads the parser and its friends
    gc.freeze()
    gc.set_threshold(500_000, 20, 20)  # seldom: a submission is small, and makes no garbage that matters in its minute
    send(control, b"ready")
    children: dict[int, Started] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            return  # all leashes go with this process
        order = json.loads(message)
        if order["do"] == "fork":
            answer: dict[str, Any] = _fork(descriptors[0], shell, settings, children)
            os.close(descriptors[0])
        else:
            answer = {"how": RUNNING, "cpu_s": 0.0}
            if started := children.pop(order["pid"], None):
                with suppress(OSError):
                    os.write(started.leash, b"patient" if order["hung_up"] else b"now")
                os.close(started.leash)
                _, status, used = os.wait4(started.keeper, 0)
                how = os.WEXITSTATUS(status) if os.WIFEXITED(status) else RUNNING
                answer = {"how": how, "cpu_s": used.ru_utime + used.ru_stime}
        send(control, json.dumps(answer).encode())


def _fork(descriptor: int, shell: Any, settings: dict[str, Any], children: dict[int, Started]) -> dict[str, Any]:
    """Fork a keeper, which forks the child into namespaces of its own and waits for its end."""
    told, tell = os.pipe()
    held, leash = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        how = RUNNING
        try:
            _close_all_but(2, descriptor, tell, held)
            if settings["namespaces"]:
                become_nobody_in_a_namespace(NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS)
            scratch = "" if settings["namespaces"] else tempfile.mkdtemp(prefix="submission-", dir=settings["scratch"])
            pid = os.fork()
            if pid == 0:
                child(descriptor, shell, settings, scratch)
            os.write(tell, json.dumps({"pid": pid}).encode())
            _close_all_but(held)
            how = _keep(pid, held)
            if scratch:
                remove(scratch)
        except BaseException as problem:
            with suppress(OSError):
                os.write(tell, json.dumps({"problem": f"{type(problem).__name__}: {problem}"}).encode())
        finally:
            os._exit(how)
    os.close(tell)
    os.close(held)
    with os.fdopen(told, "rb") as pipe:
        said = pipe.read()
    answer: dict[str, Any] = json.loads(said) if said else {"problem": "the sandbox's keeper died"}
    if "pid" in answer:
        children[answer["pid"]] = Started(keeper, leash)
    else:
        os.close(leash)
        os.waitpid(keeper, 0)
    return answer


def _keep(pid: int, held: int) -> int:
    """Wait until the leash is pulled or gone, then end the child. Returns how it had ended, if it had."""
    patient = os.read(held, 16) == b"patient"
    until = time.monotonic() + (PATIENCE_S if patient else 0)
    while not (gone := os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)  # nobody but this process takes it off the kernel's list: the number is still its own
    _, status = os.waitpid(pid, 0)  # it is process 1 of its namespace: all in there end with it
    if gone is None:
        return RUNNING
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else LEFT


def _close_all_but(*kept: int) -> None:
    for low, high in pairwise([-1, *sorted(kept), 1 << 16]):
        if high > low + 1:  # closerange(0, 0) closes all
            os.closerange(low + 1, high)


def remove(folder: str) -> None:
    """Remove a folder that a submission could write to; ``shutil`` gives up where it is nested deeply."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):  # nested, or with folders in it that nobody may look into
        for command in (("chmod", "-R", "u+rwx"), ("rm", "-rf")):
            os.spawnlp(os.P_WAIT, command[0], *command, "--", folder)


# -- the child ---------------------------------------------------------------------------------------------------------


def child(descriptor: int, shell: Any, settings: dict[str, Any], scratch: str) -> None:
    """Cut this process off, then run what is asked, until the judge goes away. Never returns."""
    line = 3
    try:
        os.setsid()
        if descriptor != line:
            os.dup2(descriptor, line)
        os.set_inheritable(line, False)
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        _close_all_but(0, 1, 2, line)
        connection = socket.socket(fileno=line)
        limits = Limits(**settings["limits"])
        with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # where memory runs out, this process goes before the grader
        if settings["namespaces"]:
            mount("none", "/", None, MS_REC | MS_PRIVATE)
            all_read_only()
            own_disk(limits, settings["below_tmp"])
            mount("tmpfs", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=4k")
        drop_capabilities()
        home = scratch or "/tmp"
        work = os.path.join(home, "lab")
        shutil.copytree(settings["folder"], work, ignore=shutil.ignore_patterns("*.ipynb"))
        os.chdir(work)
        os.environ |= {"HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home}
        tempfile.tempdir = None
        limit(limits)
        if scratch:
            close_files(settings["readable"], [scratch])
        refuse_calls(files=not settings["namespaces"])
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    except BaseException as problem:
        with suppress(BaseException):
            send(socket.socket(fileno=line), json.dumps({"problem": f"{type(problem).__name__}: {problem}"}).encode())
        os._exit(1)
    try:
        serve(connection, shell)
    finally:
        os._exit(0)


def serve(connection: socket.socket, shell: Any) -> None:
    """Run cells and answer calls. What the learner's code patches later does not reach these names."""
    dumps, clock, exit_now = json.dumps, time.monotonic, os._exit
    sys.argv = [""]
    cells = _Cells(shell)
    namespace = shell.user_ns
    namespace["__name__"] = "__main__"
    globals()["_notebook"] = namespace
    try:
        send(connection, b'{"ready": true}')
        while True:
            request = unpacked(receive(connection))
            try:
                if request["do"] == "know":
                    know(*request["what"])
                    said = ["{}"]
                elif request["do"] == "run":
                    said = [dumps(cells.run(request["source"], request["seconds"], request["name"]), allow_nan=False)]
                else:
                    said = _asked(namespace, request["calls"], dumps, clock)
            except BaseException as problem:
                said = [dumps({"raised": _raised(problem)})]
            send(connection, f'{{"number": "{request["number"]}", "answers": [{",".join(said)}]}}'.encode())
    except (EOFError, OSError):
        exit_now(0)


class _Capped:
    """A text file that keeps the beginning of what is written and counts the rest."""

    encoding, errors = "utf-8", "replace"

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0

    def write(self, text: str) -> int:
        left = MOST_PRINTED - self.length
        if left > 0:
            self.parts.append(text[:left])
        self.length += len(text)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1

    def text(self) -> str:
        whole = "".join(self.parts)
        return whole if self.length <= MOST_PRINTED else f"{whole}\n… {self.length - MOST_PRINTED:,} more characters"


class _Cells:
    """Runs cells in IPython's shell, and keeps what they print, show and raise, as plain text."""

    def __init__(self, shell: Any) -> None:
        self.shell, self.run_cell = shell, shell.run_cell
        self.shown: list[str] = []
        self.traceback: list[str] = []
        shell.displayhook.__class__.__call__ = lambda hook, value=None: self._show(value)
        shell._showtraceback = self._keep

    def _show(self, value: object) -> None:
        if value is not None:
            data, _ = self.shell.display_formatter.format(value, include={"text/plain"})
            if (left := MOST_PRINTED - sum(map(len, self.shown))) > 0:
                self.shown.append(str(data.get("text/plain", ""))[:left])

    def _keep(self, kind: type, value: BaseException, lines: list[str]) -> None:
        self.traceback = [str(line) for line in lines]

    def run(self, source: str, seconds: float, name: str) -> dict[str, Any]:
        from dslib.exercises import time_limit

        self.shown, self.traceback = [], []
        out, err = _Capped(), _Capped()
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = out, err
        problem: BaseException | None = None
        try:
            with time_limit(seconds):
                done = self.run_cell(source, store_history=False)
            problem = done.error_before_exec or done.error_in_exec
        except BaseException as caught:  # a signal that came when the cell had just ended
            problem = caught
        finally:
            sys.stdout, sys.stderr = before
        answer: dict[str, Any] = {"printed": out.text(), "complained": err.text(), "shown": self.shown}
        if problem is not None:
            text = "\n".join(self.traceback)
            answer["error"] = {
                "name": type(problem).__name__,
                "text": _words(problem),
                "traceback": text[:MOST_PRINTED],
            }
        return answer


def _asked(namespace: dict[str, Any], calls: list[bytes], dumps: Any, clock: Any) -> list[str]:
    """The answers to the first of these calls, as JSON: to one at least, to all where they are quick and small."""
    answers: list[str] = []
    left, until = MOST_BYTES, clock() + COLLECT_S
    for call in calls:
        try:
            answer = dumps(_ask(namespace, *unpacked(call)), allow_nan=False)
        except BaseException as problem:
            answer = dumps({"raised": _raised(problem)})
        if len(answer) > MOST_BYTES:
            answer = dumps({"value": ["o", "answer", "an answer of more than 8 MB"]})
        left -= len(answer)
        if left < 0 and answers:
            break
        answers.append(answer)
        if left < MOST_BYTES // 2 or clock() > until:
            break
    return answers


def _ask(namespace: dict[str, Any], function: str, arguments: Any, settings: Any) -> dict[str, Any]:
    """Call one of the learner's functions; prints and warnings go nowhere."""
    import warnings

    found = namespace.get(function)
    if not callable(found):
        return {"missing": True}
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Capped(), _Capped()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {"value": plain(found(*arguments, **settings))}
    finally:
        sys.stdout, sys.stderr = before


def _words(problem: BaseException) -> str:
    try:
        text = str(problem)
    except BaseException:
        return ""
    return text[:600]


def _raised(problem: BaseException) -> dict[str, Any]:
    """An exception in plain words: its name, those of its ancestors, its text, and the learner's lines."""
    lines: list[tuple[str, int, str]] = []
    step = problem.__traceback__
    while step is not None and len(lines) < 10_000:
        code = step.tb_frame.f_code
        if code.co_filename != __file__ and not code.co_filename.endswith("exercises.py"):
            lines.append((code.co_name, step.tb_lineno, code.co_filename))
        step = step.tb_next
    if len(lines) > 6:
        lines = [*lines[:3], *lines[-3:]]
    import linecache

    return {
        "name": type(problem).__name__[:80],
        "ancestors": [kind.__name__ for kind in type(problem).__mro__ if kind.__module__ == "builtins"],
        "text": _words(problem),
        "lines": [[name, line, linecache.getline(file, line).strip()[:200]] for name, line, file in lines],
    }


# -- plain data --------------------------------------------------------------------------------------------------------


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON can carry it: itself, or a list that begins with one letter for its kind."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is float:
        return value if math.isfinite(value) else ["f", repr(value)]
    if kind is int:
        return value if -(2**53) < value < 2**53 else _large(value)
    if depth > DEPTH:
        return ["o", kind.__name__, "something too deep"]
    if kind is list:
        return _plain_list(value[: MOST_ITEMS + 1], depth)
    if isinstance(value, tuple):
        fields = _fields(kind)
        if fields and len(fields) == len(value):
            return ["n", kind.__name__, fields, [plain(item, depth + 1) for item in value]]
        return ["t", [plain(item, depth + 1) for item in value[: MOST_ITEMS + 1]]]
    if isinstance(value, Mapping):
        pairs = islice(value.items(), MOST_ITEMS + 1)
        return ["d", [[plain(key, depth + 1), plain(item, depth + 1)] for key, item in pairs]]
    if isinstance(value, set | frozenset):
        return ["s", [plain(item, depth + 1) for item in value]]
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes | bytearray):
        return ["o", kind.__name__, repr(bytes(value[:60]))]
    if isinstance(value, Fraction):
        parts = int(value.numerator), int(value.denominator)
        return ["q", *map(hex, parts)] if all(map(_fits, parts)) else ["o", "Fraction", "a fraction without end"]
    if isinstance(value, Decimal):
        written = str(Decimal(value))
        return ["D", written] if len(written) < MOST_EXPONENT else ["o", "Decimal", "a number without end"]
    if kind.__module__ == "numpy":
        if getattr(value, "ndim", 0) == 0 and hasattr(value, "item"):
            return ["b", bool(value)] if kind.__name__ in ("bool", "bool_") else plain(value.item(), depth + 1)
        return plain(value.tolist(), depth + 1)
    if isinstance(value, Integral):
        return plain(int(value), depth + 1)
    if isinstance(value, Real):
        return plain(float(value), depth + 1)
    if isinstance(value, Iterator | range) or hasattr(value, "__iter__"):
        return ["l", [plain(item, depth + 1) for item in islice(iter(value), MOST_ITEMS + 1)]]
    return ["o", kind.__name__[:80], _repr(value)]


def _plain_list(values: list[Any], depth: int) -> list[Any]:
    """A list; one of rows of one kind goes by its columns."""
    kinds = set(map(type, values))
    (row,) = kinds if len(kinds) == 1 else (object,)
    if issubclass(row, tuple) and (fields := _fields(row)) and {len(fields)} == set(map(len, values)):
        columns = [_plain_items(list(column), depth + 1) for column in zip(*values, strict=True)]
        return ["r", row.__name__, fields, columns]
    return ["l", _plain_items(values, depth)]


def _fields(kind: type) -> list[str]:
    """The fields of a NamedTuple that has names of a usual kind; another one goes as a tuple."""
    names: Any = getattr(kind, "_fields", ())
    usual = isinstance(names, tuple) and all(
        type(name) is str and name.isidentifier() and name[0] != "_" and not iskeyword(name)
        for name in (kind.__name__, *names)
    )
    return list(names) if usual else []


def _plain_items(values: list[Any], depth: int) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= _WRITTEN_AS_THEY_ARE or (kinds == {float} and all(map(math.isfinite, values))):
        return values
    return [plain(item, depth + 1) for item in values]


_WRITTEN_AS_THEY_ARE = {str, bool, type(None)}


def _fits(value: int) -> bool:
    return value.bit_length() <= MOST_BITS


def _large(value: int) -> list[str]:
    return ["i", hex(value)] if _fits(value) else ["o", "int", f"a whole number of {value.bit_length():,} bits"]


def _repr(value: Any) -> str:
    import reprlib

    if isinstance(value, FunctionType):
        return f"the function {value.__name__}"
    try:
        return reprlib.repr(value)[:200]
    except BaseException:
        return ""


def main() -> None:
    """Started by grading.box: the settings are the argument, the control socket is a descriptor."""
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=settings["control"])
    if settings["root"]:  # without bubblewrap this process builds its own walls
        become_nobody_in_a_namespace(NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS)
        new_root(settings["root"], [(outside, there) for outside, there in settings["shown"]])
        if os.fork():  # the child is process 1 of the new process namespace, and ends with all in it
            os.wait()
            os._exit(0)
        _libc().prctl(1, signal.SIGKILL, 0, 0, 0)
    sys.path[:0] = settings["path"]
    sys.dont_write_bytecode = True
    template(control, settings)


if __name__ == "__main__":
    main()
