"""Write signals as a list file that `read_list` reads back as the same signals."""

import csv
import json
from collections.abc import Iterable
from typing import TextIO

from amparo.core.errors import Invalid
from amparo.detect.lists.columns import COLUMNS, LABEL_SEPARATOR
from amparo.detect.lists.forms import shown
from amparo.detect.lists.model import Signal


def write_list(signals: Iterable[Signal], file: TextIO, *, form: str) -> None:
    """Write `signals` as `form`: "csv", "jsonl", or "hashes" for one hash a line."""
    {"csv": _write_csv, "jsonl": _write_json_lines, "hashes": _write_hashes}[form](signals, file)


def _write_csv(signals: Iterable[Signal], file: TextIO) -> None:
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for signal in signals:
        fields = _fields(signal)
        writer.writerow({**fields, "labels": LABEL_SEPARATOR.join(signal.labels)})


def _write_json_lines(signals: Iterable[Signal], file: TextIO) -> None:
    for signal in signals:
        given = {name: value for name, value in _fields(signal).items() if value not in ("", None)}
        file.write(json.dumps(given, ensure_ascii=False) + "\n")


def _write_hashes(signals: Iterable[Signal], file: TextIO) -> None:
    """Raises Invalid where one is no single hash."""
    for signal in signals:
        if signal.algorithm.has_text:
            raise Invalid(
                f"A signal of the list is {signal.algorithm.value}, which is no single hash; "
                "export it as jsonl or csv."
            )
        file.write(f"{signal.algorithm.value}:{signal.value}\n")


def _fields(signal: Signal) -> dict[str, object]:
    return {
        "id": signal.id,
        "algorithm": signal.algorithm.value,
        "value": shown(signal),
        "quality": signal.quality,
        "source": signal.source,
        "labels": list(signal.labels),
        "classification": signal.classification,
        "confidence": signal.confidence,
        "expires": None if signal.expires is None else signal.expires.isoformat(),
        "enabled_share": None if signal.enabled_share == 1 else signal.enabled_share,
        "note": signal.note,
    }
