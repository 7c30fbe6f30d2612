"""A small workbench for nodes that are programs: starts one process for each, carries their lines, and cuts.

It does with `python -m dslib.maelstrom` what Maelstrom does, without Java: tests/test_maelstrom.py uses it.
"""

import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Workbench:
    """Processes, and the network between them and their clients. Use it in a `with` block."""

    def __init__(self, place, names, *settings, seed=0):
        self.names = list(names)
        self.start = time.monotonic()
        self.cut = set()  # pairs of names whose messages are thrown away
        self.carried = []  # every line between any two: (src, dest, body)
        self.wrong_lines = []
        self._answers = {}  # client -> queue of bodies
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        command = [sys.executable, "-m", "dslib.maelstrom", place, *settings, "--seed", str(seed)]
        self.processes = {
            name: subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for name in self.names
        }
        self.said = {name: [] for name in self.names}  # standard error
        for name, process in self.processes.items():
            threading.Thread(target=self._carry, args=(name, process), daemon=True).start()
            threading.Thread(target=self._listen, args=(name, process), daemon=True).start()

    def __enter__(self):
        for name in self.names:
            answer = self.ask("c0", name, type="init", node_id=name, node_ids=self.names, within=20)
            assert answer["type"] == "init_ok", answer
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            process.stdin.close()
        for process in self.processes.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
            process.stderr.close()

    def now(self):
        """ms since the start."""
        return (time.monotonic() - self.start) * 1_000

    def partition(self, *groups):
        """From now on only nodes of the same group hear each other; clients hear everybody."""
        self.cut = {(a, b) for one, other in itertools.permutations(groups, 2) for a in one for b in other}

    def heal(self):
        self.cut = set()

    def write(self, name, line):
        """One line to a process, whatever it is."""
        process = self.processes[name]
        with self._lock:
            try:
                process.stdin.write(line + "\n")
                process.stdin.flush()
            except (BrokenPipeError, ValueError):  # it is no more
                pass

    def ask(self, client, name, within=1.0, **body):
        """Send a request; the answer's body, or None if none came in time."""
        msg_id = next(self._numbers)
        inbox = self._answers.setdefault(client, queue.Queue())
        self.write(name, json.dumps({"src": client, "dest": name, "body": {"msg_id": msg_id, **body}}))
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = inbox.get(timeout=left)
            except queue.Empty:
                break
            if answer["in_reply_to"] == msg_id:
                return answer
        return None

    def _carry(self, name, process):
        for line in process.stdout:
            try:
                message = json.loads(line)
                src, dest, body = message["src"], message["dest"], message["body"]
                assert src == name or body["type"] == "error"
                assert isinstance(body["type"], str)
            except (ValueError, KeyError, AssertionError):
                self.wrong_lines.append(line)
                continue
            self.carried.append((src, dest, body))
            if dest not in self.processes:
                self._answers[dest].put(body)
            elif (name, dest) not in self.cut:
                self.write(dest, line.rstrip("\n"))

    def _listen(self, name, process):
        for line in process.stderr:
            self.said[name].append(line)
