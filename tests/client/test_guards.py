"""Guards: what goes through, what an uploader is told, and what happens while Amparo is away."""

import io
import logging
from typing import IO, Annotated, Any

import django
import httpx2
import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from fastapi import Depends, FastAPI, Request, UploadFile
from fastapi.testclient import TestClient

from amparo.client import Amparo, CallFailed, Context, Patience, Uploader
from amparo.client.guards.django import Guarded, decision_of
from amparo.client.guards.fastapi import Guard
from amparo.testing.unreliable import Trick, Unreliable, cuts, says, unreliable

KEY = "amparo_" + "k" * 40
FILE = b"what is in the file"
TAKEN, NOT_TAKEN, LATER = "taken", "This file cannot be taken.", "Try again later."
ANSWER = (
    b'{"media_id": "m-1", "action": "ACTION", "matches": [], "suppressed": [], "scores": {},'
    b' "decision_id": "d-1", "policy_version": 1, "rules": ["a-rule"], "labels": [], "queue": "",'
    b' "priority": 0, "restrained": "", "broken": [], "media_type": "image/png", "problem": "",'
    b' "decided_at": "2026-01-01T00:00:00+00:00"}'
)
PAGE = b"<html>of a proxy</html>"
PROBLEM = b'{"title": "x", "status": 1, "code": "a_code", "detail": "A reason."}'

if not settings.configured:
    settings.configure(USE_TZ=True)
    django.setup()


def decides(action: str) -> Trick:
    return says(200, ANSWER.replace(b"ACTION", action.encode()))


def refuses(status: int) -> Trick:
    return says(status, PROBLEM)


class Upload:
    """An upload field of either framework, before a server that does a trick."""

    def __init__(self, framework: str, server: Unreliable, **options: Any) -> None:
        self.media_id: str | None = None
        self.read = b""
        self._framework = framework
        self._options = options
        self._amparo = Amparo(server.url, KEY, patience=Patience(attempts=1))

    def __call__(self, file: bytes) -> str:
        """What the uploader is told."""
        with self._amparo:
            return self._fastapi(file) if self._framework == "fastapi" else self._django(file)

    def _keep(self, file: object, read: bytes) -> None:
        decision = decision_of(file)
        self.media_id = decision and decision.media_id
        self.read = read

    def _fastapi(self, file: bytes) -> str:
        platform = FastAPI()
        guard = Guard(self._amparo, **self._options)

        @platform.post("/")
        async def take(avatar: Annotated[UploadFile, Depends(guard("avatar"))]) -> str:
            self._keep(avatar, await avatar.read())
            return TAKEN

        with TestClient(platform) as browser:
            answer = browser.post("/", files={"avatar": ("ana.jpg", file)})
        if answer.status_code == 200:
            return str(answer.json())
        assert answer.status_code == (503 if "later" in answer.text else 422)
        return self._said(answer.json()["detail"])

    def _django(self, file: bytes) -> str:
        guarded = Guarded(self._amparo, **{
            name: (lambda given=value: given(None)) if name in ("uploader", "context") else value
            for name, value in self._options.items()
        })  # fmt: skip

        class Form(forms.Form):
            avatar = forms.FileField(validators=[guarded], allow_empty_file=True)

        form = Form({}, {"avatar": SimpleUploadedFile("ana.jpg", file)})
        if form.is_valid():
            taken = form.cleaned_data["avatar"]
            self._keep(taken, taken.read())
            return TAKEN
        (error,) = form.errors.as_data()["avatar"]
        assert error.code == ("try_later" if "later" in str(error.message) else "not_taken")
        return self._said(str(error.message))

    def _said(self, words: str) -> str:
        return words.removeprefix("This file cannot be taken at the moment. ")


