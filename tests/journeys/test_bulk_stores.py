"""`amparo bulk scan` of an object store: what is read, refused, and changed meanwhile."""

import hashlib
import json
import time

import pytest

from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Ended, Run
from tests.stores import Store

OBJECTS = 12
PICTURES = [encoded(photograph_like(96, 80, seed=seed), "JPEG") for seed in range(OBJECTS)]
SCAN = ("bulk", "scan", "s3://archive/2019", "--to", "s3://catalogues/one", "--part", "4")


@pytest.fixture
def archive(store: Store) -> Store:
    for number, picture in enumerate(PICTURES):
        store.put(f"2019/{number:02}.jpg", picture)
    store.put("2020/other.jpg", PICTURES[0])
    return store


def told(ended: Ended) -> dict[str, int]:
    records = [json.loads(line) for line in ended.out.splitlines()]
    return {each["code"] or each["what"]: each["objects"] for each in records}


def catalogue_rows(store: Store) -> list[dict[str, object]]:
    import io

    import pyarrow.parquet as pq

    client = store.client()
    listed = client.list_objects_v2(Bucket="catalogues", Prefix="one/parts/")
    rows: list[dict[str, object]] = []
    for each in listed.get("Contents", ()):
        data = client.get_object(Bucket="catalogues", Key=each["Key"])["Body"].read()
        rows += pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


def test_each_object_below_the_prefix_is_read_once(archive: Store, amparo: Run) -> None:
    ended = amparo(*SCAN)
    assert (ended.status, told(ended)) == (0, {"scanned": OBJECTS, "unchanged": 0})
    assert {row["key"] for row in catalogue_rows(archive)} == {
        f"{n:02}.jpg" for n in range(OBJECTS)
    }
    again = amparo(*SCAN)
    assert (again.status, told(again)) == (0, {"scanned": 0, "unchanged": OBJECTS})
    assert archive.gets == {f"2019/{number:02}.jpg": 1 for number in range(OBJECTS)}


def test_expired_credentials_end_the_scan_and_it_goes_on_where_it_was(
    archive: Store, amparo: Run
) -> None:
    archive.expires_after = 6
    ended = amparo(*SCAN, "--processes", "1")
    assert ended.status == 2
    assert "takes the credentials no more (ExpiredToken)" in ended.err
    assert "run the same command again" in ended.err
    kept = {str(row["key"]) for row in catalogue_rows(archive)}
    assert len(kept) == told(ended)["scanned"] < OBJECTS
    archive.expires_after = None
    archive.gets.clear()
    again = amparo(*SCAN)
    assert again.status == 0
    assert not {f"2019/{key}" for key in kept} & set(archive.gets)
    assert sorted(str(row["key"]) for row in catalogue_rows(archive)) == [
        f"{number:02}.jpg" for number in range(OBJECTS)
    ]


def test_a_large_object_is_read_once_for_its_digests(store: Store, amparo: Run) -> None:
    large = b"zorvimel" * 2_500_000
    store.put("2019/large.bin", large)
    ended = amparo(*SCAN, env={"AMPARO_MAX_FILE_BYTES": "1000000"})
    assert told(ended)["media.too_large"] == 1
    (row,) = catalogue_rows(store)
    assert row["md5"] == hashlib.md5(large).digest()
    assert store.gets == {"2019/large.bin": 1}


def test_what_may_not_be_read_is_named_and_the_rest_is_read(archive: Store, amparo: Run) -> None:
    archive.denied.add("2019/03.jpg")
    ended = amparo(*SCAN)
    assert ended.status == 2
    assert told(ended) == {"scanned": OBJECTS, "unchanged": 0, "file.denied": 1}


def test_an_object_that_changes_or_goes_meanwhile_has_no_mixed_hash(
    archive: Store, amparo: Run
) -> None:
    def change(key: str) -> None:
        archive.before_get = lambda _: None
        archive.put("2019/05.jpg", PICTURES[0] + b"more")
        archive.client().delete_object(Bucket="archive", Key="2019/06.jpg")

    archive.before_get = change  # the listing is done when the first object is read
    ended = amparo(*SCAN, "--processes", "1")
    counts = told(ended)
    assert counts["scanned"] == OBJECTS
    rows = {row["key"]: row for row in catalogue_rows(archive)}
    for key, code in (("05.jpg", "file.changed"), ("06.jpg", "file.vanished")):
        assert (rows[key]["problem_code"], rows[key]["sha256"]) == (code, None)
    assert told(amparo(*SCAN)) == {"scanned": 1, "unchanged": OBJECTS - 2}


def test_a_rate_limit_holds_for_all_workers_together(archive: Store, amparo: Run) -> None:
    times: list[float] = []
    archive.before_get = lambda _: times.append(time.monotonic())
    amparo(*SCAN, "--workers", "2", "--rate-limit", "10/s")
    assert len(times) == OBJECTS
    # Two workers begin with one each; what comes after has a tenth of a second each.
    assert max(times) - min(times) >= (OBJECTS - 2) / 10 * 0.9


def test_odd_names_are_read_and_folders_are_empty_objects(store: Store, amparo: Run) -> None:
    names = ["ü ñ.jpg", "a b#?&+.jpg", "100%.jpg", "%41.jpg", "~[x]^`|.jpg", "folder/"]
    for name in names:
        store.put(f"2019/{name}", b"" if name.endswith("/") else PICTURES[0])
    ended = amparo(*SCAN)
    assert (ended.status, told(ended)) == (0, {"scanned": 6, "unchanged": 0, "media.empty": 1})
    assert {row["key"] for row in catalogue_rows(store)} == {*names[:5], "folder"}


def test_a_name_that_cannot_be_listed_is_told(store: Store, amparo: Run) -> None:
    store.put("2019/a//b.jpg", PICTURES[0])
    ended = amparo(*SCAN)
    assert ended.status == 2
    assert "an empty part" in ended.err


def test_a_bucket_that_is_not_there_is_named(archive: Store, amparo: Run) -> None:
    ended = amparo("bulk", "scan", "s3://nobody/x", "--to", "s3://catalogues/two")
    assert ended.status == 2
    assert "NoSuchBucket" in ended.err


def test_a_store_that_is_away_is_told_without_a_traceback(
    store: Store, amparo: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    ended = amparo("bulk", "scan", "s3://archive", "--to", "s3://catalogues/two")
    assert ended.status == 2
    assert "The store at http://127.0.0.1:9 does not answer as it should" in ended.err


def test_an_objects_own_url_or_a_mistyped_prefix_is_told(archive: Store, amparo: Run) -> None:
    for source in ("s3://archive/none", "s3://archive/2019/01.jpg"):
        ended = amparo("bulk", "scan", source, "--to", "s3://catalogues/two")
        assert (ended.status, ended.out) == (2, "")
        assert f"Nothing lies below {source}; SOURCE is a folder or a prefix" in ended.err
