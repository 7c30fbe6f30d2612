"""Nodes as programs of their own: Maelstrom's protocol, its workloads, and a cut between real processes."""

import json
import subprocess
import sys
import threading
import time

import pytest
from workbench import ROOT, Workbench

from dslib import Message, Node, Refusal, Reply
from dslib.checkers import check_linearizable
from dslib.history import History
from dslib.maelstrom import Bridge, Crashed, load, main, number_of, settings_of
from dslib.protocols.echo import Echo
from dslib.specs import KeyValue


def line(src="c1", dest="n1", **body):
    return json.dumps({"src": src, "dest": dest, "body": body})


INIT = line("c0", "n1", type="init", msg_id=1, node_id="n1", node_ids=["n1", "n2", "n3"])


def bridge(kind, log=lambda text: None, **settings):
    one = Bridge(kind, settings, log=log)
    assert bodies(one.receive(INIT, 0.0))[0] == {"type": "init_ok", "in_reply_to": 1}
    return one


def bodies(lines):
    return [json.loads(one)["body"] for one in lines]


# -- one node, line by line --------------------------------------------------------------------------------------------


class Ping(Message):
    round: int


class Chatty(Node):
    """Speaks when it starts, when time passes, and when it is spoken to."""

    every: float = 50.0

    def on_start(self):
        self.rounds = 0
        self.broadcast(Ping(0))
        self.set_timer("tick", self.every)

    def on_tick_timeout(self):
        self.rounds += 1
        self.send("n2", Ping(self.rounds))
        self.set_timer("tick", self.every)

    def on_ping(self, src, msg):
        self.log(f"ping {msg.round}")
        self.send(src, Ping(msg.round + 1))

    def on_request(self, src, msg):
        if msg.arg == "die":
            self.die("asked to")
        if msg.arg == "raise":
            raise KeyError("no such thing")
        if msg.arg == "refuse":
            self.send(src, Refusal(msg.id, "read-only"))
        elif msg.arg != "silence":
            self.send(src, Reply(msg.id, msg.arg))


def test_init_is_answered_before_anything_the_node_says():
    one = Bridge(Chatty)
    said = [json.loads(text) for text in one.receive(INIT, 0.0)]
    assert [(m["src"], m["dest"], m["body"]["type"]) for m in said] == [
        ("n1", "c0", "init_ok"), ("n1", "n2", "Ping"), ("n1", "n3", "Ping"),
    ]  # fmt: skip


def test_timers_run_in_the_time_that_passes():
    one = Bridge(Chatty, {"every": 30})
    one.receive(INIT, 1_000.0)
    assert one.due() == 1_030.0
    assert one.wait(1_029.0) == []
    assert [body["fields"] for body in bodies(one.wait(1_095.0))] == [{"round": 1}, {"round": 2}, {"round": 3}]
    assert one.due() == 1_120.0


def test_nodes_hear_each_other_in_their_own_messages():
    heard = []
    one = bridge(Chatty, log=heard.append)
    (said,) = one.receive(line("n3", "n1", type="Ping", fields={"round": 4}), 5.0)
    assert json.loads(said) == {"src": "n1", "dest": "n3", "body": {"type": "Ping", "fields": {"round": 5}}}
    assert heard == ["n1 at 5 ms: ping 4"]


def test_a_refusal_is_a_definite_error_and_silence_is_silence():
    one = bridge(Chatty)
    (said,) = bodies(one.receive(line(type="echo", msg_id=7, echo="refuse"), 1.0))
    assert said == {"type": "error", "in_reply_to": 7, "code": 11, "text": "read-only"}
    assert one.receive(line(type="echo", msg_id=8, echo="silence"), 2.0) == []


@pytest.mark.parametrize(("word", "text"), [("die", "asked to"), ("raise", "no such thing")])
def test_a_node_that_ends_while_it_serves_leaves_the_outcome_open(word, text):
    one = bridge(Chatty)
    with pytest.raises(Crashed, match=text) as end:
        one.receive(line(type="echo", msg_id=9, echo=word), 1.0)
    (said,) = bodies(end.value.lines)
    assert (said["code"], said["in_reply_to"]) == (13, 9), "13 is the error after which nobody knows"


