"""The fetch guard: which addresses a request may reach that somebody else has chosen.

A name is resolved once, every address that it has must be public, and the connection goes to one of
those very addresses: a second answer of the name server is never asked for.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from amparo.core.errors import Denied

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float | None], socket.socket]

ANY_HOST = "*"
_PORTS = {"http": 80, "https": 443}
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


class NotAllowed(Denied):
    """An address that no request may go to; whoever named it is not told what is there."""

    code = "url_not_allowed"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: an origin that the guard lets through."""

    scheme: bytes
    host: str
    port: int


def target_of(url: httpcore.URL, hosts: Iterable[str]) -> Target:
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
    if not any(_is_below(host, each) for each in hosts):
        raise NotAllowed("This host is not one that the operator lets be fetched from.")
    return Target(url.scheme, host, port)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, whatever it is wrapped in."""
    try:
        parsed: Address = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    return all(
        each.is_global and not each.is_multicast and not each.is_reserved
        for each in _unwrapped(parsed)
    )


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def dial(address: str, port: int, timeout_s: float | None) -> socket.socket:
    """A connection. Raises OSError."""
    return socket.create_connection((address, port), timeout_s)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to public addresses alone; what httpcore asks for is a host that was let through."""

    def __init__(self, resolve: Resolve, dial: Dial) -> None:
        self._resolve = resolve
        self._dial = dial

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises NotAllowed where any address of the host is not public."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("The host has no address.") from error
        if not addresses or not all(is_public(each) for each in addresses):
            raise NotAllowed("This host has an address that is not public.")
        try:
            connected = self._dial(addresses[0], port, timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("The host did not answer.") from error
        except OSError as error:
            raise httpcore.ConnectError("The host cannot be reached.") from error
        return _Stream(connected)

    def connect_unix_socket(self, *_: object, **__: object) -> httpcore.NetworkStream:
        """Never."""
        raise NotAllowed("Only hosts are fetched from.")


class _Stream(httpcore.NetworkStream):
    """A connected socket, as httpcore reads and writes one."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("The host was too slow.") from error
        except OSError as error:
            raise httpcore.ReadError("The connection broke.") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore.WriteTimeout("The host was too slow.") from error
        except OSError as error:
            raise httpcore.WriteError("The connection broke.") from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            self._socket.settimeout(timeout)
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname))
        except OSError as error:
            self.close()
            raise httpcore.ConnectError("The host's certificate is not good.") from error

    def get_extra_info(self, info: str) -> Any:
        return None


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
