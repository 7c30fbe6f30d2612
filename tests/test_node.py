"""Messages and nodes."""

import re
from pathlib import Path

import pytest

import dslib
from dslib import Clock, Message, Network, Node, Simulation


class Ping(Message):
    seq: int


class AppendEntries(Message):
    term: int
    entries: tuple[str, ...] = ()


class Echo(Node):
    def on_start(self):
        self.seen = []

    def on_ping(self, src, msg):
        self.seen.append((src, msg))
        self.send(src, msg)


class Sender(Node):
    def on_start(self):
        for msg in self.script:
            self.send("echo", msg)

    def on_ping(self, src, msg):
        pass


def test_messages_compare_by_type_and_value_and_are_hashable():
    class Pong(Message):
        seq: int

    assert Ping(1) == Ping(seq=1)
    assert Ping(1) != Ping(2)
    assert Ping(1) != Pong(1)
    assert len({Ping(1), Ping(1), Pong(1)}) == 2
    assert repr(AppendEntries(3, ("a",))) == "AppendEntries(term=3, entries=('a',))"


def test_a_message_cannot_be_changed_after_it_was_made():
    with pytest.raises(AttributeError):
        Ping(1).seq = 2


@pytest.mark.parametrize(
    ("value", "instead"), [([1], "a tuple"), ({1}, "a frozenset"), ({"a": 1}, "a tuple of pairs"), (([1],), "a tuple")]
)
def test_a_mutable_field_is_refused_with_what_to_use_instead(value, instead):
    with pytest.raises(TypeError, match=f"AppendEntries.entries holds .* use {instead}"):
        AppendEntries(1, value)


def test_a_set_in_a_message_prints_the_same_whatever_the_hash_seed():
    class Members(Message):
        names: frozenset[str]

    assert repr(Members(frozenset(["c", "a", "b"]))) == "Members(names={'a', 'b', 'c'})"


@pytest.mark.parametrize("name", ["Start", "RetryTimeout"])
def test_message_names_whose_handlers_are_taken_are_refused(name):
    with pytest.raises(TypeError, match=f"cannot be named {name}"):
        type(name, (Message,), {})


def test_camel_case_messages_have_snake_case_handlers():
    calls = []

    class HTTPGet(Message):
        pass

    class Server(Node):
        def on_append_entries(self, src, msg):
            calls.append(msg)

        def on_http_get(self, src, msg):
            calls.append(msg)

    Simulation(Server("echo"), Sender("a", script=(AppendEntries(1), HTTPGet()))).run(until=100)
    assert sorted(map(repr, calls)) == ["AppendEntries(term=1, entries=())", "HTTPGet()"]


def test_a_message_class_defined_again_as_in_a_notebook_still_finds_its_handler():
    again = type("Ping", (Message,), {"__annotations__": {"seq": int}})
    echo = Echo("echo")
    Simulation(echo, Sender("a", script=(Ping(1), again(2)))).run(until=100)
    assert sorted(msg.seq for _, msg in echo.seen) == [1, 2]


def test_a_handler_changed_on_the_class_counts_from_the_next_simulation():
    class Server(Echo):
        pass

    Simulation(Server("echo"), Sender("a", script=(Ping(1),))).run(until=100)
    changed = []
    Server.on_ping = lambda self, src, msg: changed.append(msg)
    Simulation(Server("echo"), Sender("a", script=(Ping(1),))).run(until=100)
    assert changed == [Ping(1)]


def test_a_missing_handler_names_the_node_the_message_and_the_method_to_write():
    sim = Simulation(Echo("echo"), Sender("a", script=(AppendEntries(1),)), seed=5)
    with pytest.raises(AttributeError) as error:
        sim.run(until=100)
    assert "Echo 'echo' received AppendEntries from 'a' but defines no on_append_entries(self, src, msg)" in str(
        error.value
    )
    assert "seed=5" in "".join(error.value.__notes__)
    assert sim.trace.where(kind="send"), "what was recorded before the error is lost"


def test_a_send_to_nobody_names_the_nodes_there_are():
    class Lost(Node):
        def on_start(self):
            self.send("nobody", Ping(1))

    with pytest.raises(ValueError, match="'lost' sent to 'nobody', and there is no such node; the nodes are 'lost'"):
        Simulation(Lost("lost")).run(until=1)


def test_only_messages_can_be_sent():
    class Shouter(Node):
        def on_start(self):
            self.send("shouter", "hello")

    with pytest.raises(TypeError, match="only a Message can be sent, not a str"):
        Simulation(Shouter("shouter")).run(until=1)