def test_before_init_nothing_is_done():
    (said,) = bodies(Bridge(Echo).receive(line(type="echo", msg_id=3, echo="x"), 0.0))
    assert (said["code"], said["in_reply_to"]) == (11, 3)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (line(type="echo", msg_id=5), "needs a field 'echo'"),
        (line(dest="n2", type="echo", msg_id=5, echo=1), "this is n1"),
        (line(type="init", msg_id=5, node_id="n1", node_ids=["n1"]), "already"),
        (line(type="init", msg_id=5, node_id="n9", node_ids=["n1"]), "node_ids"),
        (line(type="topology", msg_id=5, topology=[1]), "a topology is"),
        (json.dumps({"src": "c1", "dest": "n1", "body": {"msg_id": 5}}), 'an object with a "type"'),
        (json.dumps({"src": "c1", "body": {"msg_id": 5, "type": "echo"}}), 'a "dest"'),
    ],
)
def test_a_malformed_request_is_answered_and_the_node_lives_on(text, complaint):
    one = bridge(Echo)
    (said,) = bodies(one.receive(text, 1.0))
    assert (said["type"], said["code"], said["in_reply_to"]) == ("error", 12, 5)
    assert complaint in said["text"]
    assert bodies(one.receive(line(type="echo", msg_id=6, echo="still here"), 2.0))[0]["echo"] == "still here"


@pytest.mark.parametrize(
    "text",
    [
        "", "no JSON", "[" * 100_000, '{"src": 1}', "[]", "NaN", line(type="echo", echo=1),
        line(type="echo", msg_id=True, echo=1), line(type="echo", msg_id=1, echo=float("nan")),
        line("n2", type="Nonsense", fields={}), line("n2", type="Ping", fields={"square": 1}),
        line("n2", type="Request"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_nobody_can_be_answered_about_is_reported_to_people_and_the_node_lives_on(text):
    heard = []
    one = bridge(Chatty, log=heard.append)
    assert [body for body in bodies(one.receive(text, 1.0)) if body.get("code") != 12] == []
    assert heard[0].startswith("malformed: ")
    assert bodies(one.receive(line(type="echo", msg_id=6, echo="still here"), 2.0))[0]["echo"] == "still here"


def test_what_is_not_offered_is_not_supported():
    one = bridge(Echo)
    for body in ({"type": "frobnicate"}, {"type": "write", "key": 1, "value": 2}):
        (said,) = bodies(one.receive(line(msg_id=4, **body), 1.0))
        assert said["code"] == 10, said


def test_a_request_has_the_same_number_everywhere_and_no_two_have_one():
    numbers = {number_of(f"c{client}", msg_id) for client in range(50) for msg_id in (0, 1, 2, 2**32 - 1)}
    assert len(numbers) == 200
    assert max(numbers) < 2**63
    assert number_of("c1", 1) == number_of("c1", 0) + 1


def test_a_node_that_was_only_passed_a_request_can_answer_its_client():
    """As in Raft: the leader answers, whoever was asked."""

    class Passes(Node):
        def on_request(self, src, msg):
            if src == "n2":
                self.send(msg.tenant, Reply(msg.id, "from afar"))
            else:
                self.send("n2", msg)

    asked, answers = bridge(Passes), bridge(Passes)
    (passed,) = asked.receive(line("c7", type="read", key=1, msg_id=40), 1.0)
    text = passed.replace('"src": "n1"', '"src": "n2"').replace('"dest": "n2"', '"dest": "n1"')
    (said,) = [json.loads(one) for one in answers.receive(text, 1.0)]
    assert said["dest"] == "c7"
    assert said["body"] == {"type": "read_ok", "in_reply_to": 40, "value": "from afar"}


# -- finding the class -------------------------------------------------------------------------------------------------


def test_a_class_is_found_in_a_file_in_a_package_and_by_its_modules_name(tmp_path):
    assert load(str(ROOT / "dslib/protocols/echo.py") + ":Echo") is Echo
    assert load("dslib.protocols.echo:Echo") is Echo
    (tmp_path / "mine.py").write_text("from dslib import Node\nclass Mine(Node):\n    pass\n")
    assert load(f"{tmp_path}/mine.py:Mine").__name__ == "Mine"


def test_without_a_class_the_command_asks_for_the_class_alone(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().err.endswith("required: FILE:CLASS\n")


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("raft.py", "write FILE:CLASS"),
        ("nowhere.py:Raft", "no file nowhere.py"),
        ("dslib.nowhere:Raft", "cannot be loaded"),
        ("dslib.protocols.echo:Nobody", "no class Nobody that is a Node"),
        ("dslib.protocols.echo:Reply", "no class Reply that is a Node"),
    ],
)
def test_a_class_that_is_not_there_is_named(place, complaint, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([place])
    assert complaint in capsys.readouterr().err


def test_settings_are_python_values():
    assert settings_of(["a=1", "b='x'", "c=(1, 2.5)"]) == {"a": 1, "b": "x", "c": (1, 2.5)}
    for wrong in ("a", "a=", "a=x y", "1=2"):
        with pytest.raises(ValueError, match="write name=value"):
            settings_of([wrong])


# -- real processes ----------------------------------------------------------------------------------------------------


def test_standard_output_carries_nothing_but_protocol_lines(tmp_path):
    (tmp_path / "loud.py").write_text(
        "from dslib import Node, Reply\n"
        "print('loaded')\n"
        "class Loud(Node):\n"
        "    def on_start(self):\n"
        "        print('up')\n"
        "    def on_request(self, src, msg):\n"
        "        print('asked')\n"
        "        self.send(src, Reply(msg.id, msg.arg))\n"
    )
    text = "\n".join([INIT, "nonsense", "\udcff", line(type="echo", msg_id=2, echo="x")]) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "dslib.maelstrom", str(tmp_path / "loud.py") + ":Loud"],
        input=text.encode("utf-8", "surrogateescape"), capture_output=True, cwd=ROOT, check=True, timeout=60,
    )  # fmt: skip
    assert [body["type"] for body in bodies(done.stdout.decode().splitlines())] == ["init_ok", "echo_ok"]
    assert b"loaded" in done.stderr
    assert b"asked" in done.stderr


def test_a_process_ends_when_its_node_does():
    text = "\n".join([INIT, line(type="echo", msg_id=2, echo="die")]) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "dslib.maelstrom", "tests/test_maelstrom.py:Chatty"],
        input=text, capture_output=True, text=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "asked to" in done.stderr
    assert bodies(done.stdout.splitlines())[-1]["code"] == 13


