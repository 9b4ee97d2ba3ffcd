"""A guard for upload fields of Django: a validator of form fields and model fields."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile

from amparo.client.amparo import Amparo
from amparo.client.guards.judging import (
    MOST_BYTES,
    NOT_TAKEN,
    TRY_LATER,
    Judge,
    NotTaken,
    TryLater,
    WhenAway,
    decision_of,
)
from amparo.wire.media import Context, Uploader

__all__ = ["Guarded", "decision_of"]


class Guarded:
    """Guards an upload field: `forms.FileField(validators=[Guarded()])`.

    Without an `amparo` it is the one that `AMPARO_URL` and `AMPARO_KEY` name, once it is needed.
    What is held, blocked, empty or longer than `most_bytes` is a ValidationError with `refusal` and
    the code `not_taken`; where nothing could be decided, one with `later` and the code `try_later`,
    unless `when_away` keeps the file. Who uploads, and where, say `uploader` and `context`.
    """

    def __init__(
        self,
        amparo: Amparo | None = None,
        *,
        uploader: Callable[[], Uploader | str | None] | None = None,
        context: Callable[[], Context | None] | None = None,
        most_bytes: int = MOST_BYTES,
        when_away: WhenAway | None = None,
        refusal: str = NOT_TAKEN,
        later: str = TRY_LATER,
    ) -> None:
        self._amparo = amparo
        self._uploader = uploader
        self._context = context
        self._most_bytes = most_bytes
        self._when_away = when_away
        self._refusal = refusal
        self._later = later

    def __call__(self, file: Any) -> None:
        """What Django calls. Raises ValidationError unless the file goes through."""
        if getattr(file, "_committed", False):
            return  # a model's file that was stored before, and went through then
        self.check(
            file,
            uploader=self._uploader() if self._uploader else None,
            context=self._context() if self._context else None,
        )

    def check(
        self, file: Any, *, uploader: Uploader | str | None = None, context: Context | None = None
    ) -> None:
        """For forms and views that know who uploads. Raises ValidationError."""
        try:
            decision = self._judge.judge(file, uploader, context)
        except NotTaken:
            raise ValidationError(self._refusal, code="not_taken") from None
        except TryLater as error:
            raise ValidationError(self._later, code="try_later") from error
        file.amparo_decision = decision
        if isinstance(file, FieldFile):
            # It is made anew by save(); what was uploaded, and is in the form, is within it.
            file.file.amparo_decision = decision

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        """How migrations write it: nothing of it concerns the database, and no key is written."""
        return "amparo.client.guards.django.Guarded", (), {}

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._amparo or Amparo(), self._most_bytes, self._when_away)
