"""The disk: what survives, what betrays, and what a checksum notices."""

from __future__ import annotations

import math

import pytest

from dslib import Message, Node, Simulation
from dslib.disk import Corrupted, Disk, bits, checksum, flip, seal, torn, unseal


class Put(Message):
    key: str
    value: str


class Keeper(Node):
    """Writes what it is sent; says at each boot what it finds, and what it cannot believe."""

    sealed = False

    def on_start(self):
        self.found, self.lost = {}, []
        for key, value in self.disk.items():
            try:
                self.found[key] = unseal(value) if self.sealed else value
            except Corrupted:
                self.lost.append(key)

    def on_put(self, src, msg):
        self.disk[msg.key] = seal(msg.value) if self.sealed else msg.value


class Writer(Node):
    def on_start(self):
        for number in range(20):
            self.send("keeper", Put(f"key {number}", f"value {number}"))


def kept(seed=0, sealed=False):
    return Simulation(Writer("writer"), Keeper("keeper", sealed=sealed), seed=seed)


VALUES = [
    0, 1, -1, 127, 255, -256, 2**70, True, False, 0.0, -0.0, 1.5, -1e300, 5e-324, math.inf, "", "a", "it's", 'say "x"',
    "naïve ☃ 🙂", "line\n\\", b"", b"\x00bytes'", (), (1, "two", (3.0, None)), ["list", {"key": (1, 2)}], None,
    frozenset({"a", "b"}), Put("key", "value"), {"posts": ((12.5, "id", "ann", "hello"),), "n": 3},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_single_flipped_bit_of_a_sealed_value_is_noticed(value):
    """Always: each bit of the value and of its checksum, one after the other."""
    sealed = seal(value)
    assert unseal(sealed) == value
    assert repr(unseal(sealed)) == repr(value)
    for bit in range(bits(sealed)):
        broken = flip(sealed, bit)
        assert repr(broken) != repr(sealed), f"bit {bit} of {sealed!r} did not flip"
        with pytest.raises(Corrupted):
            unseal(broken)
    assert seal(value) == sealed, "to flip a bit of a copy must not change the original"


def test_flipping_a_bit_twice_gives_back_the_value():
    for value in VALUES:
        for bit in range(bits(value)):
            if not isinstance(value, frozenset):  # its parts may change places
                assert repr(flip(flip(value, bit), bit)) == repr(value), (value, bit)


def test_without_a_seal_a_flipped_bit_is_silently_believed():
    """Always: of 20 values one is wrong, for each of 20 seeds, and the node finds nothing amiss."""
    for seed in range(20):
        for sealed in (False, True):
            sim = kept(seed, sealed)
            sim.at(100, sim.crash, "keeper")
            sim.at(110, sim.corrupt_disk, "keeper", 0.05)
            sim.at(120, sim.restart, "keeper")
            keeper = sim.run(until=200).nodes["keeper"]
            wrong = [key for key, value in keeper.found.items() if value != key.replace("key", "value")]
            assert (len(wrong), len(keeper.lost)) == ((0, 1) if sealed else (1, 0)), f"seed {seed}, sealed {sealed}"


def test_a_share_of_the_values_is_hit_each_by_one_bit_drawn_from_the_seed():
    def disks(seed, *shares):
        sim = kept(seed)
        for share in shares:
            sim.at(100, sim.corrupt_disk, "keeper", share)
        return dict(sim.run(until=100).nodes["keeper"].disk)

    whole = disks(0)
    for share, hit in ((0.01, 1), (0.25, 5), (0.5, 10), (1, 20)):
        broken = disks(0, share)
        assert sum(broken[key] != whole[key] for key in whole) == hit
        assert list(broken) == list(whole), "the order of the keys stays"
    assert disks(0, 0.5) == disks(0, 0.5) != disks(1, 0.5)
    twice = disks(0, 1, 1)
    assert twice != whole, "the second fault at the same time flips other bits, not the same ones back"


def test_what_has_no_bits_is_not_hit():
    sim = kept()
    sim.nodes["writer"].disk.update(nothing=None, empty=(), no_text="")
    sim.at(100, sim.corrupt_disk, "writer", 1)
    assert sim.run(until=100).nodes["writer"].disk == {"nothing": None, "empty": (), "no_text": ""}


def test_to_corrupt_a_disk_draws_from_no_dice_of_the_workload():
    calm, hit = kept(), kept()
    hit.at(20, hit.corrupt_disk, "keeper", 1)
    deliveries = [e[:6] for e in calm.run(until=100).trace.where(kind=("send", "deliver"))]
    assert [e[:6] for e in hit.run(until=100).trace.where(kind=("send", "deliver"))] == deliveries


def test_a_crash_leaves_the_disk_and_a_fire_nothing():
    sim = kept()
    sim.at(50, sim.crash, "keeper")
    sim.at(60, sim.restart, "keeper")
    assert len(sim.run(until=70).nodes["keeper"].found) == 20
    sim.burn("keeper")
    sim.restart("keeper")
    assert sim.nodes["keeper"].found == {} == sim.nodes["keeper"].disk
    assert [e.kind for e in sim.trace if e.kind in ("crash", "restart")] == ["crash", "restart"] * 2


def test_the_disk_of_a_node_that_is_down_burns_too():
    sim = kept()
    sim.at(50, sim.crash, "keeper")
    sim.at(60, sim.burn, "keeper")
    sim.at(70, sim.restart, "keeper")
    assert sim.run(until=80).nodes["keeper"].found == {}
    assert len(sim.trace.where(kind="crash")) == 1


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        ("balance=100", "balance=250", "balance=100"),
        ("old old", "new text", "new old"),
        ("", "abcd", "ab"),
        (b"1111", b"2222", b"2211"),
        ((1, 1), (2, 2), (2, 1)),
        ((1,), (2, 2, 2, 2), (2, 2)),
        ([1, 1, 1], [2, 2], [2, 1, 1]),
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 2, "b": 1}),
        ({}, {"a": 2, "b": 2}, {"a": 2}),
        (None, (2, 2), (2,)),
        (1, 2, 1),
        (1.5, "ab", "a"),
    ],
)
def test_of_a_torn_write_the_first_half_is_new(old, new, left):
    assert torn(old, new) == left


