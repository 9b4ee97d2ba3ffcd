"""The fetch guard: which addresses a request may reach that somebody else has chosen.

A name is resolved once, every address that it has must be public, and the connection goes to one of
those very addresses: a second answer of the name server is never asked for.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore2

from amparo.core.errors import Denied

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float | None], socket.socket]

ANY_HOST = "*"
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = (
    ipaddress.IPv6Network("fec0::/10"),  # site-local (RFC 3879)
    ipaddress.IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
)
"""What Python's table of addresses does not have yet."""


class NotAllowed(Denied):
    """An address that no request may go to; whoever named it is not told what is there."""

    code = "url_not_allowed"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: an origin that the guard lets through."""

    scheme: bytes
    host: str
    port: int


def target_of(url: httpcore2.URL, hosts: Iterable[str]) -> Target:
    """The origin of a URL. Raises NotAllowed unless it is on a host in `hosts`, on its own port.

    A host stands for itself and all below it, `*` for all.
    """
    scheme = url.scheme.decode("ascii", "replace")
    host = url.host.decode("ascii", "replace").strip("[]").rstrip(".").lower()
    if scheme not in _PORTS or not host or "@" in url.host.decode("ascii", "replace"):
        raise NotAllowed(
            "Only http:// and https:// URLs without a name before the host are fetched."
        )
    port = url.port or _PORTS[scheme]
    if port != _PORTS[scheme]:
        raise NotAllowed("Only the usual ports of http and https are fetched from.")
    if not is_named(host, hosts):
        raise NotAllowed("This host is not one that the operator lets be fetched from.")
    return Target(url.scheme, host, port)


def is_address(host: str) -> bool:
    """Whether a host is written as an address, and not by a name."""
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, whatever it is wrapped in."""
    try:
        parsed: Address = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    return all(
        each.is_global
        and not each.is_multicast
        and not each.is_reserved
        and not any(each in network for network in _NOT_PUBLIC)
        for each in _unwrapped(parsed)
    )


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def dial(address: str, port: int, timeout_s: float | None) -> socket.socket:
    """A connection. Raises OSError."""
    return socket.create_connection((address, port), timeout_s)


class GuardedBackend(httpcore2.NetworkBackend):
    """Connects to public addresses alone; what httpcore2 asks for is a host that was let through.

    However little and often the other end says something, all of it ends in time.
    """

    def __init__(
        self, resolve: Resolve, dial: Dial, *, until: float, private: Iterable[str] = ()
    ) -> None:
        """`until` is a moment of `time.monotonic`; hosts in `private` need not be public."""
        self._resolve = resolve
        self._dial = dial
        self._until = until
        self._private = tuple(private)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Raises NotAllowed where any address of the host is not public."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError("The host has no address.") from error
        free = is_named(host, self._private)
        if not addresses or not (free or all(is_public(each) for each in addresses)):
            raise NotAllowed("This host has an address that is not public.")
        try:
            connected = self._dial(addresses[0], port, _sooner(timeout, self._until))
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("The host did not answer.") from error
        except OSError as error:
            raise httpcore2.ConnectError("The host cannot be reached.") from error
        return _Stream(connected, self._until)

    def connect_unix_socket(self, *_: object, **__: object) -> httpcore2.NetworkStream:
        """Never."""
        raise NotAllowed("Only hosts are fetched from.")


class _Stream(httpcore2.NetworkStream):
    """A connected socket, as httpcore2 reads and writes one."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._socket = connected
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(_sooner(timeout, self._until))
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout("The host was too slow.") from error
        except OSError as error:
            raise httpcore2.ReadError("The connection broke.") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(_sooner(timeout, self._until))
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout("The host was too slow.") from error
        except OSError as error:
            raise httpcore2.WriteError("The connection broke.") from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(_sooner(timeout, self._until))
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
            return _Stream(wrapped, self._until)
        except OSError as error:
            self.close()
            raise httpcore2.ConnectError("The host's certificate is not good.") from error

    def get_extra_info(self, info: str) -> Any:
        return None


def is_named(host: str, hosts: Iterable[str]) -> bool:
    """Whether the host, or one above it, is among these; `*` names all."""
    return any(_is_below(host.strip("[]").rstrip(".").lower(), each) for each in hosts)


def _sooner(timeout: float | None, until: float) -> float:
    """Raises TimeoutError where nothing is left."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left if timeout is None else min(timeout, left)


def _is_below(host: str, allowed: str) -> bool:
    return allowed == ANY_HOST or host == allowed.lower() or host.endswith(f".{allowed.lower()}")


def _unwrapped(address: Address) -> Iterable[Address]:
    """The address, and those of IPv4 that are written into it."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
            if inner is not None:
                yield inner
        if address in _TRANSLATED or int(address) >> 32 == 0:
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
