"""Project Arachnid Shield: told nothing until its contract is confirmed; then hits are matches."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from pytest_socket import enable_socket
from sqlalchemy import select, text

from amparo.access.audit.tables import EntryRow
from amparo.access.model import Actor, Scope
from amparo.app.ask_elsewhere import signal_number
from amparo.app.change_contracts import confirm_shield, withdraw_shield
from amparo.app.change_lists import end_flood
from amparo.core.errors import Invalid, NotFound
from amparo.core.ids import OrganisationId, new_id
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.detect.media.sandbox import Sandbox
from amparo.testing.shield import PASSWORD, USER, ShieldState, sandbox_shield
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, submit

NAME = "Project Arachnid Shield"
PDQ = hash_media(ROCKET, Limits()).pictures[0].value
SHA256 = hashlib.sha256(ROCKET).hexdigest()

Serve = Callable[..., AbstractContextManager[Platform]]


@pytest.fixture
def shield() -> Iterator[ShieldState]:
    enable_socket()
    with sandbox_shield() as state:
        yield state
        assert state.refused == []


@pytest.fixture
def serve(
    database_url: str, tmp_path: Path, sandbox: Sandbox, shield: ShieldState, database: object
) -> Serve:
    """Serves with Shield set up, for as long as a `with` block lasts."""
    file = tmp_path / "password"
    file.write_text(PASSWORD)

    @contextmanager
    def serving(**others: object) -> Iterator[Platform]:
        about = {
            "shield_url": shield.url,
            "shield_user": USER,
            "shield_password_file": file,
            "score_hosts": ("127.0.0.1",),
            "score_seconds": 30,
        }
        yield from serving_platform(database_url, tmp_path, sandbox, **(about | others))

    return serving


def actor(platform: Platform) -> Actor:
    owner = platform.serving.keys.actor(platform.key).organisation_id
    return Actor(owner, "operator:ana", frozenset(Scope))


def confirm(platform: Platform, covers: str = "pdq") -> None:
    serving = platform.serving
    confirm_shield(
        serving.database, actor(platform), serving.clock, covers=covers, reference="Contract 12"
    )


def test_not_a_byte_goes_there_until_the_contract_is_confirmed(
    serve: Serve, shield: ShieldState
) -> None:
    shield.hashes[PDQ] = ("csam", "exact")
    with serve() as platform:
        answer = submit(platform, ROCKET).json()
        assert (answer["action"], answer["matches"]) == ("allow", [])
        assert answer["unanswered"] == {NAME: "unconfirmed"}
        assert shield.asked == []
        confirm(platform, "media")  # which is not what would be sent
        assert submit(platform, ROCKET).json()["unanswered"] == {NAME: "unconfirmed"}
        assert shield.asked == []
        confirm(platform)
        assert submit(platform, ROCKET).json()["action"] == "review"
        assert len(shield.asked) == 1
        withdraw_shield(platform.serving.database, actor(platform), platform.serving.clock)
        assert submit(platform, ROCKET).json()["unanswered"] == {NAME: "unconfirmed"}
        assert len(shield.asked) == 1


def test_confirming_and_taking_back_are_on_record(serve: Serve, shield: ShieldState) -> None:
    with serve() as platform:
        serving = platform.serving
        with pytest.raises(NotFound):
            withdraw_shield(serving.database, actor(platform), serving.clock)
        for wrong in ("", "  ", "x" * 201, "a\nb"):
            with pytest.raises(Invalid):
                confirm_shield(
                    serving.database, actor(platform), serving.clock, covers="pdq", reference=wrong
                )
        confirm(platform)
        withdraw_shield(serving.database, actor(platform), serving.clock)
        asked = select(EntryRow.action, EntryRow.actor, EntryRow.detail).where(
            EntryRow.action.like("contracts.%")
        )
        with serving.database.reading() as work:
            found = [tuple(each) for each in work.execute(asked.order_by(EntryRow.id))]
    assert found == [
        ("contracts.confirm", "operator:ana", {"covers": "pdq", "reference": "Contract 12"}),
        ("contracts.withdraw", "operator:ana", {}),
    ]


def test_a_hit_is_a_match_that_says_who_says_so(serve: Serve, shield: ShieldState) -> None:
    shield.hashes[PDQ] = ("csam", "near")
    with serve() as platform:
        confirm(platform)
        answer = submit(platform, ROCKET).json()
        (match,) = answer["matches"]
        assert answer["action"] == "review"
        assert (match["list"], match["source"], match["list_kind"]) == (NAME, NAME, "suspect")
        assert (match["classification"], match["exact"], match["remote"]) == ("csam", False, True)
        assert match["distance"] == 256
        assert platform.http.get(f"/v1/media/{answer['media_id']}").json() == answer


@pytest.mark.parametrize(
    ("sends", "said", "kind", "action"),
    [
        ("media", ("csam", "exact"), "suspect", "review"),
        ("media", ("csam", "exact"), "confirmed", "hold"),
        ("media", ("csam", "near"), "confirmed", "review"),
        ("media", ("harmful-abusive-material", "exact"), "confirmed", "review"),
        ("pdq", ("csam", "exact"), "confirmed", "hold"),
        ("pdq", ("csam", "near"), "confirmed", "review"),
        ("media", ("zorvimel", "exact"), "confirmed", "allow"),
        ("media", ("test", "exact"), "confirmed", "allow"),
    ],
)
def test_what_it_says_is_held_at_most(
    serve: Serve, shield: ShieldState, sends: str, said: tuple[str, str], kind: str, action: str
) -> None:
    shield.hashes[PDQ] = shield.files[SHA256] = said
    with serve(shield_sends=sends, shield_kind=kind) as platform:
        confirm(platform, sends)
        answer = submit(platform, ROCKET).json()
        assert answer["action"] == action
        if action == "allow":
            assert answer["unanswered"] == {NAME: f"unknown-answer: {said[0]}"}


def test_the_flood_guard_watches_what_it_says(serve: Serve, shield: ShieldState) -> None:
    shield.hashes[PDQ] = ("csam", "exact")
    with serve(shield_kind="confirmed", flood_floor=5) as platform:
        confirm(platform)
        answers = [submit(platform, ROCKET).json() for _ in range(6)]
        assert [each["action"] for each in answers] == ["hold"] * 4 + ["review"] * 2
        assert "flood guard" in answers[-1]["restrained"]
        signal = int(answers[-1]["matches"][0]["signal"])
        end_flood(platform.serving.database, signal, actor(platform), platform.serving.clock)
        assert submit(platform, ROCKET).json()["action"] == "hold"


def test_a_drill_tells_it_nothing(serve: Serve, shield: ShieldState) -> None:
    with serve() as platform:
        confirm(platform)
        with platform.serving.database.work() as work:
            work.execute(text("UPDATE installation SET is_drill = true"))
        assert submit(platform, ROCKET).json()["unanswered"] == {NAME: "unconfirmed"}
        assert shield.asked == []


def test_it_is_not_asked_about_what_a_confirmed_list_about_children_knows(
    serve: Serve, shield: ShieldState
) -> None:
    with serve() as platform:
        confirm(platform)
        platform.make_list()
        platform.add(pdq_of(CAT))
        assert submit(platform, CAT).json()["action"] == "hold"
        assert shield.asked == []


@pytest.mark.parametrize(
    "about", [{"subject": "adult"}, {"kind": "suspect"}, {"kind": "suspect", "subject": "adult"}]
)
def test_it_is_asked_about_what_only_a_weaker_list_knows(
    serve: Serve, shield: ShieldState, about: dict[str, str]
) -> None:
    shield.files[hashlib.sha256(CAT).hexdigest()] = ("csam", "exact")
    with serve(shield_sends="media", shield_kind="confirmed") as platform:
        confirm(platform, "media")
        platform.make_list(**about)
        platform.add(pdq_of(CAT))
        answer = submit(platform, CAT).json()
        assert {match["list"] for match in answer["matches"]} == {"known", NAME}
        assert answer["action"] == "hold"


@pytest.mark.parametrize(
    ("sends", "action", "asked"), [("media", "hold", ["/v1/media/"]), ("pdq", "allow", [])]
)
def test_what_a_negative_list_knows_is_asked_about_as_a_file_and_never_by_its_likeness(
    serve: Serve, shield: ShieldState, sends: str, action: str, asked: list[str]
) -> None:
    shield.hashes[PDQ] = shield.files[SHA256] = ("csam", "exact")
    with serve(shield_sends=sends, shield_kind="confirmed") as platform:
        confirm(platform, sends)
        platform.make_list("harmless", kind="negative")
        entry = {"note": "a rocket", "expires": "2100-01-01T00:00:00Z"}
        platform.add(pdq_of(ROCKET) | entry, to="harmless")
        answer = submit(platform, ROCKET).json()
        assert answer["action"] == action
        assert [request.path for request in shield.asked] == asked
        assert answer["unanswered"] == {}


def test_a_failure_of_its_costs_no_decision(serve: Serve, shield: ShieldState) -> None:
    shield.status = 500
    with serve() as platform:
        confirm(platform)
        answer = submit(platform, ROCKET).json()
        assert (answer["action"], answer["unanswered"]) == ("allow", {NAME: "failed"})


def test_what_is_spent_is_not_asked_for(serve: Serve, shield: ShieldState) -> None:
    with serve(score_per_day=2) as platform:
        confirm(platform)
        said = [submit(platform, ROCKET).json()["unanswered"] for _ in range(3)]
        assert said == [{}, {}, {NAME: "budget"}]
        assert len(shield.asked) == 2
        told = platform.http.get("/metrics").text
        assert f'amparo_scores_missing_total{{scorer="{NAME}",why="budget"}} 1.0' in told


def test_of_a_file_only_hashes_go_there_unless_the_contract_says_otherwise(
    serve: Serve, shield: ShieldState
) -> None:
    with serve() as platform:
        confirm(platform)
        submit(platform, ROCKET)
    (request,) = shield.asked
    assert request.path == "/v1/pdq/"
    assert len(request.body) < 100


@pytest.mark.parametrize("sends", ["pdq", "media"])
def test_of_links_nothing_goes_there(serve: Serve, shield: ShieldState, sends: str) -> None:
    link = "https://hub.example/rooms/7"
    shield.urls[link] = ("csam", "exact")
    with serve(shield_sends=sends) as platform:
        confirm(platform, sends)
        assert platform.http.post("/v1/urls", json={"urls": [link]}).status_code == 200
        assert platform.http.post("/v1/texts", json={"text": f"quandelu {link}"}).is_success
    assert shield.asked == []


def test_each_organisation_has_a_number_of_its_own_for_it() -> None:
    """Or a flood of one would suspend what it says for another."""
    one, other = OrganisationId(new_id()), OrganisationId(new_id())
    assert signal_number(one) == signal_number(one) != signal_number(other)