@pytest.fixture(params=["fastapi", "django"])
def framework(request: pytest.FixtureRequest, socket_enabled: None) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("trick", "told"),
    [
        (decides("allow"), TAKEN), (decides("review"), TAKEN), (decides("hold"), NOT_TAKEN),
        (decides("block"), NOT_TAKEN), (refuses(413), NOT_TAKEN), (refuses(401), LATER),
        (refuses(403), LATER), (refuses(422), LATER), (refuses(503), LATER), (refuses(429), LATER),
        (decides("what no client knows"), LATER), (cuts, LATER), (says(200, b"<html>"), LATER),
    ],
)  # fmt: skip
def test_the_uploader_is_told_one_of_three_things(trick: Trick, told: str, framework: str) -> None:
    with unreliable(trick) as server:
        upload = Upload(framework, server)
        assert upload(FILE) == told
    assert (upload.media_id, upload.read) == (("m-1", FILE) if told == TAKEN else (None, b""))


def test_what_is_empty_or_too_long_is_refused_in_the_same_words(framework: str) -> None:
    with unreliable(decides("allow")) as server:
        assert Upload(framework, server)(b"") == NOT_TAKEN
        assert Upload(framework, server, most_bytes=len(FILE) - 1)(FILE) == NOT_TAKEN
        assert server.arrived == []
        assert Upload(framework, server, most_bytes=len(FILE))(FILE) == TAKEN


def test_who_uploads_and_where_is_said_and_the_files_name_is_not(framework: str) -> None:
    def who(_: object) -> Uploader:
        return Uploader(id="u-1", country="MX")

    def where(_: object) -> Context:
        return Context(surface="profile")

    with unreliable(decides("allow")) as server:
        assert Upload(framework, server, uploader=who, context=where)(FILE) == TAKEN
        (arrived,) = server.arrived
    assert b'"id":"u-1"' in arrived.body
    assert b'"surface":"profile"' in arrived.body
    assert FILE in arrived.body
    assert b"ana.jpg" not in arrived.body


