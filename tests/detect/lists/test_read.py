"""List files are read whole or not at all, and a bad line is named by file, line and column."""

import gzip
from pathlib import Path

import pytest

from amparo.core.errors import Invalid, NotFound
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists import read_list

PDQ = "0f" * 32
MD5 = "ab" * 16


def written(folder: Path, text: str | bytes, name: str = "known.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_csv_with_all_columns(tmp_path: Path) -> None:
    text = (
        "value,algorithm,quality,source,labels,classification,confidence,expires,note,id\n"
        f'{PDQ.upper()},PDQ,88,a hotline,"one|two",A1,0.5,2030-01-01T02:00:00+02:00,"a, b",x-1\n'
    )
    [signal] = read_list(written(tmp_path, text)).signals
    assert (signal.id, signal.algorithm, signal.value) == ("x-1", Algorithm.PDQ, PDQ)
    assert (signal.quality, signal.labels, signal.classification) == (88, ("one", "two"), "A1")
    assert signal.expires is not None
    assert signal.expires.isoformat() == "2030-01-01T00:00:00+00:00"
    assert (signal.confidence, signal.note, signal.source) == (0.5, "a, b", "a hotline")


def test_one_hash_a_line(tmp_path: Path) -> None:
    text = f"# a comment\n\nPDQ:{PDQ}\n{MD5}\nsha256:{PDQ}\n"
    known = read_list(written(tmp_path, text, "hashes.txt"))
    assert [each.algorithm.value for each in known.signals] == ["pdq", "md5", "sha256"]
    assert [each.id for each in known.signals] == [f"hashes.txt:{n}" for n in (3, 4, 5)]


def test_a_bare_hash_of_64_digits_must_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, PDQ + "\n")
    with pytest.raises(Invalid, match=r"line 1, column 'value': can be pdq or sha256; say which"):
        read_list(path)
    assert read_list(path, algorithm=Algorithm.PDQ).signals[0].algorithm is Algorithm.PDQ


def test_what_amparo_hash_prints_is_a_list(tmp_path: Path) -> None:
    text = (
        f'{{"path": "a.jpg", "media_type": "image/jpeg", "algorithm": "pdq", "value": "{PDQ}",'
        ' "quality": 99}\n'
        '{"path": "b.jpg", "error": {"code": "media.truncated", "message": "cut"}}\n'
    )
    known = read_list(written(tmp_path, text, "k.jsonl"))
    assert (len(known.signals), known.unhashed, known.name) == (1, 1, "k")


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    for before in (b"", b"\r\n", b"# from a spreadsheet\n"):
        text = before + b"\xef\xbb\xbfalgorithm,value\r\nmd5," + MD5.encode() + b"\r\n"
        assert len(read_list(written(tmp_path, text)).signals) == 1


HEADER = "algorithm,value,quality,confidence,expires\n"
GOOD = f"pdq,{PDQ},,,\n"

BAD = {
    "a short hash": (HEADER + GOOD + "pdq,0f0f,,,\n", r"line 3, column 'value': must be 64"),
    "no hexadecimal": (HEADER + "md5," + "xy" * 16 + ",,,\n", r"line 2, column 'value'"),
    "an unknown algorithm": (HEADER + "crc,00,,,\n", r"line 2, column 'algorithm': is not one of"),
    "a strange quality": (HEADER + f"pdq,{PDQ},101,,\n", r"line 2, column 'quality'"),
    "a strange confidence": (HEADER + f"pdq,{PDQ},,nan,\n", r"line 2, column 'confidence'"),
    "a time without a zone": (HEADER + f"pdq,{PDQ},,,2030-01-01\n", r"column 'expires': has no"),
    "a column too few": (HEADER + GOOD + "pdq,00\n", r"line 3: has 2 columns, the header 5"),
    "a column of another's": ("algorithm,value,mood\npdq,0,x\n", r"column 'mood': is not a"),
    "no value column": ("algorithm,worth\n", r"line 1, column 'value': is missing"),
    "a quote that never ends": (HEADER + 'pdq,"0f\n', r"line 2: is not CSV"),
    "broken JSON": (f'{{"algorithm":"pdq","value":"{PDQ}"}}\n{{"x\n', r"line 2: is not JSON"),
    "JSON of another shape": ('{"algorithm":"pdq","value":["0f"]}\n', r"column 'value': must be t"),
    "deep JSON": ("{" + '"a":[' * 20_000 + "\n", r"longer than|not JSON"),
    "a hash of no length": ("0f0f0f\n", r"line 1, column 'value': has 6 characters"),
    "an endless line": (HEADER + "p" * 1_100_000 + "\n", r"line 2: is longer than 1048576"),
    "a JSON array": ('[{"algorithm":"md5"}]', r"line 1: begins a JSON array"),
    "a strange number": (HEADER + f"pdq,{PDQ},8_8,,\n", r"line 2, column 'quality'"),
    "a column twice": ("algorithm,value,value\n", r"line 1, column 'header': names a column twice"),
    "a null character": (HEADER + "pdq\x00,0,,,\n", r"line 2, column 'algorithm': holds a null"),
    "semicolons": ("algorithm;value\n", r"line 1: separates its columns by semicolons"),
    "tabs": ("value\tAlgorithm\n", r"line 1: separates its columns by tabs"),
    "nothing": ("\n\n", r"the list is empty"),
    "not text": (b"\xff\x00\x01", r"line 1: is not UTF-8 text"),
    "gzip": (gzip.compress(b"md5\n" * 9), r"line 1: is compressed by gzip; unpack it"),
    "a spreadsheet": (b"PK\x03\x04" + bytes(90_000), r"line 1: is a spreadsheet or a zip"),
    "UTF-16": ("algorithm,value\n".encode("utf-16"), r"line 1: is UTF-16; save it as UTF-8"),
    "of md5sum": (b"0" * 32 + b"  a, b.jpg\n", r"line 1: has a name behind its hash; cut -d"),
    "one column": (b"value\n" + b"0" * 32, r"line 1, column 'algorithm': is missing: a header"),
}


def test_rows_without_anything_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text(f"algorithm,value,note\nmd5,{'0' * 32},\n,,\n , ,\nmd5,{'1' * 32},x\n")
    assert [one.id for one in read_list(path).signals] == ["known.csv:2", "known.csv:5"]


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named(tmp_path: Path, case: str) -> None:
    text, message = BAD[case]
    with pytest.raises(Invalid, match=message) as raised:
        read_list(written(tmp_path, text))
    assert "known.csv" in raised.value.message
    assert PDQ not in raised.value.message, "an error repeats no hash of a list"


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no list or file"):
        read_list(tmp_path / "missing.csv")
    with pytest.raises(Invalid, match="cannot be read"):
        read_list(tmp_path)