def test_unique_ids_are_unique_over_processes():
    with Workbench("dslib/protocols/echo.py:UniqueIds", ["n1", "n2"]) as bench:
        given = [bench.ask("c1", name, type="generate")["id"] for _ in range(20) for name in bench.names]
    assert len(set(given)) == 40
    assert not bench.wrong_lines


def test_what_is_broadcast_during_a_cut_is_everywhere_after_it():
    with Workbench("dslib/protocols/broadcast.py:Broadcast", ["n1", "n2", "n3"], "every_ms=50") as bench:
        lines = {"n1": ["n2"], "n2": ["n1", "n3"], "n3": ["n2"]}
        for name in bench.names:
            assert bench.ask("c1", name, type="topology", topology=lines)["type"] == "topology_ok"
        bench.partition(["n1"], ["n2", "n3"])
        for number in range(9):
            assert bench.ask("c1", bench.names[number % 3], type="broadcast", message=number)["type"] == "broadcast_ok"
        assert sorted(bench.ask("c1", "n1", type="read")["messages"]) == [0, 3, 6]
        bench.heal()
        eventually(lambda: all(sorted(bench.ask("c1", n, type="read")["messages"]) == [*range(9)] for n in bench.names))
    assert not bench.wrong_lines


@pytest.mark.parametrize(
    ("kind", "adds", "total"),
    [
        ("GSet", [{"element": x} for x in (3, "x", 5)], [3, 5, "x"]),
        ("GCounter", [{"delta": x} for x in (3, 0, 5)], 8),
        ("PnCounter", [{"delta": x} for x in (3, -7, 5)], 1),
    ],
)
def test_replicas_that_were_cut_off_agree_after_it(kind, adds, total):
    with Workbench(f"dslib/protocols/crdts.py:{kind}", ["n1", "n2", "n3"], "every_ms=50") as bench:
        bench.partition(["n1"], ["n2"], ["n3"])
        for name, add in zip(bench.names, adds, strict=True):
            assert bench.ask("c1", name, type="add", **add)["type"] == "add_ok"
        assert bench.ask("c1", "n1", type="read")["value"] in (3, [3])
        bench.heal()
        told = {}

        def agreed():
            told.update({name: bench.ask("c1", name, type="read")["value"] for name in bench.names})
            return all((sorted(v, key=str) if isinstance(v, list) else v) == total for v in told.values())

        eventually(agreed)
    assert not bench.wrong_lines


