"""For platforms that call Amparo: files and hashes in, decisions out; see `Amparo`.

`amparo.client.webhooks` reads what Amparo tells, `amparo.client.guards` protect upload fields of
FastAPI and Django, `amparo.client.errors` has every way in which a call can fail.
"""

from amparo.client.amparo import Amparo
from amparo.client.errors import Away, CallFailed, Refused
from amparo.client.patience import Patience
from amparo.wire.lists import NewSignal
from amparo.wire.matches import AskedHash
from amparo.wire.media import Context, Uploader
from amparo.wire.notices import NoticeSaid

__all__ = [
    "Amparo",
    "AskedHash",
    "Away",
    "CallFailed",
    "Context",
    "NewSignal",
    "NoticeSaid",
    "Patience",
    "Refused",
    "Uploader",
]
