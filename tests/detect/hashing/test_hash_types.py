"""Hash types that are plugged in: what each must do, and which files are refused."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from pydantic_core import to_json
from pytest_socket import enable_socket

from amparo.core.errors import Invalid
from amparo.core.problems import Problem, ProblemCode
from amparo.core.settings import settings
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.hash_type import Hashed, HashType
from amparo.detect.hashing.model import MediaHashes, OtherHash, PdqInput
from amparo.detect.hashing.once_more import hashed_once_more
from amparo.detect.hashing.others import checked_hash
from amparo.detect.hashing.plug_ins import algorithm, algorithms, hash_types, load, not_plugged_in
from amparo.detect.media.model import Kind, Limits, MediaError
from amparo.testing.hash_type import HashTypeContract
from amparo.testing.hostile import encoded, photograph_like
from tests.plug_ins import asked, tiles

TILES, ASKED = Path(tiles.__file__), Path(asked.__file__)


def small(data: bytes) -> bytes:
    """What the invented service answers: sixteen tiles of the picture."""
    from io import BytesIO

    picture = Image.open(BytesIO(data)).convert("L")
    return picture.resize((4, 4), Image.Resampling.BOX).tobytes()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = small(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    enable_socket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HASH_SERVICE", f"http://127.0.0.1:{server.server_port}/")
    yield
    server.shutdown()
    server.server_close()


class TestTiles(HashTypeContract):
    """A library of one's own."""

    file = TILES


@pytest.mark.usefixtures("service")
class TestAsked(HashTypeContract):
    """A service elsewhere."""

    file = ASKED


class TestDocumented(HashTypeContract):
    """The one that the how-to shows."""

    @pytest.fixture
    def kind(self, tmp_path: Path) -> HashType:
        page = (Path(__file__).parents[3] / "docs/how-to/hash-types.md").read_text(encoding="utf-8")
        file = tmp_path / "shown.py"
        file.write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
        return load(file)