def test_broadcast_sends_to_the_peers_in_order_and_not_to_oneself():
    class Caller(Node):
        def on_start(self):
            self.broadcast(Ping(1))

    sim = Simulation(Caller("caller", peers=["c", "a", "b"]), Echo("a"), Echo("b"), Echo("c")).run(until=0)
    assert [e.dest for e in sim.trace.where(kind="send")] == ["c", "a", "b"]


class Counter(Node):
    """Counts in memory and on disk."""

    def on_start(self):
        self.memory = 0
        self.saved = self.disk.get("saved", 0)
        self.set_timer("tick", 10)

    def on_tick_timeout(self):
        self.memory += 1
        self.saved += 1
        self.disk["saved"] = self.saved
        self.notes.append(self.memory)
        self.set_timer("tick", 10)


def test_a_crash_loses_memory_and_timers_and_keeps_disk_clock_and_dice():
    node = Counter("n", clock=Clock(offset=500), notes=[])
    sim = Simulation(node, seed=3)
    first_draw = node.random.random()
    sim.at(35, sim.crash, "n")
    sim.run(until=100)
    assert not hasattr(node, "memory")
    assert node.disk == {"saved": 3}
    assert len(sim.trace.where(kind="timer")) == 3, "a timer ran on a crashed node"
    sim.at(100, sim.restart, "n")
    sim.run(until=125)
    assert (node.memory, node.saved) == (2, 5)
    assert node.clock.read() == 625
    assert node.random.random() != first_draw, "the dice started again"


def test_a_list_given_as_a_setting_does_not_carry_memory_across_a_crash():
    node = Counter("n", notes=[])
    sim = Simulation(node)
    sim.at(35, sim.crash, "n")
    sim.at(40, sim.restart, "n")
    sim.run(until=55)
    assert node.notes == [1]


@pytest.mark.parametrize("wrap", [lambda kept: kept, lambda kept: (kept,), lambda kept: ("a", (1, kept))])
def test_what_can_change_in_a_setting_is_copied_however_deep_it_lies(wrap):
    kept = ["told"]
    node = Node("n", (), None, told=wrap(kept), limit=3)
    kept.append("later")
    node._rebuild()
    assert node.told == wrap(["told"])


def test_settings_that_share_a_list_share_it_after_a_restart_too():
    both = []
    node = Node("n", mine=both, yours=both)
    node._rebuild()
    assert node.mine is node.yours
    assert node.mine is not both


def test_settings_that_cannot_change_are_not_copied():
    def choose():
        return 1

    name, peers = "a long enough name", ("a", "b")
    args, settings = Node(name, peers, choose=choose, limit=2.5, nothing=None)._arguments
    assert (args[0] is name, args[1] is peers, settings["choose"] is choose) == (True, True, True)
    assert settings == {"choose": choose, "limit": 2.5, "nothing": None}


def test_nodes_share_neither_disk_nor_timers_before_or_after_a_crash():
    a, b = Counter("a", notes=[]), Counter("b", notes=[])
    idle = Node("idle")
    sim = Simulation(a, b, idle)
    sim.at(15, sim.crash, "a")
    sim.at(20, sim.restart, "a")
    sim.run(until=25)
    assert (a.disk, b.disk, idle.disk) == ({"saved": 1}, {"saved": 2}, {})
    assert [len(node._timers) for node in (a, b, idle)] == [1, 1, 0]
    assert a.disk is a.disk
    assert a._timers is not b._timers


def test_setting_a_timer_again_replaces_it_and_keys_let_timers_run_side_by_side():
    fired = []

    class Waiter(Node):
        def on_start(self):
            self.set_timer("wait", 10, "replaced")
            self.set_timer("wait", 20, "kept")
            self.set_timer("wait", 5, "other", key="other")
            self.set_timer("gone", 7)
            self.cancel_timer("gone")
            self.cancel_timer("wait", key="never set")

        def on_wait_timeout(self, what):
            fired.append((self._sim.now, what))

        def on_gone_timeout(self):
            fired.append("gone")

    Simulation(Waiter("w")).run(until=100)
    assert fired == [(5, "other"), (20, "kept")]


def test_an_unknown_timer_says_which_handler_to_define():
    class Waiter(Node):
        def on_start(self):
            self.set_timer("retry", 10)

        def on_election_timeout(self): ...

    with pytest.raises(
        AttributeError, match=r"no timer 'retry': define on_retry_timeout\(self\). It has timers election"
    ):
        Simulation(Waiter("w")).run(until=1)


@pytest.mark.parametrize("delay", [-1, float("inf"), float("nan")])
def test_a_timer_with_an_impossible_delay_is_refused(delay):
    class Waiter(Node):
        def on_start(self):
            self.set_timer("retry", delay)

        def on_retry_timeout(self): ...

    with pytest.raises(ValueError, match=r"timer 'retry' of node 'w' was set to .* ms"):
        Simulation(Waiter("w")).run(until=1)


