"""Who may call what: every route with every scope, and nothing of other organisations."""

import re

import click
import httpx2
import pytest
from sqlalchemy import text

from amparo.access.keys import create_key, create_organisation
from amparo.access.model import Scope
from amparo.access.roles import GRANTED, Role
from amparo.interfaces.api.app import routes
from amparo.interfaces.cli.keys import create
from tests.databases import NOW
from tests.interfaces.conftest import Platform

OPEN = {"GET /healthz", "GET /readyz"}
WITH_A_SECRET = {"GET /v1/notices/{number}"}
OF_PEOPLE = {"POST /v1/session", "GET /v1/session", "DELETE /v1/session"}
NEEDS: dict[str, Scope | frozenset[Scope]] = {
    "POST /v1/media": Scope.MEDIA_SUBMIT,
    "GET /v1/media/{media_id}": Scope.MEDIA_READ,
    "POST /v1/matches": Scope.MATCHES_READ,
    "POST /v1/urls": Scope.MATCHES_READ,
    "POST /v1/texts": Scope.MEDIA_SUBMIT,
    "POST /v1/searches": Scope.MEDIA_SUBMIT,
    "GET /v1/decisions": Scope.DECISIONS_READ,
    "GET /v1/lists": Scope.LISTS_READ,
    "POST /v1/lists": Scope.LISTS_WRITE,
    "GET /v1/lists/{name}": Scope.LISTS_READ,
    "GET /v1/lists/{name}/signals": Scope.LISTS_READ,
    "POST /v1/lists/{name}/signals": Scope.LISTS_WRITE,
    "POST /v1/lists/{name}/withdrawals": Scope.LISTS_WRITE,
    "GET /v1/lists/{name}/changes": Scope.LISTS_READ,
    "GET /v1/lists/{name}/proposals": Scope.LISTS_READ,
    "GET /v1/lists/{name}/proposals/{proposal}/signals": Scope.LISTS_READ,
    "POST /v1/lists/{name}/proposals/{proposal}/confirmation": Scope.LISTS_WRITE,
    "DELETE /v1/lists/{name}/proposals/{proposal}": Scope.LISTS_WRITE,
    "GET /metrics": Scope.METRICS_READ,
    "POST /v1/notices": Scope.NOTICES_SUBMIT,
    "GET /v1/notices": Scope.NOTICES_READ,
    "GET /v1/notices/{number}/told": Scope.NOTICES_READ,
    "POST /v1/notices/{number}/answer": Scope.NOTICES_ANSWER,
    "POST /v1/checkpoints": Scope.AUDIT_WITNESS,
    "GET /v1/checkpoints": frozenset({Scope.AUDIT_WITNESS, Scope.AUDIT_READ}),
    "GET /v1/webhooks": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks": Scope.WEBHOOKS_MANAGE,
    "GET /v1/webhooks/{webhook}": Scope.WEBHOOKS_MANAGE,
    "DELETE /v1/webhooks/{webhook}": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks/{webhook}/secret": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks/{webhook}/tests": Scope.WEBHOOKS_MANAGE,
    "GET /v1/webhooks/{webhook}/deliveries/{delivery}": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks/{webhook}/resumption": Scope.WEBHOOKS_MANAGE,
    "GET /v1/webhooks/{webhook}/deliveries": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks/{webhook}/replays": Scope.WEBHOOKS_MANAGE,
    "POST /v1/webhooks/{webhook}/deliveries/{delivery}/replay": Scope.WEBHOOKS_MANAGE,
}
BODIES = {
    "POST /v1/media": {"content": b"a note"},
    "POST /v1/matches": {"json": {"hashes": [{"algorithm": "md5", "value": "0" * 32}]}},
    "POST /v1/urls": {"json": {"urls": ["https://example.org/"]}},
    "POST /v1/texts": {"json": {"text": "a note"}},
    "POST /v1/searches": {"json": {"query": "a note"}},
    "POST /v1/lists": {"json": {"name": "made"}},
    "POST /v1/lists/{name}/signals": {
        "json": {"signals": [{"algorithm": "md5", "value": "0" * 32}]}
    },
    "POST /v1/lists/{name}/withdrawals": {"json": {"signals": ["1"]}},
    "POST /v1/notices": {"json": {"kind": "other", "urls": ["https://example.org/x"]}},
    "POST /v1/notices/{number}/answer": {"json": {"outcome": "kept", "why": "x"}},
    "POST /v1/checkpoints": {"json": {"position": 1}},
    "POST /v1/webhooks": {"json": {"url": "https://example.org/hook"}},
}


def test_every_route_is_in_the_table() -> None:
    paths = routes().openapi()["paths"]
    there = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    assert there == OPEN | WITH_A_SECRET | OF_PEOPLE | NEEDS.keys()


def call(platform: Platform, route: str, key: str | None) -> httpx2.Response:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return call_as(platform.anyone, route, headers)


def call_as(client: httpx2.Client, route: str, headers: dict[str, str]) -> httpx2.Response:
    verb, path = route.split(" ")
    path = re.sub(r"{(media_id|webhook|delivery)}", "01a2087b-bc22-75e8-9fce-f06ea33f978b", path)
    path = path.replace("{name}", "known").replace("{proposal}", "1")
    return client.request(verb, path, headers=headers, **BODIES.get(route, {}))


def one_of(needed: Scope | frozenset[Scope]) -> frozenset[Scope]:
    """The scopes of which a route needs any."""
    return needed if isinstance(needed, frozenset) else frozenset({needed})


def for_people_alone(answer: httpx2.Response) -> bool:
    """Whether it was refused since no key, whatever its scopes, may do it."""
    return bool(answer.json()["code"] == "not_a_person")


