"""Uploads that no list knows are scored; a list's own are not, and a score decides nothing."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amparo.access.model import Actor, Scope
from amparo.app.change_policy import activate_policy, save_policy
from amparo.detect.media.sandbox import Sandbox
from amparo.testing.clips import film
from amparo.testing.hostile import encoded, photograph_like, truncated_jpeg
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, submit
from tests.plug_ins import brightness

Serve = Callable[..., AbstractContextManager[Platform]]
BRIGHTNESS = Path(brightness.__file__)
WHITE = encoded(Image.new("RGB", (64, 64), "white"), "PNG")


@pytest.fixture
def serve(database_url: str, tmp_path: Path, sandbox: Sandbox, database: object) -> Serve:
    """Serves with scorers, for as long as a `with` block lasts."""

    @contextmanager
    def serving(*scorers: str | Path, seconds: float = 60) -> Iterator[Platform]:
        named = tuple(str(each) for each in scorers)
        yield from serving_platform(
            database_url, tmp_path, sandbox, scorers=named, score_seconds=seconds
        )

    return serving


def plug_in(folder: Path, body: str) -> Path:
    """The invented scorer, which does something else with pixels."""
    file = folder / "broken.py"
    shown = BRIGHTNESS.read_text(encoding="utf-8")
    file.write_text(shown.replace("        spread = ", f"        {body}\n        spread = ", 1))
    return file


def test_what_no_list_knows_is_scored_and_what_a_list_knows_is_not(serve: Serve) -> None:
    with serve("opennsfw") as platform:
        platform.make_list()
        platform.add(pdq_of(CAT))
        unknown, known = submit(platform, ROCKET).json(), submit(platform, CAT).json()
        assert unknown["action"] == "allow"
        assert 0 <= unknown["scores"]["opennsfw"] < 0.5
        assert (known["scores"], known["unanswered"]) == ({}, {})
        assert platform.http.get(f"/v1/media/{unknown['media_id']}").json() == unknown
        told = platform.http.get("/metrics").text
        assert 'amparo_scored_total{scorer="opennsfw"} 1.0' in told
        assert 'amparo_score_seconds_count{scorer="opennsfw"} 1.0' in told


def test_what_a_negative_list_knows_is_not_scored(serve: Serve) -> None:
    with serve(BRIGHTNESS) as platform:
        platform.make_list("harmless", kind="negative")
        entry = {"note": "a rocket", "expires": "2100-01-01T00:00:00Z"}
        platform.add(pdq_of(ROCKET) | entry, to="harmless")
        assert submit(platform, ROCKET).json()["scores"] == {}


def test_of_an_animation_the_highest_frame_counts(serve: Serve) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("black", "white", "gray")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with serve(BRIGHTNESS) as platform:
        assert submit(platform, data).json()["scores"]["bright"] == 1.0


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("avi", "mpeg4")])
def test_a_video_is_scored_by_frames_from_all_over_it(
    serve: Serve, container: str, codec: str
) -> None:
    dark, bright = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    data = film([*[dark] * 66, *[bright] * 8], a_second=2, container=container, codec=codec)
    with serve(BRIGHTNESS) as platform:
        answer = submit(platform, data).json()
        assert (answer["frames"], answer["unanswered"]) == (37, {})
        assert answer["scores"]["bright"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("data", [b"zorvimel", truncated_jpeg(), b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_cannot_be_decoded_has_no_score_and_nobody_is_missed(
    serve: Serve, data: bytes
) -> None:
    with serve(BRIGHTNESS) as platform:
        answer = submit(platform, data).json()
        assert (answer["scores"], answer["unanswered"]) == ({}, {})
        assert answer["problem"]


@pytest.mark.parametrize(
    "body",
    [
        "raise RuntimeError('zorvimel')",
        "return {'bright': [float('nan')] * len(pixels), 'colourful': [0.5] * len(pixels)}",
        "return {'bright': [2.0] * len(pixels), 'colourful': [0.5] * len(pixels)}",
        "return {'bright': [0.5], 'colourful': [0.5, 0.5]}",
        "return None",
    ],
)
def test_a_scorer_that_fails_costs_a_named_absence_and_no_decision(
    serve: Serve, tmp_path: Path, body: str
) -> None:
    with serve(plug_in(tmp_path, body), "opennsfw") as platform:
        answer = submit(platform, ROCKET).json()
        assert answer["action"] == "allow"
        assert answer["unanswered"] == {"brightness": "failed"}
        assert answer["scores"].keys() == {"opennsfw"}
        assert platform.http.get(f"/v1/media/{answer['media_id']}").json() == answer
        told = platform.http.get("/metrics").text
        assert 'amparo_scores_missing_total{scorer="brightness",why="failed"} 1.0' in told


def test_a_scorer_that_hangs_is_waited_for_so_long_and_then_left_alone(
    serve: Serve, tmp_path: Path
) -> None:
    with serve(
        plug_in(tmp_path, "import threading; threading.Event().wait()"), seconds=0.2
    ) as platform:
        said = []
        for _ in range(7):
            began = time.monotonic()
            answer = submit(platform, ROCKET).json()
            assert answer["action"] == "allow"
            assert time.monotonic() - began < 10
            said.append(answer["unanswered"]["brightness"])
        assert said == ["late"] * 5 + ["breaker"] * 2


POLICY = """policy: 1
rules:
  - id: bright-ones-first
    when: '"bright" in scores && scores["bright"] > 0.9'
    action: review
    priority: 35
    blur: 7
    then: go-on
  - id: everything-else
    when: "true"
    action: allow
"""


def test_a_score_sets_priority_and_blur(serve: Serve) -> None:
    with serve(BRIGHTNESS) as platform:
        serving = platform.serving
        owner = serving.keys.actor(platform.key).organisation_id
        actor = Actor(owner, "test", frozenset(Scope))
        number = save_policy(serving.database, POLICY, "p.yaml", actor, serving.clock)
        activate_policy(serving.database, number, actor, serving.clock)
        answer, other = submit(platform, WHITE).json(), submit(platform, ROCKET).json()
        assert (answer["action"], answer["priority"], answer["blur"]) == ("review", 35, 7)
        assert (other["action"], other["priority"], other["blur"]) == ("allow", 0, 0)
        assert platform.http.get(f"/v1/media/{answer['media_id']}").json() == answer


def test_without_scorers_there_is_no_score_and_nobody_is_missed(platform: Platform) -> None:
    answer = submit(platform, ROCKET).json()
    assert (answer["scores"], answer["unanswered"], answer["blur"]) == ({}, {}, 0)


def test_many_uploads_at_once_each_have_their_own_score(serve: Serve) -> None:
    levels = list(range(0, 256, 16))
    files = [encoded(Image.new("RGB", (64, 64), (each,) * 3), "PNG") for each in levels]
    with serve(BRIGHTNESS) as platform, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda file: submit(platform, file).json(), files))
        found = [each["scores"]["bright"] for each in answers]
        assert np.allclose(found, [each / 255 for each in levels], atol=1e-3)


def test_no_number_of_an_upload_is_in_metrics(serve: Serve) -> None:
    with serve(BRIGHTNESS) as platform:
        submit(platform, encoded(photograph_like(), "PNG"))
        lines = re.findall(r"^amparo_scor\S+", platform.http.get("/metrics").text, re.M)
        labels = {name for line in lines for name in re.findall(r'(\w+)="', line)}
        assert labels <= {"scorer", "why", "le"}
