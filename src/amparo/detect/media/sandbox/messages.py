"""Messages on the socket between a worker and the program: a kind, a length, that many bytes."""

import socket
import struct
import time
from dataclasses import dataclass

READY = b"r"
ANSWER = b"a"
NO_MEMORY = b"m"
FAILED = b"f"
REQUEST = b"q"
PART = b"p"
GO_ON = b"g"
ENOUGH = b"e"

_HEAD = struct.Struct("!cQ")


class Gone(Exception):
    """The other end has closed the socket, or died."""


class Nonsense(Exception):
    """The other end has sent what it never may."""


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """What one end tells the other."""

    kind: bytes
    payload: bytes | bytearray

    def __repr__(self) -> str:
        return f"Message({self.kind!r}, {len(self.payload)} bytes)"


def send(channel: socket.socket, message: Message, *, until: float | None = None) -> None:
    """Send a whole message. Raises Gone, or TimeoutError at `until` (monotonic seconds)."""
    try:
        for piece in (_HEAD.pack(message.kind, len(message.payload)), message.payload):
            _limit(channel, until)
            channel.sendall(piece)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Gone from error


def receive(channel: socket.socket, *, most_bytes: int, until: float | None = None) -> Message:
    """The next message. Raises Gone, Nonsense, or TimeoutError at `until` (monotonic seconds)."""
    kind, length = _HEAD.unpack(_exactly(channel, _HEAD.size, until))
    if length > most_bytes:
        raise Nonsense
    return Message(bytes(kind), _exactly(channel, length, until))


def _exactly(channel: socket.socket, size_bytes: int, until: float | None) -> bytearray:
    got = bytearray(size_bytes)
    room = memoryview(got)
    while room:
        _limit(channel, until)
        try:
            count = channel.recv_into(room)
        except ConnectionResetError as error:
            raise Gone from error
        if count == 0:
            raise Gone
        room = room[count:]
    return got


def _limit(channel: socket.socket, until: float | None) -> None:
    """Let the next call on `channel` wait no longer; a worker may not even ask for that."""
    if until is not None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        channel.settimeout(left)
