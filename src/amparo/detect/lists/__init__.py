"""Files of hashes that somebody vouches for come in; checked signals go out, and back again."""

from amparo.detect.lists.model import KnownList, Signal
from amparo.detect.lists.read import default_id, read_list, read_signals
from amparo.detect.lists.write import write_list

__all__ = ["KnownList", "Signal", "default_id", "read_list", "read_signals", "write_list"]
