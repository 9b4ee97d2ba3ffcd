"""A video comes in; the frames that are hashed, and when they are shown, go out one by one."""

from amparo.detect.media.film.opened import has_library, library
from amparo.detect.media.film.read import read_film

__all__ = ["has_library", "library", "read_film"]
