"""Files of hashes that somebody vouches for come in; checked signals go out, and back again."""

from amparo.detect.lists.model import KnownList, Signal
from amparo.detect.lists.read import read_list
from amparo.detect.lists.write import write_list

__all__ = ["KnownList", "Signal", "read_list", "write_list"]
