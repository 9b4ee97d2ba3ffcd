"""Hashes that services elsewhere make of a file: all asked at once, none waited for too long."""

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

import structlog

from amparo.core.problems import Problem
from amparo.core.seldom import Seldom
from amparo.detect.hashing.hash_type import FileHashType, Hashed
from amparo.detect.hashing.model import MediaHashes, OtherHash
from amparo.detect.hashing.others import checked_hash, missing
from amparo.detect.hashing.plug_ins import file_hash_types
from amparo.detect.media.sandbox.threads import Answer, Threads
from amparo.detect.media.sniff import sniff

AT_ONCE = 16
"""Questions under way. Where a service hangs, those behind find no place, and are told in time."""

_seldom = Seldom(structlog.get_logger(__name__))

Asked = Mapping[FileHashType, Answer[Hashed | None]]


class Elsewhere:
    """The services, asked from any number of threads."""

    def __init__(self, seconds: int) -> None:
        """`seconds` is how long all of them together may take for a file."""
        self._types = file_hash_types()
        self._seconds = seconds
        self._threads = Threads(AT_ONCE if self._types else 0)
        self._threads.start()

    def close(self) -> None:
        """Ask nothing more; nobody waits for a service that hangs."""
        self._threads.close()

    def ask(self, data: bytes) -> Asked:
        """Begin; the caller hashes by itself meanwhile."""
        if not self._types:
            return {}
        kind, until = sniff(data).value, monotonic() + self._seconds
        return {each: self._begun(each, data, kind, until) for each in self._types}

    def joined(self, hashes: MediaHashes, asked: Asked) -> MediaHashes:
        """With what the services said; one that is missing is a problem where there is no other."""
        if not asked:
            return hashes
        found: list[OtherHash] = []
        problem = hashes.problem
        until = monotonic() + self._seconds
        for each, answer in asked.items():
            told = _told(each, answer, max(0.0, until - monotonic()))
            if isinstance(told, Problem):
                problem = problem or told
            elif told is not None:
                found.append(told)
        return replace(hashes, others=(*hashes.others, *found), problem=problem)

    def _begun(
        self, each: FileHashType, data: bytes, kind: str, until: float
    ) -> Answer[Hashed | None]:
        def ask() -> Hashed | None:
            if monotonic() > until:  # whoever asked has been told meanwhile
                raise TimeoutError
            return each.hash_file(data, kind)

        return self._threads.submit(ask)


def _told(
    each: FileHashType, answer: Answer[Hashed | None], seconds: float
) -> OtherHash | Problem | None:
    try:
        made = answer.result(timeout=seconds)
        return None if made is None else checked_hash(each, made)
    except Exception as error:  # noqa: BLE001 (a plug-in raises anything; it is told of the file)
        _seldom.warning("A hash service failed.", why=f"{each.name}: {type(error).__name__}")
        return missing(each, error)