def test_while_it_is_away_a_file_goes_through_only_once_it_is_kept(
    framework: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept: list[bytes] = []

    def keep(file: IO[bytes], _: CallFailed) -> None:
        kept.append(file.read())

    with unreliable(cuts) as server, caplog.at_level(logging.ERROR):
        upload = Upload(framework, server, when_away=keep)
        assert upload(FILE) == TAKEN
    assert (kept, upload.media_id, upload.read) == ([FILE], None, FILE)
    (line,) = caplog.messages
    assert line.startswith("An upload goes through, though nothing was decided: Amparo at")


@pytest.mark.parametrize(
    ("trick", "told"),
    [
        (says(413, PAGE), NOT_TAKEN), (says(400, PAGE), LATER), (says(403, PAGE), LATER),
        (says(429, PAGE), LATER), (says(500, PAGE), LATER), (refuses(500), LATER),
        (says(200, PAGE), LATER), (says(307, PAGE, {"Location": "/"}), LATER),
        (says(502, PAGE), TAKEN), (says(503, PAGE), TAKEN), (says(504, PAGE), TAKEN),
        (refuses(503), TAKEN), (refuses(429), TAKEN), (cuts, TAKEN),
    ],
)  # fmt: skip
def test_no_uploader_can_choose_to_go_through_undecided(
    trick: Trick, told: str, framework: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What a proxy makes of one file is no absence: only what every file meets is."""
    kept: list[bytes] = []

    def keep(file: IO[bytes], _: CallFailed) -> None:
        kept.append(file.read())

    with unreliable(trick) as server, caplog.at_level(logging.ERROR):
        assert Upload(framework, server, when_away=keep)(FILE) == told
    assert kept == ([FILE] if told == TAKEN else [])
    assert len(caplog.messages) == 1


def test_what_cannot_be_kept_does_not_go_through(framework: str) -> None:
    def fail(_: IO[bytes], __: CallFailed) -> None:
        raise OSError("the disk is full")

    with unreliable(cuts) as server:
        upload = Upload(framework, server, when_away=fail)
        with pytest.raises(OSError, match="full"):
            upload(FILE)
    assert upload.read == b""


def test_a_wrong_key_lets_nothing_through_however_a_failure_is_met(
    framework: str, caplog: pytest.LogCaptureFixture
) -> None:
    def keep(_: IO[bytes], __: CallFailed) -> None:
        raise AssertionError("it is not away")

    with unreliable(refuses(401)) as server:
        assert Upload(framework, server, when_away=keep)(FILE) == LATER
    assert "401, a_code" in caplog.text
    assert KEY not in caplog.text


def test_words_are_the_platforms_own(framework: str) -> None:
    with unreliable(decides("hold")) as server:
        upload = Upload(framework, server, refusal="Ese archivo no.")
        assert upload(FILE) == "Ese archivo no."


def test_other_routes_answer_while_amparo_does_not(socket_enabled: None) -> None:
    """The client waits in threads of the guard's own, and never in the event loop."""
    import asyncio
    import threading

    asked, go_on = threading.Event(), threading.Event()

    def waits(*given: Any) -> None:
        asked.set()
        go_on.wait(30)
        decides("allow")(*given)

    async def together(platform: FastAPI) -> tuple[int, int]:
        transport = httpx2.ASGITransport(app=platform)
        async with httpx2.AsyncClient(transport=transport, base_url="http://platform") as browser:
            sent = asyncio.create_task(browser.post("/", files={"file": ("a", FILE)}))
            await asyncio.to_thread(asked.wait, 30)
            other = await browser.get("/other")
            go_on.set()
            return other.status_code, (await sent).status_code

    with unreliable(waits) as server, Amparo(server.url, KEY) as amparo:
        platform = FastAPI()
        guard = Guard(amparo)

        @platform.post("/")
        async def take(file: Annotated[UploadFile, Depends(guard("file"))]) -> str:
            return str(file.filename)

        @platform.get("/other")
        async def other() -> str:
            return "here"

        assert asyncio.run(together(platform)) == (200, 200)


def test_who_uploads_may_be_asked_async_and_never_in_the_event_loop(socket_enabled: None) -> None:
    import asyncio
    from functools import partial

    loops: list[bool] = []

    def where(_: Request) -> Context:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        loops.append(False)
        return Context(surface="profile")

    async def who(name: str, _: Request) -> str:
        asyncio.get_running_loop()
        loops.append(True)
        return name

    with unreliable(decides("allow")) as server:
        upload = Upload("fastapi", server, uploader=partial(who, "u-8"), context=where)
        assert upload(FILE) == TAKEN
        (arrived,) = server.arrived
    assert loops == [True, False]
    assert b'"id":"u-8"' in arrived.body
    assert b'"surface":"profile"' in arrived.body


def test_a_form_that_knows_who_uploads_says_so(socket_enabled: None) -> None:
    with unreliable(decides("allow"), decides("block")) as server:
        guarded = Guarded(Amparo(server.url, KEY))
        file = SimpleUploadedFile("a.jpg", FILE)
        guarded.check(file, uploader="u-7")
        assert b'"id":"u-7"' in server.arrived[0].body
        with pytest.raises(ValidationError, match="cannot be taken"):
            guarded.check(file)


def test_a_models_stored_file_is_not_asked_about_again() -> None:
    class Stored(io.BytesIO):
        _committed = True

    Guarded()(Stored(FILE))


def test_the_decision_of_a_models_field_is_on_the_forms_file(socket_enabled: None) -> None:
    from django.core.files.storage import InMemoryStorage
    from django.db import models

    with unreliable(decides("review")) as server, Amparo(server.url, KEY) as amparo:

        class Picture(models.Model):
            file = models.FileField(validators=[Guarded(amparo)], storage=InMemoryStorage())

            class Meta:
                app_label = "pictures"

        class Form(forms.ModelForm):  # type: ignore[misc, unused-ignore]
            class Meta:
                model = Picture
                fields = ("file",)

        form = Form({}, {"file": SimpleUploadedFile("a.jpg", FILE)})
        assert form.is_valid()
        assert len(server.arrived) == 1
    for taken in (form.cleaned_data["file"], form.instance.file):
        decision = decision_of(taken)
        assert decision is not None
        assert decision.action == "review"
    form.instance.file.save("a.jpg", form.instance.file.file, save=False)
    assert decision_of(form.cleaned_data["file"]) is not None
    assert decision_of(form.instance.file) is None


def test_no_key_gets_into_a_migration() -> None:
    from django.db.migrations.writer import MigrationWriter

    written, imports = MigrationWriter.serialize(Guarded(Amparo("http://127.0.0.1:1", KEY)))
    assert written == "amparo.client.guards.django.Guarded()"
    assert KEY not in written + "".join(imports)
