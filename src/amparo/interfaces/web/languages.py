"""What pages say in Spanish: read from the catalogue beside this file."""

import gettext
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

from fastapi import Request

from amparo.access.people.model import Language

COOKIE = "amparo_language"


@lru_cache(maxsize=len(Language))
def translations(language: Language) -> gettext.NullTranslations:
    """What turns an English sentence into another language's."""
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    text = (files(__package__) / "catalogues" / f"{language.value}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(text), locale=language.value))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def language_of(request: Request, otherwise: Language = Language.ENGLISH) -> Language:
    """What the browser asks for: by a link of the page, by its cookie, by its settings.

    `otherwise` is the reader's where the browser asks for none that we have.
    """
    for given in (request.query_params.get("language"), request.cookies.get(COOKIE)):
        if given in set(Language):
            return Language(given)
    return _preferred(request.headers.get("accept-language", "")) or otherwise


def _preferred(header: str) -> Language | None:
    """The first of the browser's languages that we have; their weights come in this order."""
    for part in header.split(","):
        wanted = part.partition(";")[0].strip().lower().partition("-")[0]
        if wanted in set(Language):
            return Language(wanted)
    return None