def a_key(platform: Platform, *scopes: Scope, organisation: str | None = None) -> str:
    with platform.serving.database.work() as work:
        if organisation is not None:
            return create_key(
                work, create_organisation(work, organisation, NOW), "k", scopes, now=NOW
            )
        owner = platform.serving.keys.actor(platform.key).organisation_id
        return create_key(work, owner, "k", scopes, now=NOW)


def test_each_route_takes_the_scope_that_it_needs_and_no_other(platform: Platform) -> None:
    platform.make_list()
    keys = {scope: a_key(platform, scope) for scope in Scope}
    for route, needed in NEEDS.items():
        assert call(platform, route, None).status_code == 401, route
        assert call(platform, route, "amparo_x_y").status_code == 401, route
        for scope, key in keys.items():
            answer = call(platform, route, key)
            if scope in one_of(needed):
                allowed = answer.status_code not in (401, 403) or for_people_alone(answer)
                assert allowed, (route, scope, answer.text)
            else:
                assert answer.status_code == 403, (route, scope)
                assert answer.json()["code"] == "scope_missing"


def test_each_route_takes_the_roles_that_may_use_it_and_no_other(platform: Platform) -> None:
    platform.make_list()
    for role in Role:
        key = a_key(platform, *GRANTED[role])
        for route, needed in NEEDS.items():
            answer = call(platform, route, key)
            refused = answer.status_code == 403 and not for_people_alone(answer)
            assert refused == one_of(needed).isdisjoint(GRANTED[role]), (role, route)


def test_only_owners_may_do_everything_and_researchers_see_nothing() -> None:
    assert [role for role in Role if GRANTED[role] == frozenset(Scope)] == [Role.OWNER]
    assert GRANTED[Role.RESEARCHER] == frozenset()
    assert Scope.MATCHES_READ not in GRANTED[Role.AUDITOR]


def test_the_command_names_every_scope_and_role() -> None:
    options = {option.name: option.type for option in create.params}
    scopes, roles = options["scopes"], options["roles"]
    assert isinstance(scopes, click.Choice)
    assert isinstance(roles, click.Choice)
    assert set(scopes.choices) == set(Scope)
    assert set(roles.choices) == set(Role)


@pytest.mark.parametrize("route", sorted(OPEN))
def test_health_needs_no_key_and_tells_no_names(platform: Platform, route: str) -> None:
    platform.make_list("a-telling-name")
    answer = call(platform, route, None)
    assert answer.status_code == 200
    assert "a-telling-name" not in answer.text


def test_what_belongs_to_others_is_not_there(platform: Platform) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": "0" * 32})
    mine = platform.http.post("/v1/media", content=b"a note").json()
    other = a_key(platform, *Scope, organisation="another")
    with httpx2.Client(
        base_url=platform.http.base_url, headers={"Authorization": f"Bearer {other}"}
    ) as client:
        assert client.get(f"/v1/media/{mine['media_id']}").status_code == 404
        assert client.get("/v1/decisions").json()["decisions"] == []
        assert client.get("/v1/lists").json() == []
        for route in ("/v1/lists/known", "/v1/lists/known/signals", "/v1/lists/known/changes"):
            assert client.get(route).status_code == 404
        for route, body in (("signals", {"signals": [{"algorithm": "md5", "value": "1" * 32}]}),
                            ("withdrawals", {"signals": ["1"]})):  # fmt: skip
            assert client.post(f"/v1/lists/known/{route}", json=body).status_code == 404
        looked_up = client.post(
            "/v1/matches", json={"hashes": [{"algorithm": "md5", "value": "0" * 32}]}
        )
        assert looked_up.json() == {"results": [[]], "revisions": {}}


def test_metrics_count_what_happened(platform: Platform) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": "0" * 32})
    platform.http.post("/v1/media", content=b"a note")
    told = platform.http.get("/metrics").text
    assert 'amparo_decisions_total{action="allow"} 1.0' in told
    assert 'amparo_index_signals{algorithm="md5"} 1.0' in told
    assert "amparo_index_lag_revisions 0.0" in told
    assert re.search(r'amparo_stage_seconds_count\{stage="record"\} 1\.0', told)


def test_look_ups_and_uploads_are_counted_by_key(platform: Platform) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": "0" * 32})
    key = a_key(platform, Scope.MATCHES_READ, Scope.MEDIA_SUBMIT)
    assert call(platform, "POST /v1/matches", key).status_code == 200
    assert call(platform, "POST /v1/matches", key).status_code == 200
    assert call(platform, "POST /v1/media", key).status_code == 200
    platform.serving.look_ups.step()
    name = platform.serving.keys.actor(key).name
    with platform.serving.database.reading() as work:
        asked = text("SELECT asked, matched FROM caller_hours WHERE caller = :name")
        rows = work.execute(asked, {"name": name}).all()
    assert (sum(row.asked for row in rows), sum(row.matched for row in rows)) == (3, 2)


def test_an_answer_names_its_request(platform: Platform) -> None:
    given = "01a2087b-bc22-75e8-9fce-f06ea33f978b"
    assert (
        platform.http.get("/healthz", headers={"X-Request-Id": given}).headers["x-request-id"]
        == given
    )
    other = platform.http.get("/healthz", headers={"X-Request-Id": "a\tb"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", other)


def test_the_page_that_asks_for_a_key_loads_nothing_from_elsewhere(platform: Platform) -> None:
    page = platform.http.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for each in loaded:
        assert each.startswith("/")
        assert platform.http.get(each).status_code == 200
    assert "https://" not in page


def test_no_answer_is_kept_by_whoever_passes_it_on(platform: Platform) -> None:
    for path in ("/v1/lists", "/v1/decisions", "/v1/nothing"):
        answer = platform.http.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
