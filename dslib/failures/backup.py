"""Deleting a room, and a vault that keeps copies: what several cards need beside the chat service.

A delete is a request like any other to the servers: they copy it to each other as faithfully as they copy posts. So
three copies protect from a broken disk, and not from a wrong command. A vault stands apart. It fetches what the servers
have every so often. A *mirror* makes itself equal to what it fetched, and so forgets what they forgot; a vault that
keeps *snapshots* forgets nothing, and can give a room back.
"""

from __future__ import annotations

from typing import Any

from ..clocks import Clock
from ..node import Message, Node
from .service import ChatServer, Posts, WhatDoYouHave

VAULT = "vault"


class DeleteRoom(Message):
    """Forget all posts of a room."""

    room: str


class DeletingServer(ChatServer):
    """A chat server that can be told to delete a room: it does, and tells its peers."""

    def act_delete(self, room: str) -> None:
        """An operator, a script or an attacker wants the room gone."""
        self.on_delete_room(self.name, DeleteRoom(room))
        self.broadcast(DeleteRoom(room))

    def on_delete_room(self, src: str, msg: DeleteRoom) -> None:
        """Gone from the index, and from the disk."""
        for id in self._rooms.pop(msg.room, ()):
            del self.disk[id]


class Vault(Node):
    """Copies of all posts, fetched from the servers every ``every_ms``.

    Args:
        peers: the servers. One is asked at a time, the next one each time, so that a dead one does not end the copies.
        snapshots: whether what was fetched once is kept; otherwise the vault mirrors the servers.
        watch_ms: restore by itself, so many ms after a fetch that lacks posts of a room which the vault has; 0 never.
    """

    every_ms: float = 5_000.0
    snapshots: bool = True
    watch_ms: float = 0.0

    def __init__(self, name: str, peers: Any = (), clock: Clock | None = None, **settings: Any) -> None:
        super().__init__(name, peers, clock, **settings)
        if not self.every_ms > 0:
            raise ValueError(f"vault {name!r} has every_ms={self.every_ms!r}: write the ms between two copies, above 0")

    def on_start(self) -> None:
        """The first copy comes after one interval."""
        self._turn = 0
        self._alarmed: set[str] = set()
        self.set_timer("copy", self.every_ms)

    def on_copy_timeout(self) -> None:
        """Ask one server."""
        self.send(self.peers[self._turn % len(self.peers)], WhatDoYouHave())
        self._turn += 1
        self.set_timer("copy", self.every_ms)

    def on_posts(self, src: str, msg: Posts) -> None:
        """What one server has now."""
        fetched = dict(msg.posts)
        if self.watch_ms:
            self._compare(fetched)
        if not self.snapshots:
            self.disk.clear()
        self.disk.update(fetched)

    def _compare(self, fetched: dict[int, Any]) -> None:
        """A room never shrinks by itself. If one did, somebody is told, and the room is given back."""
        missing = dict.fromkeys(record[0] for id, record in self.disk.items() if id not in fetched)
        for room in missing:
            if room not in self._alarmed:
                self._alarmed.add(room)
                self.log(f"alarm: room {room!r} has lost posts")
                self.set_timer("restore", self.watch_ms, room, key=room)

    def on_restore_timeout(self, room: str) -> None:
        """The alarm was answered."""
        self._alarmed.discard(room)
        self.act_restore(room)

    def act_restore(self, room: str) -> None:
        """Give all servers what the vault has of a room."""
        records = tuple((id, record) for id, record in sorted(self.disk.items()) if record[0] == room)
        self.log(f"restores {len(records)} posts of room {room!r}")
        self.broadcast(Posts(records))
