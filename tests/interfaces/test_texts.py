"""What people write over HTTP: links looked up, texts and searches decided, and no text kept."""

from tests.interfaces.conftest import Platform


def add(platform: Platform, kind: str, *values: str, to: str = "known", **others: object) -> None:
    platform.add(
        *({"algorithm": kind, "value": value} | others for value in values),
        to=to,
    )


def kinds_of(matches: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(each["algorithm"], each["start"], each["end"]) for each in matches]


def test_a_word_in_a_text_is_found_and_put_to_a_person(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "Zorvimel Quandelu")
    answer = platform.http.post("/v1/texts", json={"text": "Néw: ＺORVIMEL \n quandelu!"}).json()
    assert kinds_of(answer["matches"]) == [("keyword", 5, 24)]
    assert (answer["action"], answer["media_type"]) == ("review", "text/plain")
    assert not answer["truncated"]
    assert platform.http.get(f"/v1/media/{answer['media_id']}").json()["action"] == "review"


def test_a_link_is_found_by_itself_by_what_is_above_it_and_by_its_host(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url", "http://Bad.example:80/a/../b?x=1#f")
    add(platform, "url_prefix", "https://hub.example/rooms/")
    add(platform, "url_host", "host.example")
    sent = ["https://bad.example/b?x=1", "hub.example/rooms/7", "http://a.host.example/",
            "https://hub.example/roomsier", "mailto:x@host.example"]  # fmt: skip
    answer = platform.http.post("/v1/urls", json={"urls": sent}).json()
    found = [[each["algorithm"] for each in result] for result in answer["results"]]
    assert found == [["url"], ["url_prefix"], ["url_host"], [], []]
    assert [each["item"] for each in answer["problems"]] == [4]


def test_links_and_names_in_and_beside_a_text_are_found(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url", "https://bad.example/b")
    add(platform, "email", "Some.One@Mail.example")
    add(platform, "account", "chat:Zorvi")
    add(platform, "regex", r"qz\d{3}")
    said = {
        "text": "é see https://bad.example/b. or some.one@mail.example, qz123",
        "accounts": ["nobody", "CHAT:zorvi"],
    }
    answer = platform.http.post("/v1/texts", json=said).json()
    assert sorted(kinds_of(answer["matches"])) == [
        ("account", -1, -1), ("email", 32, 53), ("regex", 55, 60), ("url", 6, 27),
    ]  # fmt: skip
    assert {each["item"] for each in answer["matches"]} == {-1, 1}
    assert answer["action"] == "hold"


def test_a_search_is_blocked_with_the_message_of_the_policy(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    answer = platform.http.post("/v1/searches", json={"query": "zorvimel pictures"}).json()
    assert (answer["blocked"], answer["message"]) == (True, "help")
    answer = platform.http.post("/v1/searches", json={"query": "other pictures"}).json()
    assert (answer["blocked"], answer["message"]) == (False, "")
