"""The index of a long list: a list file and a folder come in, what can be searched goes out."""

from amparo.detect.matching.list_index.build import build
from amparo.detect.matching.list_index.gather import Advance
from amparo.detect.matching.list_index.model import (
    Description,
    ListFile,
    index_folders,
    read_description,
)
from amparo.detect.matching.list_index.open import ListIndex, open_list

__all__ = [
    "Advance",
    "Description",
    "ListFile",
    "ListIndex",
    "build",
    "index_folders",
    "open_list",
    "read_description",
]
