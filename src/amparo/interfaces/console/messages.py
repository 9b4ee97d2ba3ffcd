"""What a page says about an error, by its code, so that it can be said in the reader's language."""

from amparo.access.people.model import Language
from amparo.core.errors import AmparoError
from amparo.interfaces.web.languages import translations


def _(text: str) -> str:
    """Marks a sentence for the catalogue."""
    return text


_SAID = {
    "sign_in_refused": _("That is not right: address, password or code."),
    "too_many_attempts": _("There were too many attempts; try again in a while."),
    "not_invited": _("This invitation is not good, or not any more; ask for another."),
    "password_length": _("A password has 12 to 500 letters; a sentence does well."),
    "password_weak": _(
        "This password is too easily guessed: it repeats few letters, or your address."
    ),
    "code_wrong": _("The telephone's code is another one; look whether its clock is right."),
    "passwords_differ": _("The two passwords are not the same."),
    "no_cookie": _(
        "Your browser has sent no cookie. Allow cookies for this site, and open it by the address "
        "that you were given."
    ),
    "form_stale": _("This page was open for too long; open it again."),
    "not_sealed_here": _("This page was open for too long; open it again."),
    "provider_refused": _("The other service has not let you in."),
    "provider_not_linked": _(
        "You sign in with a password here. To come by the other service from now on, ask an owner "
        "to invite you again; then begin with the other service, and leave the link alone."
    ),
    "busy": _("Too many ask for this at once; nothing was done. Try it again in a moment."),
    "denied": _("You may not do this."),
    "not_found": _("There is nothing here."),
}
_OTHERS = _("Amparo cannot do this now; nothing was done.")


def said_of(error: AmparoError, language: Language) -> str:
    """One sentence."""
    return translations(language).gettext(_SAID.get(error.code, _OTHERS))
