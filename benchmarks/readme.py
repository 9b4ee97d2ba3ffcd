"""`python -m benchmarks.readme FILE`: put the figures that `--json FILE` wrote into the README."""

import json
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- figures: hashing -->\n", "<!-- /figures -->"
MODES = ("default", "scaled", "bare decode")


def table(result: dict[str, object]) -> str:
    """The README's table of a result of the benchmark `hashing`."""
    results = result["results"]
    assert isinstance(results, list)
    figures = {each["name"]: each for each in results}
    pictures = list(dict.fromkeys(name.split(",")[0] for name in figures))
    lines = [
        "| | threatexchange | Amparo | Amparo, `scaled` | bare decoding alone |",
        "|---|---|---|---|---|",
    ]
    for picture in pictures:
        each = [figures[f"{picture}, {mode}"] for mode in MODES]
        cells = [f"{one['ours']:.1f} ms, **{one['ratio']:.1f} ×**" for one in each]
        lines.append(f"| {picture} | {each[0]['peer']:.1f} ms | {' | '.join(cells)} |")
    return (
        "\n".join(lines)
        + f"\n\nMeasured by `make bench` on {result['machine']}; medians, in turns.\n"
        "A collage has as much detail a pixel as a camera's file.\n"
    )


def main() -> None:
    """Replace what stands between the two marks."""
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}{table(result)}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