def test_a_fast_clock_makes_timers_early():
    class Waiter(Node):
        def on_start(self):
            self.set_timer("wait", 110)

        def on_wait_timeout(self):
            self.log("rang")

    sim = Simulation(Waiter("w", clock=Clock(drift=0.1))).run(until=200)
    assert sim.trace.where(kind="log")[0].time == pytest.approx(100, rel=1e-12)


def test_a_node_outside_a_simulation_says_so():
    with pytest.raises(RuntimeError, match="in no simulation yet"):
        Echo("e").send("x", Ping(1))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Node(""), "non-empty string"),
        (lambda: Node(7), "non-empty string"),
        (lambda: Node("a", peers="b"), r"peers=\('b',\)"),
        (lambda: Node("a", send=3), "taken by Node"),
        (lambda: Simulation(Node("a"), Node("a")), "two nodes are called 'a'"),
        (lambda: Simulation(Node), r"write Node\('r1'\)"),
        (lambda: Simulation(7), "made of nodes"),
        (lambda: Simulation(Node("a"), trace="all"), '"off", "events" or "state"'),
        (lambda: Simulation(Node("a"), seed=1.5), "write a whole number"),
    ],
)
def test_a_wrong_node_or_simulation_is_refused_in_words(make, says):
    with pytest.raises((TypeError, ValueError), match=says):
        make()


class Patient(Node):
    patience: float = 100.0
    tries: int


@pytest.mark.parametrize(("wrong", "meant"), [("patiense", "patience"), ("Patience", "patience"), ("triess", "tries")])
def test_a_setting_that_is_almost_one_of_the_class_is_taken_for_a_slip(wrong, meant):
    with pytest.raises(TypeError, match=f"Patient 'p' has no setting '{wrong}': did you mean '{meant}'"):
        Patient("p", **{wrong: 7})
    with pytest.raises(TypeError, match="did you mean"):
        type("Heir", (Patient,), {})("p", **{wrong: 7})


def test_settings_that_a_class_declares_or_that_are_like_none_are_taken():
    node = Patient("p", patience=7, tries=2, trust=3)  # trust is too far away from tries to be a slip
    assert (node.patience, node.tries, node.trust) == (7, 2, 3)


def test_nodes_networks_and_clocks_belong_to_one_simulation():
    node, network, clock = Node("a"), Network(), Clock()
    Simulation(node, network=network)
    with pytest.raises(ValueError, match="another Simulation already"):
        Simulation(node)
    with pytest.raises(ValueError, match="make a new Network"):
        Simulation(Node("a"), network=network)
    with pytest.raises(ValueError, match="a Clock of its own"):
        Simulation(Node("a", clock=clock), Node("b", clock=clock))


def test_timers_with_keys_are_forgotten_when_they_rang_or_were_cancelled():
    class Server(Node):
        def on_start(self):
            for request in range(100):
                self.set_timer("patience", 10 + request, request, key=request)
            for request in range(50):
                self.cancel_timer("patience", key=request)

        def on_patience_timeout(self, request):
            self.log(request)

    sim = Simulation(Server("s")).run(until=500)
    assert [e.detail for e in sim.trace.where(kind="log")] == [str(n) for n in range(50, 100)]
    assert sim.nodes["s"]._timers == {}


def test_no_node_of_ours_keeps_its_own_state_where_node_keeps_its():
    """Such an attribute would survive a crash, and confuse the simulation."""
    kept = [name for name in Node.__slots__ if name.startswith("_") and name != "__dict__"]
    taken = re.compile(rf"self\.({'|'.join(kept)})\s*(:[^=]*)?=[^=]")
    core = ("node.py", "clocks.py", "simulation.py", "network.py", "links.py", "routes.py", "testing.py")
    assert taken.search("        self._timers: dict[str, float] = {}")
    for path in sorted(Path(dslib.__file__).parent.rglob("*.py")):
        if path.name not in core and path.parent.name != "views":
            found = [line for line in path.read_text(encoding="utf-8").splitlines() if taken.search(line)]
            assert not found, f"{path.name}: {found[0].strip()}"


def test_what_nodes_without_settings_share_cannot_be_written_to():
    """A setting given to one such node would be there for all of them after their next restart."""
    with pytest.raises(TypeError):
        Node("n")._arguments[1]["limit"] = 3  # type: ignore[index]
    sim = Simulation(Node("n"))
    sim.at(1, sim.crash, "n")
    sim.at(2, sim.restart, "n")
    sim.run(until=3)
    assert vars(sim.nodes["n"]) == {}