Plug = Callable[..., None]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Has this process know plug-in files, until the test ends."""

    def known(*files: Path) -> None:
        monkeypatch.setenv("AMPARO_HASH_TYPES", json.dumps([str(each) for each in files]))
        settings.cache_clear()
        hash_types.cache_clear()

    yield known
    monkeypatch.undo()
    settings.cache_clear()
    hash_types.cache_clear()


@pytest.mark.parametrize("how", list(PdqInput))
def test_a_picture_is_hashed_as_a_person_sees_it(plug: Plug, how: PdqInput) -> None:
    plug(TILES)
    picture = photograph_like(300, 200)
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise
    plain = hash_media(encoded(picture, "PNG"), Limits(), pdq_input=how)
    stored_turned = hash_media(encoded(turned, "PNG", exif=exif), Limits(), pdq_input=how)
    ((one,), (other,)) = plain.others, stored_turned.others
    assert one.algorithm == "tiles"
    apart = tiles.HASH_TYPE.distances(
        np.frombuffer(one.value, np.uint8), np.frombuffer(other.value, np.uint8)[None]
    )
    assert apart[0] <= 5
    assert plain.pictures, "PDQ is made as ever"


def test_a_type_that_fails_costs_its_own_hash(plug: Plug, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        TILES.read_text(encoding="utf-8").replace(
            "grey = Image", "raise RuntimeError('no licence')\n        grey = Image"
        )
    )
    plug(broken)
    found = hash_media(encoded(photograph_like(), "PNG"), Limits())
    assert found.pictures
    assert found.problem is not None
    assert found.problem.code == "media.hash_missing"
    assert "'tiles' failed (RuntimeError)" in found.problem.message


WELL = MediaHashes(Kind.PNG, 1, digest(b"x"))
LATE = Problem(ProblemCode.MEDIA_OUT_OF_TIME, "Its frames take too long.")
DIED = MediaError(ProblemCode.MEDIA_DECODER_CRASHED, "The decoder died.")
SOME = (OtherHash("tiles", b"x" * 64),)


class Asking:
    """Answers, or raises, one after another, and remembers how it was asked."""

    def __init__(self, *answers: MediaHashes | Exception) -> None:
        self.answers, self.asked = list(answers), list[bool]()

    def __call__(self, *, with_others: bool) -> MediaHashes:
        self.asked.append(with_others)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("first", "why", "kept"),
    [
        (DIED, "decoder crashed", ()),
        (MemoryError(), "out of memory", ()),
        (replace(WELL, problem=LATE, others=SOME), "out of time", SOME),
    ],
)
def test_a_file_is_hashed_once_more_without_types(
    plug: Plug, first: MediaHashes | Exception, why: str, kept: tuple[OtherHash, ...]
) -> None:
    plug(TILES)
    ask = Asking(first, WELL)
    found = hashed_once_more(ask)
    assert (ask.asked, found.others) == ([True, False], kept)
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_HASH_MISSING
    assert f"'tiles' failed ({why})" in found.problem.message


def test_what_is_the_files_own_fault_stays_so(plug: Plug) -> None:
    plug(TILES)
    ask = Asking(DIED, DIED)
    with pytest.raises(MediaError):
        hashed_once_more(ask)
    assert ask.asked == [True, False], "and not a third time"
    late = replace(WELL, problem=LATE)
    assert hashed_once_more(Asking(late, late)) == late
    assert hashed_once_more(Asking(WELL)) == WELL


def test_without_a_type_nothing_is_hashed_twice(plug: Plug) -> None:
    plug(ASKED)
    ask = Asking(DIED)
    with pytest.raises(MediaError):
        hashed_once_more(ask)
    assert ask.asked == [True]


def scored(tmp_path: Path, quality: str) -> Path:
    """A plug-in that says this of each picture."""
    text = TILES.read_text(encoding="utf-8")
    whole = "100 if np.asarray(small).std() > 2 else 0"
    assert whole in text
    file = tmp_path / "scored.py"
    file.write_text(text.replace(whole, quality), encoding="utf-8")
    return file


@pytest.mark.parametrize("quality", ["np.int64(80)", "np.uint8(80)"])
def test_a_quality_of_numpy_is_a_plain_number(plug: Plug, tmp_path: Path, quality: str) -> None:
    plug(scored(tmp_path, quality))
    found = hash_media(encoded(photograph_like(), "PNG"), Limits())
    (one,) = found.others
    assert (type(one.quality), one.quality, found.problem) == (int, 80, None)
    assert to_json(found, bytes_mode="base64"), "the sandbox hands it over"


@pytest.mark.parametrize(
    "quality", ["80.0", "True", "np.float32(80)", "np.bool_(True)", "np.array(80)", "'80'", "None"]
)
def test_what_is_no_quality_costs_its_own_hash_and_fails_the_contract(
    plug: Plug, tmp_path: Path, quality: str
) -> None:
    file = scored(tmp_path, quality)
    plug(file)
    found = hash_media(encoded(photograph_like(), "PNG"), Limits())
    assert (len(found.pictures), found.others) == (1, ())
    assert found.problem is not None
    assert "'tiles' failed (ValueError)" in found.problem.message
    with pytest.raises(ValueError, match="a quality is a whole number"):
        HashTypeContract().test_the_same_picture_has_the_same_hash(load(file))


def test_bytes_of_another_class_are_plain_bytes() -> None:
    made = Hashed(np.bytes_(b"x" * 64))
    assert type(checked_hash(tiles.HASH_TYPE, made).value) is bytes
    for value in (bytearray(64), np.zeros(64, np.uint8), "x" * 64):
        with pytest.raises(ValueError, match="answers with"):
            checked_hash(tiles.HASH_TYPE, Hashed(value))


@pytest.mark.parametrize(
    ("written", "replacement", "told"),
    [
        ('name = "tiles"', 'name = "pdq"', "of Amparo's own"),
        ('name = "tiles"', 'name = "Tiles!"', "lower-case"),
        ("width_bytes = _TILES * _TILES", "width_bytes = 0", "width_bytes"),
        ("radius = 300", "radius = -1", "radius"),
        ("HASH_TYPE = Tiles()", "", "has no HASH_TYPE"),
        ("HASH_TYPE = Tiles()", "HASH_TYPE = 7", "neither"),
        ("_TILES = 8", "_TILES = 8 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, written: str, replacement: str, told: str
) -> None:
    text = TILES.read_text(encoding="utf-8")
    assert written in text
    file = tmp_path / "mine.py"
    file.write_text(text.replace(written, replacement))
    with pytest.raises(Invalid, match=told) as error:
        load(file)
    assert str(file) in error.value.message


def test_a_file_that_others_may_change_is_not_run(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("raise AssertionError('it was run')")
    file.chmod(0o666)
    with pytest.raises(Invalid, match="chmod go-w"):
        load(file)
    with pytest.raises(Invalid, match="cannot be read"):
        load(tmp_path / "missing.py")


def test_a_file_in_whose_place_others_may_put_another_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    file = folder / "mine.py"
    file.write_text("raise AssertionError('it was run')")
    folder.chmod(0o777)
    with pytest.raises(Invalid, match=f"go-w {folder}"):
        load(file)
    link = tmp_path / "link.py"
    link.symlink_to(file)
    with pytest.raises(Invalid, match=f"go-w {folder}"):
        load(link)


def test_names_stand_for_what_is_plugged_in(plug: Plug) -> None:
    plug(TILES, ASKED)
    assert [each.value for each in algorithms()][-2:] == ["tiles", "asked"]
    assert algorithm("tiles").digits == 128
    assert not_plugged_in(["pdq", "tiles", "gone"]) == ["gone"]
    with pytest.raises(Invalid, match="not one of pdq, md5"):
        algorithm("gone")
    plug(TILES, TILES)
    with pytest.raises(Invalid, match="already"):
        hash_types()
