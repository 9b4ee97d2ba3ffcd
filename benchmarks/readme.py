"""`python -m benchmarks.readme FILE...`: put what `--json FILE` wrote into the README."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"
END = "<!-- /figures -->"
MODES = ("default", "scaled", "bare decode")

Figures = dict[str, dict[str, Any]]


def _hashing(figures: Figures, machine: str) -> str:
    pictures = list(dict.fromkeys(name.split(",")[0] for name in figures))
    lines = [
        "| | threatexchange | Amparo | Amparo, `scaled` | bare decoding alone | over that |",
        "|---|---|---|---|---|---|",
    ]
    for picture in pictures:
        each = [figures[f"{picture}, {mode}"] for mode in MODES]
        cells = [f"{one['ours']:.1f} ms, **{one['ratio']:.1f} ×**" for one in each]
        over = figures[f"{picture}, default over bare decode"]["ratio"]
        row = (picture, f"{each[0]['peer']:.1f} ms", *cells, f"{over:.2f}")
        lines.append(f"| {' | '.join(row)} |")
    lines += [
        "",
        f"Measured by `make bench` on {machine}.",
        "Medians, in turns, after three runs each in its turn; what the first run costs says",
        "[decision 1](docs/decisions/0001-fast-and-exact-pdq.md). A collage has as much detail",
        "a pixel as a camera's file.",
    ]
    return "\n".join(lines) + "\n"


def _scan_start(figures: Figures, machine: str) -> str:
    scan, imports, sandbox, answer, _ = (each["ours"] for each in figures.values())
    return (
        f"- **Quick to start.** `amparo scan` of one picture takes {scan:.1f} s. A program that\n"
        f"  only starts the sandbox, with decoders and kernels, takes {sandbox:.1f} s until its\n"
        f"  first answer; one that only imports the rest, meanwhile, takes {imports:.1f} s.\n"
        f"  `--help` answers in {answer:.2f} s. Medians on {machine}.\n"
    )


TEXTS: dict[str, Callable[[Figures, str], str]] = {"hashing": _hashing, "scan_start": _scan_start}


def main() -> None:
    """Replace what stands between the marks of each benchmark."""
    for file in sys.argv[1:]:
        result = json.loads(Path(file).read_text(encoding="utf-8"))
        figures = {each["name"]: each for each in result["results"]}
        name = result["benchmark"]
        begin = f"<!-- figures: {name} -->\n"
        text = README.read_text(encoding="utf-8")
        before, rest = text.split(begin)
        after = rest.split(END, 1)[1]
        told = TEXTS[name](figures, result["machine"])
        README.write_text(f"{before}{begin}{told}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
