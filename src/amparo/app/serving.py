"""Everything that a serving process has open, put together from the settings."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from amparo.access.key_ring import KeyRing
from amparo.access.look_ups import LookUps
from amparo.access.people.secrets import AccessKey, access_key
from amparo.access.refusals import Refusals
from amparo.app.background import in_background
from amparo.app.decide_text import TextPipeline
from amparo.app.hash_upload import UploadHasher
from amparo.app.listed_names import ListedNames
from amparo.app.metrics import Metrics
from amparo.app.pipeline import Pipeline
from amparo.app.score_upload import open_scoring
from amparo.app.take_notice import NoticeDesk
from amparo.core.clock import Clock
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host import HostIndex
from amparo.detect.media.sandbox import Sandbox
from amparo.net.fetch import Fetcher
from amparo.respond.vault import Inbox, recipient_of


@dataclass(frozen=True, slots=True)
class Serving:
    """What routes call."""

    settings: Settings
    clock: Clock
    database: Database
    index: HostIndex
    keys: KeyRing
    hasher: UploadHasher
    pipeline: Pipeline
    metrics: Metrics
    look_ups: LookUps
    refusals: Refusals
    fetcher: Fetcher
    access_key: AccessKey
    notices: NoticeDesk
    names: ListedNames
    texts: TextPipeline
    at_start: Mapping[int, int]
    """The lists' revisions, by number, when this process began."""


@contextmanager
def open_serving(
    settings: Settings, database: Database, sandbox: Sandbox, clock: Clock
) -> Iterator[Serving]:
    """Raises Unavailable where there is no index yet, or no key of the vault."""
    with ExitStack() as stack:
        index = HostIndex(host_folder(settings))
        stack.callback(index.close)
        inbox = open_inbox(settings)
        hasher = UploadHasher(sandbox, settings)
        stack.callback(hasher.close)
        with database.reading() as work:
            at_start = {each.number: each.revision for each in Lists(work).all()}
        metrics = Metrics()
        scorer = stack.enter_context(open_scoring(settings, database, sandbox, metrics))
        key = access_key(settings.access_key)
        names = ListedNames(lambda: key)
        look_ups = LookUps(database, clock, asked_floor=settings.lookup_floor)
        stack.enter_context(in_background("look-ups", look_ups.run))
        pipeline = Pipeline(
            database, index, hasher, scorer, inbox, settings, clock, metrics, look_ups
        )
        serving = Serving(
            settings=settings,
            clock=clock,
            database=database,
            index=index,
            keys=KeyRing(database, clock),
            hasher=hasher,
            pipeline=pipeline,
            metrics=metrics,
            look_ups=look_ups,
            refusals=Refusals(database, clock),
            fetcher=Fetcher(settings.fetch_hosts, settings.max_file_bytes, settings.fetch_seconds),
            access_key=key,
            notices=NoticeDesk(database, hasher, inbox, index, key, clock),
            names=names,
            texts=TextPipeline(pipeline, names, key),
            at_start=at_start,
        )
        yield serving


def open_inbox(settings: Settings) -> Inbox:
    """Where held uploads go first. Raises Unavailable, Invalid."""
    return Inbox(inbox_folder(settings), recipient_of(settings.vault_key))


def inbox_folder(settings: Settings) -> Path:
    """Where this host keeps held uploads."""
    return settings.home / "inbox"


def host_folder(settings: Settings) -> Path:
    """Where this host keeps its copy of a database's lists."""
    url = make_url(settings.database).set(password=None)
    name = hashlib.sha256(str(url).encode()).hexdigest()[:16]
    return settings.home / "hosts" / name