def eventually(holds, within=20.0):
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "not even in the end"
        time.sleep(0.05)


def lin_kv_through_a_cut(kind, cut_s=1.5):
    """Three processes and three clients; in the middle the leader is cut off from the others. The history."""
    history, lock, over = History(), threading.Lock(), threading.Event()
    answered = {"before": 0, "during": 0, "after": 0}
    phase = ["before"]

    def client(bench, name, server, number):
        for step in range(10_000):
            if over.is_set():
                return
            f = ("write", "read", "cas")[(step + number) % 3]
            key, value = (step // 3) % 2, number * 100_000 + step
            body = {"read": {}, "write": {"value": value}, "cas": {"from": last.get(key, 0), "to": value}}[f]
            arg = {"read": None, "write": value, "cas": (body.get("from"), value)}[f]
            with lock:
                op = history.invoke(name, f, key, arg, now=bench.now())
            answer = bench.ask(name, server, type=f, key=key, within=0.5, **body)
            with lock:
                if answer is None or answer.get("code") in (0, 13):
                    op.info()
                elif answer["type"] == "error" and answer["code"] in (20, 22):
                    if f == "read":
                        op.ok(None, now=bench.now())
                    else:
                        op.ok(False, now=bench.now())
                elif answer["type"] == "error":
                    op.fail(now=bench.now())
                else:
                    op.ok(answer.get("value") if f == "read" else True if f == "cas" else None, now=bench.now())
                    answered[phase[0]] += 1
                    if f != "cas":
                        last[key] = answer.get("value", value)

    last = {}
    with Workbench(f"dslib/protocols/raft.py:{kind}", ["n1", "n2", "n3"], seed=5) as bench:
        bench.ask("c9", "n1", type="write", key=0, value=0, within=10)  # there is a leader
        history.invoke("c9", "write", 0, 0, now=0.0).ok(now=bench.now())
        clients = [
            threading.Thread(target=client, args=(bench, f"c{i + 1}", server, i + 1), daemon=True)
            for i, server in enumerate(bench.names)
        ]
        for thread in clients:
            thread.start()
        eventually(lambda: answered["before"] >= 20)
        leader = next(src for src, _, body in reversed(bench.carried) if body["type"] == "AppendEntries")
        bench.partition([leader], [name for name in bench.names if name != leader])
        phase[0] = "during"
        time.sleep(cut_s)  # long enough for those who ask the old leader to give up
        eventually(lambda: answered["during"] >= 20)
        bench.heal()
        phase[0] = "after"
        eventually(lambda: answered["after"] >= 20)
        over.set()
        for thread in clients:
            thread.join()
    assert not bench.wrong_lines
    return history


def test_lin_kv_over_raft_stays_linearizable_through_a_cut():
    history = lin_kv_through_a_cut("Raft")
    assert any(op.status == "info" for op in history), "whoever asked the old leader cannot know"
    verdict = check_linearizable(history, KeyValue(), time_limit=60)
    assert verdict, verdict.explain()


def test_a_leader_that_trusts_itself_is_found_out_through_the_same_lines():
    """It answers reads from what it knows, cut off from those who have a newer leader."""
    verdict = check_linearizable(lin_kv_through_a_cut("TrustsItself", cut_s=4), KeyValue(), time_limit=60)
    assert verdict.linearizable is False, verdict.explain()
