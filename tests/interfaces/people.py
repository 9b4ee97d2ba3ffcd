"""A person at a browser: pages, forms with their tokens, a telephone."""

import re
from collections.abc import Iterable
from datetime import datetime

import httpx2
import pyotp

from amparo.access.model import Actor
from amparo.access.people.model import Language, NewPerson
from amparo.access.roles import Role
from amparo.app.change_people import invite_person
from tests.interfaces.conftest import TLS, Platform

PASSWORD = "seven green umbrellas"
EMAIL = "ana@example.org"


def invited(
    platform: Platform,
    roles: Iterable[Role] = (Role.OWNER,),
    email: str = EMAIL,
    language: Language = Language.ENGLISH,
) -> str:
    """The path of an invitation."""
    actor = operator(platform)
    new = NewPerson(email, "Ana", frozenset(roles), language)
    made = invite_person(platform.serving.database, new, actor, platform.serving.clock)
    return f"/console/invitation/{made.token}"


def operator(platform: Platform) -> Actor:
    return platform.serving.keys.actor(platform.key)


class Browser:
    """Keeps cookies, follows no redirect by itself."""

    def __init__(self, platform: Platform, language: str = "en") -> None:
        self._platform = platform
        self.http = httpx2.Client(
            base_url=platform.http.base_url,
            timeout=60,
            verify=TLS,
            headers={"Accept-Language": language},
        )
        platform.opened.append(self.http)
        self.telephone = pyotp.TOTP(pyotp.random_base32())
        self.codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        """What the telephone shows, so many steps from now."""
        now: datetime = self._platform.serving.clock.now()
        return self.telephone.at(int(now.timestamp()) + steps * 30)

    def send(self, page: str, to: str | None = None, **fields: str) -> httpx2.Response:
        """Open a page, fill its form and send it, to another address if said."""
        shown = self.http.get(page)
        hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown.text))
        return self.http.post(to or page, data={**hidden, **fields})

    def accept(self, path: str, **others: str) -> httpx2.Response:
        """Accept an invitation with PASSWORD and this telephone, unless told otherwise."""
        shown = self.http.get(path).text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)
        assert found, shown
        self.telephone = pyotp.TOTP(found[1].replace(" ", ""))
        hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', shown))
        given = {"password": PASSWORD, "again": PASSWORD, "code": self.code()} | others
        answer = self.http.post(path, data={**hidden, **given})
        self.codes = re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)
        return answer

    def sign_in(self, **others: str) -> httpx2.Response:
        """With all that is right, unless told otherwise; a code of the step after the last."""
        given = {"email": EMAIL, "password": PASSWORD, "code": self.code(1)} | others
        return self.send("/console/sign-in", **given)

    @property
    def is_in(self) -> bool:
        """Whether the browser is shown the person's page."""
        return self.http.get("/console/").status_code == 200


def signed_out(platform: Platform) -> Browser:
    """Ana, an owner, who has accepted and has signed out."""
    browser = Browser(platform)
    assert browser.accept(invited(platform)).status_code == 200
    browser.send("/console/", "/console/sign-out")
    assert not browser.is_in
    return browser
