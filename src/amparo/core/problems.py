"""What can be wrong with one file among many: values, because the work goes on with the next."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Len


class ProblemCode(StrEnum):
    """Stable codes; `docs/reference/problems.md` explains each."""

    FILE_VANISHED = "file.vanished"
    FILE_CHANGED = "file.changed"
    FILE_DENIED = "file.denied"
    FILE_DANGLING_LINK = "file.dangling_link"
    FILE_LINK_LOOP = "file.link_loop"
    FILE_NOT_REGULAR = "file.not_regular"
    FILE_UNREADABLE = "file.unreadable"

    MEDIA_EMPTY = "media.empty"
    MEDIA_UNKNOWN_KIND = "media.unknown_kind"
    MEDIA_NOT_A_PICTURE = "media.not_a_picture"
    MEDIA_TOO_LARGE = "media.too_large"
    MEDIA_TOO_MANY_PIXELS = "media.too_many_pixels"
    MEDIA_TOO_MANY_FRAMES = "media.too_many_frames"
    MEDIA_TRUNCATED = "media.truncated"
    MEDIA_DAMAGED = "media.damaged"
    MEDIA_OUT_OF_TIME = "media.out_of_time"
    MEDIA_OUT_OF_MEMORY = "media.out_of_memory"
    MEDIA_DECODER_CRASHED = "media.decoder_crashed"
    MEDIA_HASH_MISSING = "media.hash_missing"
    MEDIA_NO_VIDEO = "media.no_video"
    MEDIA_TOO_LONG = "media.too_long"
    MEDIA_UNKNOWN_CODEC = "media.unknown_codec"
    MEDIA_VIDEO_MISSING = "media.video_missing"

    TEXT_TRUNCATED = "text.truncated"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, for programs (`code`) and for people (`message`)."""

    code: ProblemCode
    message: Annotated[str, Len(1, 1000)]
