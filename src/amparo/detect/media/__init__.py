"""Bytes come in; their kind, and pixels as a person would see them, go out of a sandbox."""

from amparo.detect.media.decode import decode
from amparo.detect.media.model import Frame, Kind, Limits, MediaError
from amparo.detect.media.sandbox import Sandbox
from amparo.detect.media.sniff import sniff

__all__ = ["Frame", "Kind", "Limits", "MediaError", "Sandbox", "decode", "sniff"]
