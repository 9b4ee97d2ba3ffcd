"""People: invited, signed in, kept out, signed out; over real HTTP, on either database."""

import re
import statistics
import time

import pytest
from sqlalchemy import text

from amparo.access.people.attempts import FIRST_WAIT, FREE_BY_ACCOUNT, FREE_BY_ADDRESS
from amparo.access.people.invitations import GOOD_FOR
from amparo.access.people.model import Language
from amparo.access.people.sessions import IDLE, LONGEST
from amparo.access.roles import GRANTED, Role
from amparo.app.change_people import give_roles, invite_again, remove_person
from amparo.core.errors import Conflict, Invalid
from tests.interfaces.conftest import Platform
from tests.interfaces.people import EMAIL, PASSWORD, Browser, invited, operator, signed_out
from tests.interfaces.test_access import NEEDS, call_as, one_of


@pytest.fixture
def browser(platform: Platform) -> Browser:
    """Ana, an owner, who has accepted and has signed out."""
    return signed_out(platform)


def test_somebody_is_invited_chooses_and_is_in(platform: Platform) -> None:
    browser = Browser(platform)
    path = invited(platform)
    answer = browser.accept(path)
    assert answer.status_code == 200
    assert len(browser.codes) == 10
    assert browser.is_in
    assert "Ana" in browser.http.get("/console/").text
    assert browser.http.get(path).status_code == 403  # it was good once


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": "short", "again": "short"}, "12 to 500 letters"),
        ({"again": PASSWORD + "!"}, "not the same"),
        ({"password": "aaaaaaaaaaaaa", "again": "aaaaaaaaaaaaa"}, "too easily guessed"),
        ({"password": "ana@Example.org", "again": "ana@Example.org"}, "too easily guessed"),
        ({"password": "Ana-my-name-1", "again": "Ana-my-name-1"}, "too easily guessed"),
        ({"code": "000000"}, "code is another one"),
    ],
)
def test_what_is_chosen_badly_is_told_and_the_invitation_stays_good(
    platform: Platform, given: dict[str, str], said: str
) -> None:
    browser = Browser(platform)
    path = invited(platform)
    answer = browser.accept(path, **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert not browser.is_in
    assert browser.accept(path).status_code == 200


def test_an_invitation_ends(platform: Platform) -> None:
    path = invited(platform)
    with platform.serving.database.work() as work:
        work.execute(
            text("UPDATE invitations SET expires_at = :then"),
            {"then": (platform.serving.clock.now() - GOOD_FOR).replace(tzinfo=None)},
        )
    assert Browser(platform).http.get(path).status_code == 403


def test_signing_in_takes_all_three(browser: Browser) -> None:
    for wrong in ({"email": "bea@example.org"}, {"password": "another sentence"},
                  {"code": "123456"}, {"code": ""}, {"code": "²²²²²²"}):  # fmt: skip
        answer = browser.sign_in(**wrong)
        assert answer.status_code == 403, wrong
        assert "address, password or code" in answer.text
        assert not browser.is_in
    assert browser.sign_in().status_code == 303


def test_a_code_is_good_once(platform: Platform, browser: Browser) -> None:
    code = browser.code(1)
    assert browser.sign_in(code=code).status_code == 303
    assert Browser(platform).sign_in(code=code).status_code == 403


def test_a_recovery_code_is_good_once_and_new_ones_replace_all(
    platform: Platform, browser: Browser
) -> None:
    first, second = browser.codes[:2]
    assert browser.sign_in(code=f" {first.upper()} ").status_code == 303
    other = Browser(platform)
    assert other.sign_in(code=first).status_code == 403
    answer = browser.send(
        "/console/", "/console/recovery-codes", password=PASSWORD, code=browser.code(1)
    )
    assert len(re.findall(r"<code>[a-z2-7-]{19}</code>", answer.text)) == 10
    assert other.sign_in(code=second).status_code == 403


def test_a_browser_left_alone_makes_no_recovery_codes(browser: Browser) -> None:
    assert browser.sign_in().status_code == 303
    answer = browser.send("/console/", "/console/recovery-codes", password="x", code="123456")
    assert answer.status_code == 403
    assert "<code>" not in answer.text


def test_a_session_is_always_a_new_one_and_the_earlier_ends(
    platform: Platform, browser: Browser
) -> None:
    browser.http.cookies.set("amparo", "chosen-by-somebody-else")
    assert browser.sign_in().status_code == 303
    (token,) = {each.value for each in browser.http.cookies.jar if each.name == "amparo"} - {
        "chosen-by-somebody-else"
    }
    stolen = Browser(platform)
    stolen.http.cookies.set("amparo", token)
    assert stolen.is_in
    browser.http.cookies.clear()
    browser.http.cookies.set("amparo", token)
    assert browser.sign_in(code=browser.codes[3]).status_code == 303
    assert not stolen.is_in


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(
    platform: Platform, browser: Browser
) -> None:
    browser.sign_in()
    stolen = Browser(platform)
    stolen.http.cookies.set("amparo", browser.http.cookies["amparo"])
    assert stolen.is_in
    browser.send("/console/", "/console/sign-out")
    assert not stolen.is_in


def test_signing_out_everywhere_ends_all_sessions(platform: Platform, browser: Browser) -> None:
    browser.sign_in()
    other = Browser(platform)
    assert other.sign_in(code=browser.codes[0]).status_code == 303
    assert "in 2 browsers" in browser.http.get("/console/").text
    browser.send("/console/", "/console/sign-out", everywhere="1")
    assert not other.is_in


@pytest.mark.parametrize(
    ("column", "ago"), [("seen_at", IDLE), ("began_at", LONGEST)], ids=["idle", "long"]
)
def test_a_session_ends_by_itself(
    platform: Platform, browser: Browser, column: str, ago: object
) -> None:
    browser.sign_in()
    assert browser.is_in
    with platform.serving.database.work() as work:
        then = (platform.serving.clock.now() - ago).replace(tzinfo=None)  # type: ignore[operator]
        work.execute(text(f"UPDATE sessions SET {column} = :then"), {"then": then})
    assert not browser.is_in


def test_who_tries_an_account_again_and_again_waits_even_with_what_is_right(
    platform: Platform, browser: Browser
) -> None:
    for _ in range(FREE_BY_ACCOUNT):
        assert browser.sign_in(password="another sentence").status_code == 403
    answer = browser.sign_in(code=browser.codes[0])
    assert answer.status_code == 429
    assert 20 <= int(answer.headers["Retry-After"]) <= FIRST_WAIT.total_seconds()
    assert "too many attempts" in answer.text
    a_minute_ago(platform)
    assert browser.sign_in(code=browser.codes[0]).status_code == 303


def test_an_address_that_tries_many_accounts_waits(platform: Platform, browser: Browser) -> None:
    for number in range(FREE_BY_ADDRESS):
        browser.sign_in(email=f"{number}@example.org")
    assert "too many attempts" in browser.sign_in(code=browser.codes[0]).text
    a_minute_ago(platform)
    assert browser.sign_in(code=browser.codes[0]).status_code == 303


def a_minute_ago(platform: Platform) -> None:
    """Have all attempts happened a minute earlier."""
    then = platform.serving.clock.now().timestamp() - 60
    with platform.serving.database.work() as work:
        if platform.serving.database.engine.dialect.name == "sqlite":
            work.execute(text("UPDATE sign_in_attempts SET last_at = datetime(:then, 'unixepoch')"),
                         {"then": then})  # fmt: skip
        else:
            work.execute(text("UPDATE sign_in_attempts SET last_at = to_timestamp(:then)"),
                         {"then": then})  # fmt: skip


def test_unknown_names_take_as_long_as_known_ones(platform: Platform, browser: Browser) -> None:
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(8):
        for who, email in (("known", EMAIL), ("unknown", f"{number}@example.org")):
            with platform.serving.database.work() as work:
                work.execute(text("DELETE FROM sign_in_attempts"))
            browser.http.get("/console/sign-in")
            began = time.perf_counter()
            browser.sign_in(email=email, password="another sentence")
            took[who].append(time.perf_counter() - began)
    known, unknown = (statistics.median(took[who]) for who in ("known", "unknown"))
    assert unknown > known * 0.7
    assert known > unknown * 0.7


@pytest.mark.parametrize(
    "path",
    ["/console/sign-in", "/console/sign-out", "/console/language", "/console/recovery-codes",
     "/console/invitation/x"],
)  # fmt: skip
def test_no_form_is_taken_without_its_token(browser: Browser, path: str) -> None:
    browser.sign_in()
    for token in ({}, {"form_token": "0" * 64}, {"form_token": "é"}):
        answer = browser.http.post(path, data={"language": "es", **token})
        assert answer.status_code == 403
        assert "open for too long" in answer.text
    assert browser.is_in


def test_a_browser_without_cookies_is_told_so(browser: Browser) -> None:
    shown = browser.http.get("/console/sign-in").text
    token = re.search(r'name="form_token" value="([^"]*)"', shown)
    assert token
    browser.http.cookies.clear()
    answer = browser.http.post("/console/sign-in", data={"form_token": token[1], "email": EMAIL})
    assert answer.status_code == 403
    assert "sent no cookie" in answer.text


@pytest.mark.parametrize(
    "to", ["https://example.org", "//example.org", "/console/../v1", "/console/\\x", "/console@x",
           "javascript:x", "/console/a?next=//x", "/elsewhere"]
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(browser: Browser, to: str) -> None:
    answer = browser.send("/console/sign-in?next=" + to, "/console/sign-in", email=EMAIL,
                          password=PASSWORD, code=browser.codes[0])  # fmt: skip
    assert answer.headers["location"] == "/console/"
    browser.send("/console/", "/console/sign-out")
    answer = browser.send("/console/sign-in", email=EMAIL, next=to,
                          password=PASSWORD, code=browser.codes[1])  # fmt: skip
    assert answer.headers["location"] == "/console/"


def test_a_page_lets_nothing_else_in(platform: Platform) -> None:
    browser = Browser(platform)
    for path in ("/console/sign-in", "/console/nothing", invited(platform)):
        answer = browser.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "//" not in re.sub(r"http://www\.w3\.org/2000/svg", "", answer.text)


def test_cookies_are_for_this_host_alone(browser: Browser) -> None:
    answer = browser.sign_in()
    (cookie,) = [
        each for each in answer.headers.get_list("set-cookie") if each.startswith("amparo=")
    ]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Domain" not in cookie


def test_pages_are_in_the_readers_language(platform: Platform) -> None:
    assert "Contraseña" in Browser(platform, "es-MX,en;q=0.5").http.get("/console/sign-in").text
    browser = Browser(platform, "fr, en;q=0.8")
    assert "Password" in browser.http.get("/console/sign-in").text
    assert "Contraseña" in browser.http.get("/console/sign-in?language=es").text
    assert "Contraseña" in browser.http.get("/console/sign-in").text
    browser.accept(invited(platform))
    browser.send("/console/", "/console/language", language="es")
    assert "Funciones" in browser.http.get("/console/").text


def test_whoever_is_removed_is_out_at_once(platform: Platform, browser: Browser) -> None:
    Browser(platform).accept(invited(platform, email="bea@example.org"))
    browser.sign_in()
    assert browser.is_in
    remove_person(platform.serving.database, EMAIL, operator(platform), platform.serving.clock)
    assert not browser.is_in
    assert browser.sign_in(code=browser.codes[0]).status_code == 403
    invited(platform)  # the address is free again


def test_whoever_is_invited_again_needs_the_new_link(platform: Platform, browser: Browser) -> None:
    browser.sign_in()
    made = invite_again(
        platform.serving.database, EMAIL, operator(platform), platform.serving.clock
    )
    assert not browser.is_in
    assert browser.sign_in(code=browser.codes[0]).status_code == 403
    assert browser.accept(f"/console/invitation/{made.token}").status_code == 200


def test_the_last_owner_stays(platform: Platform, browser: Browser) -> None:
    serving, actor = platform.serving, operator(platform)
    with pytest.raises(Conflict, match="last owner"):
        remove_person(serving.database, EMAIL, actor, serving.clock)
    with pytest.raises(Conflict, match="last owner"):
        give_roles(serving.database, EMAIL, [Role.AUDITOR], actor, serving.clock)
    with pytest.raises(Conflict, match="already"):
        invited(platform, email=EMAIL.upper())
    with pytest.raises(Invalid):
        invited(platform, email="not an address")


def test_a_person_may_call_what_the_roles_may_and_nothing_else(platform: Platform) -> None:
    platform.make_list()
    for role in Role:
        browser = Browser(platform)
        browser.accept(invited(platform, [role], f"{role.value}@example.org"))
        session = browser.http.get("/v1/session").json()
        assert session["roles"] == [role.value]
        headers = {"X-Form-Token": session["form_token"]}
        for route, needed in NEEDS.items():
            refused = call_as(browser.http, route, headers).status_code == 403
            assert refused == one_of(needed).isdisjoint(GRANTED[role]), (role, route)


def test_an_invitation_speaks_as_whoever_invited_has_said(platform: Platform) -> None:
    link = invited(platform, language=Language.SPANISH)
    browser = Browser(platform, language="*")
    assert '<html lang="es">' in browser.http.get(link).text
    assert '<html lang="en">' in Browser(platform, language="en-GB").http.get(link).text
    assert '<html lang="es">' in browser.accept(link).text


def test_there_is_no_other_language(platform: Platform, browser: Browser) -> None:
    browser.sign_in()
    answer = browser.send("/console/", "/console/language", language="xx")
    assert answer.status_code == 422
    assert browser.is_in


def test_nothing_secret_is_in_the_database_or_the_record(
    platform: Platform, browser: Browser
) -> None:
    browser.sign_in()
    token = browser.http.cookies["amparo"]
    with platform.serving.database.reading() as work:
        tables = ("people", "sessions", "invitations", "recovery_codes", "sign_in_attempts",
                  "audit_entries")  # fmt: skip
        all_of_it = repr([work.execute(text(f"SELECT * FROM {name}")).all() for name in tables])
    for secret in (PASSWORD, token, browser.telephone.secret, *browser.codes):
        assert secret not in all_of_it
        assert secret.replace("-", "") not in all_of_it


def test_the_record_says_who_came_in_and_who_was_refused(
    platform: Platform, browser: Browser
) -> None:
    browser.sign_in(password="another sentence")
    browser.sign_in(code=browser.codes[0])
    with platform.serving.database.reading() as work:
        actions = work.execute(
            text("SELECT action FROM audit_entries WHERE action LIKE 'people.%' ORDER BY id")
        ).scalars()
        assert list(actions) == [
            "people.invite", "people.accept", "people.sign_out",
            "people.sign_in_refused", "people.sign_in",
        ]  # fmt: skip
