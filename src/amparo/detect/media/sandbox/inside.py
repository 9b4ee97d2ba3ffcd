"""The life of a worker process: load, give up what can be given up, answer until told to stop."""

import os
import pickle
import socket
import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Final

from pydantic_core import to_json

from amparo.detect.media.sandbox.confine import allow_processor_time, confine
from amparo.detect.media.sandbox.messages import (
    ANSWER,
    ENOUGH,
    FAILED,
    NO_MEMORY,
    PART,
    READY,
    Gone,
    Message,
    receive,
    send,
)

Request = tuple[Callable[..., object], tuple[object, ...], dict[str, object]]

BYTES_MODE: Final = "base64"
"""How bytes stand in an answer."""

_LONGEST_TRACEBACK = 20_000


def serve(
    connection: Connection, memory_bytes: int, item_seconds: int, preload: Sequence[str]
) -> None:
    """Answer requests on `connection` until it closes; never returns."""
    try:
        for module in preload:
            import_module(module)
        number = confine(memory_bytes, connection.fileno())
        first = Message(READY, b"")
    except Exception:  # noqa: BLE001 (the program raises it again, with these words)
        number = connection.fileno()
        first = _failed()
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=number)
    try:
        send(channel, first)
        while first.kind == READY:
            send(channel, _answer(channel, item_seconds))
    except Gone:
        pass
    os._exit(0)


def _answer(channel: socket.socket, item_seconds: int) -> Message:
    """Wait for a request and do what it asks. Raises Gone."""
    try:
        work, args, kwargs = _request(channel)
        allow_processor_time(item_seconds)
        made = work(*args, **kwargs)
        if isinstance(made, Generator):
            _send_parts(channel, made, item_seconds)
            made = None
        return Message(ANSWER, to_json(made, bytes_mode=BYTES_MODE))
    except Gone:
        raise
    except MemoryError:
        return Message(NO_MEMORY, b"")
    except Exception:  # noqa: BLE001 (the program logs it with its traceback)
        return _failed()


def _send_parts(channel: socket.socket, parts: Generator[object], item_seconds: int) -> None:
    """Each as it is made, until all are or whoever asked has enough; with new time for each."""
    for part in parts:
        send(channel, Message(PART, to_json(part, bytes_mode=BYTES_MODE)))
        if receive(channel, most_bytes=0).kind == ENOUGH:
            parts.close()
            return
        allow_processor_time(item_seconds)


def _request(channel: socket.socket) -> Request:
    message = receive(channel, most_bytes=sys.maxsize)
    # Whoever holds the other end is the program itself: its requests are trusted.
    unpacked: Request = pickle.loads(message.payload)  # noqa: S301
    return unpacked


def _failed() -> Message:
    text = traceback.format_exc()[-_LONGEST_TRACEBACK:]
    return Message(FAILED, text.encode(errors="backslashreplace"))