def torn_disk(old, new, seal=lambda value: value):
    class Bank(Node):
        def on_start(self):
            self.disk.setdefault("other", "never touched")
            if "account" not in self.disk:
                if old is not None:
                    self.disk["account"] = seal(old)
                self.set_timer("pay", 10)

        def on_pay_timeout(self):
            self.disk["account"] = seal(new)

    sim = Simulation(Bank("bank"))
    sim.at(20, sim.tear_write, "bank")
    return sim.run(until=30)


def test_a_torn_write_leaves_half_of_the_newest_value_and_the_node_down():
    sim = torn_disk(("old", "old"), ("new", "new"))
    assert sim.nodes["bank"].disk == {"other": "never touched", "account": ("new", "old")}
    assert [e.kind for e in sim.trace.where(kind=("fault", "crash"))] == ["fault", "crash"]
    assert torn_disk(7, 8).nodes["bank"].disk["account"] == 7, "a number is written in one step, or not at all"
    assert torn_disk(None, "new").nodes["bank"].disk["account"] == "n"
    assert "account" not in torn_disk(None, 8).nodes["bank"].disk, "it had not come to be"


@pytest.mark.parametrize(("old", "new"), [("old", "new"), (1, 2), ((1, 2), (3, 4)), (None, 5), ("same", "same")])
def test_a_seal_notices_every_torn_write_that_left_neither_the_old_nor_the_new(old, new):
    disk = torn_disk(old, new, seal).nodes["bank"].disk
    try:
        assert unseal(disk["account"]) in (old, new)
    except Corrupted:
        assert disk["account"] not in (seal(old), seal(new))


def test_only_the_newest_write_is_torn_and_only_once():
    sim = kept()
    sim.at(50, sim.tear_write, "keeper")
    sim.at(60, sim.restart, "keeper")
    sim.at(70, sim.tear_write, "keeper")
    sim.run(until=80)
    last = sim.trace.where(kind="deliver", dest="keeper")[-1].msg
    wrong = {key: value for key, value in sim.nodes["keeper"].disk.items() if value != key.replace("key", "value")}
    assert wrong == {last.key: last.value[: len(last.value) // 2]}


def test_a_node_that_is_down_is_not_in_the_middle_of_a_write():
    sim = kept()
    sim.at(50, sim.crash, "keeper")
    sim.at(60, sim.tear_write, "keeper")
    sim.run(until=80)
    assert all(value == key.replace("key", "value") for key, value in sim.nodes["keeper"].disk.items())


def test_a_watched_disk_is_a_dict_like_any_other():
    plain, watched = Disk(a=1), Disk(a=1)
    watched.watch()
    watched.watch()
    for disk in (plain, watched):
        disk["b"] = 2
        disk.update({"c": 3}, d=4)
        disk |= {"e": 5}
        assert disk.setdefault("f", 6) == disk.setdefault("f", 7) == 6
        del disk["a"]
        assert disk.pop("c") == 3
    assert plain == watched == {"b": 2, "d": 4, "e": 5, "f": 6}
    watched["f"] = 8
    del watched["f"]
    watched.tear()
    assert plain != watched == {"b": 2, "d": 4, "e": 5}, "what was taken away since cannot be torn"


def test_an_ordinary_disk_adds_nothing_to_what_a_dict_does():
    """So that reading and writing cost what they cost in a dict; only a disk that is to be torn keeps a note."""
    assert not set(vars(Disk)) & {"__getitem__", "__setitem__", "__contains__", "get", "update", "items"}
    sim = torn_disk("old", "new")
    assert type(sim.nodes["bank"].disk) is not Disk
    assert type(kept().nodes["keeper"].disk) is Disk


def test_to_tear_a_write_that_nobody_watched_says_how_to():
    sim = kept().run(until=50)
    with pytest.raises(RuntimeError, match=r"sim.at\(100, sim.tear_write"):
        sim.tear_write("keeper")


@pytest.mark.parametrize("value", ["never sealed", 7, (1, 2, 3), ("crc", "value"), None])
def test_what_was_never_sealed_does_not_open(value):
    with pytest.raises(Corrupted, match=r"seal"):
        unseal(value)


def test_a_seal_vouches_for_the_value_and_not_for_the_moment():
    yesterday = seal(("balance", 100))
    assert unseal(yesterday) == ("balance", 100), "a write that never happened leaves an old value, well sealed"
    assert checksum({"b", "a"}) == checksum({"a", "b"})
