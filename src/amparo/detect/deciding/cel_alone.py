"""The library that evaluates CEL, without its command line.

The library loads its command line, and two more libraries for that, wherever it is imported: 9 MB
and 40 ms of every process, for what Amparo never calls.
"""

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402 (after its command line is out of the way)

__all__ = ["cel"]
