"""`python -m benchmarks.readme FILE...`: put what `--json FILE` wrote into README and docs."""

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FOUND_COPIES = ROOT / "docs" / "reference" / "found-copies.md"
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


def _matching(figures: Figures, machine: str) -> str:
    lines = ["| ten million hashes, one thread | Amparo | against | |", "|---|---|---|---|"]
    for each in figures.values():
        name, peer_name, unit = each["name"], each["peer_name"], f" {each['unit']}".rstrip()
        if peer_name in ("", "planted") or name.startswith("planted"):
            continue
        peer = f"{_number(each['peer'])}{unit}, {peer_name}"
        if peer_name == "limit":
            peer = f"wanted: at most {_number(each['peer'])}{unit}"
        times = f"{_number(each['peer'] / each['ours'])} ×" if peer_name.startswith("faiss") else ""
        lines.append(f"| {name} | {_number(each['ours'])}{unit} | {peer} | {times} |")
    lines += [
        "",
        f"Measured on {machine}, in turns of a hundred queries. At the start of its",
        "turn Amparo answers a thousand others that do not count, faiss ten: what serves look-ups",
        "serves nothing else in between. Right after faiss has emptied the caches they take 53 µs.",
        "",
    ]
    return "\n".join(lines)


def _growth(figures: Figures, _: str) -> str:
    from benchmarks import plots

    plots.growth(list(figures.values()))
    return (
        "![Microseconds of a look-up against the number of known hashes: Amparo's grow far more "
        "slowly\nthan those of faiss.](docs/images/growth.svg)\n"
    )


def _freshness(figures: Figures, machine: str) -> str:
    median, late = (each["ours"] for each in figures.values())
    return (
        "- **Fresh.** A thousand signals added in one process are found in another, which is busy\n"
        f"  with look-ups, after {median:.1f} ms (median; p99 {late:.1f} ms), on {machine}.\n"
    )


def _accuracy(figures: Figures, _: str) -> str:
    from benchmarks import plots

    plots.accuracy(list(figures.values()))
    false, pairs = (figures[name] for name in list(figures)[-2:])
    return (
        "![Share of altered copies that are found, by edit and strength, Amparo and threatexchange]"
        "(docs/images/accuracy.svg)\n\n"
        f"Of {pairs['ours']:,.0f} pairs of unrelated pictures Amparo took {false['ours']:.0f} for\n"
        f"copies, threatexchange {false['peer']:.0f}. A crop is of the width and height in all.\n"
        "Neither looks up a picture of PDQ quality below 50, which one of these sixteen\n"
        "has in most of its copies.\n"
    )


def _accuracy_table(figures: Figures, _: str) -> str:
    lines = ["| copy | Amparo | threatexchange |", "|---|---|---|"]
    for each in figures.values():
        if each["unit"] == "%":
            lines.append(f"| {each['name']} | {each['ours']:.0f} % | {each['peer']:.0f} % |")
    return "\n".join(lines) + "\n"


def _serving(figures: Figures, machine: str) -> str:
    ours = {name: float(each["ours"]) for name, each in figures.items()}
    uploads = figures["uploads of 2 MP, over HTTP"]
    told = (
        "- **Serves.** With a million signals in SQLite, one process and its client on the same "
        f"two processors: {ours['look-ups of one hash']:,.0f} look-ups a second (p99 "
        f"{ours['look-up of one hash, p99']:.0f} ms), "
        f"{ours['hashes, a thousand a request']:,.0f} hashes a second in requests of a thousand, "
        f"{uploads['ours']:.0f} uploads of 2 megapixels "
        f"({uploads['ours'] / uploads['peer']:.0%} of what the pipeline does without HTTP). "
        "After a signal is added, its picture is held within "
        f"{ours['from a signal added until its picture is held, SQLite, p99']:.0f} ms, on another "
        "host with PostgreSQL within "
        f"{ours['from a signal added until its picture is held, PostgreSQL, two hosts, p99']:.0f} "
        "ms (p99, under load). One more process takes "
        f"{ours['private memory of one more process that answers']:.0f} MB, its decoders "
        f"{ours['private memory of its decoders']:.0f} MB. On {machine}."
    )
    return textwrap.fill(told, 100, subsequent_indent="  ") + "\n"


def _importing(figures: Figures, machine: str) -> str:
    ours = {name: float(each["ours"]) for name, each in figures.items()}
    told = (
        "- **Takes lists in.** A million signals, all or nothing, in "
        f"{ours['import into a list, SQLite']:.0f} s on SQLite; whoever writes meanwhile waits "
        f"{ours['another writer meanwhile, p99']:.0f} ms (p99; at most "
        f"{ours['another writer meanwhile, longest']:.0f} ms). On {machine}."
    )
    return textwrap.fill(told, 100, subsequent_indent="  ") + "\n"


def _telling(figures: Figures, machine: str) -> str:
    ours = {name: float(each["ours"]) for name, each in figures.items()}
    pictures, documents = "photographs of 0.3 megapixels", "documents known by their digest"
    rate, late = "decisions told of, SQLite", "from a decision until it is told"
    told = (
        f"- **Tells.** Of {ours[f'{pictures}: {rate}']:.0f} decisions a second on photographs of "
        f"0.3 megapixels, or {ours[f'{documents}: {rate}']:.0f} on documents (as many as are sent, "
        "each the same match, which is kept), for five minutes on SQLite with two processes and "
        "with the uploaders on the same processors, the "
        f"platform is told within {ours[f'{pictures}: {late}, p99']:.1f} s (p99; median "
        f"{ours[f'{pictures}: {late}, median']:.1f} s). On {machine}."
    )
    return textwrap.fill(told, 100, subsequent_indent="  ") + "\n"


def _backing_up(figures: Figures, machine: str) -> str:
    ours = {name: float(each["ours"]) for name, each in figures.items()}
    told = (
        "- **Comes back.** A backup of a million signals and a million decisions takes "
        f"{ours['backup, SQLite, while serving']:.0f} s while the service answers (look-ups "
        f"meanwhile: p99 {ours['look-up meanwhile, p99']:.0f} ms), on PostgreSQL "
        f"{ours['backup, PostgreSQL, while serving']:.0f} s; restored, with its index "
        f"built and ready, it is {ours['restored until ready, SQLite']:.0f} s later, on "
        f"PostgreSQL {ours['restored until ready, PostgreSQL']:.0f} s. On {machine}."
    )
    return textwrap.fill(told, 100, subsequent_indent="  ") + "\n"


def _video(figures: Figures, machine: str) -> str:
    def times(name: str) -> str:
        return f"{figures[name]['ratio']:.1f} ×"

    told = (
        "- **Videos too.** Frames, hashes and seconds are those of Meta's vPDQ, at "
        f"{times('360p H.264')} (360p), {times('720p H.264')} (720p) and {times('1080p H.264')} "
        f"(1080p) its speed for H.264, {times('720p H.265')} for H.265 and {times('720p VP9')} for "
        "VP9. Known ones are found whole, cut, within others or as one picture, "
        "[in both directions](docs/reference/hashes.md), and a long one is held before its end. "
        f"On {machine}."
    )
    return _filled(told)


def _texts(figures: Figures, machine: str) -> str:
    names = list(figures)
    text, link = figures[names[0]], figures[names[-1]]
    told = (
        "- **Words and links.** Among a million words and phrases all that is done for a text of "
        f"1 kB takes {text['ours']:.2f} ms; a link is looked up among a million of each kind in "
        f"{link['ours']:.0f} µs. On {machine}."
    )
    return _filled(told)


def _bulk(figures: Figures, machine: str) -> str:
    names = list(figures)
    scan, _, ray, _, films, looked, memory = (figures[name] for name in names)
    told = (
        f"- **Archives.** A scan hashes {scan['ours']:.0f} photographs of 1024 × 768 a second with "
        "all variants, on two processors "
        f"({scan['ratio']:.0%} of what the pipeline alone would do on both), or "
        f"{films['ours']:.0f} s of 720p video; two workers on Ray do {ray['ratio']:.2f} × what one "
        f"does. Ten thousand new signals against ten million catalogued hashes take "
        f"{looked['ours']:.0f} s and {memory['ours']:.1f} GB. On {machine}."
    )
    return _filled(told)


def _filled(told: str) -> str:
    return textwrap.fill(told, 100, subsequent_indent="  ", break_on_hyphens=False) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


_BY_NAME_ALONE = (
    "hashing", "scan_start", "serving", "importing", "telling", "backing_up", "video", "texts",
    "bulk",
)  # fmt: skip

TEXTS: dict[str, list[tuple[Path, Callable[[Figures, str], str]]]] = {
    "hashing": [(README, _hashing)],
    "scan_start": [(README, _scan_start)],
    "matching": [(README, _matching)],
    "growth": [(README, _growth)],
    "freshness": [(README, _freshness)],
    "serving": [(README, _serving)],
    "importing": [(README, _importing)],
    "telling": [(README, _telling)],
    "backing_up": [(README, _backing_up)],
    "video": [(README, _video)],
    "texts": [(README, _texts)],
    "bulk": [(README, _bulk)],
    "accuracy": [(README, _accuracy), (FOUND_COPIES, _accuracy_table)],
}


def main() -> None:
    """Replace what stands between the marks of each benchmark."""
    for file in sys.argv[1:]:
        result = json.loads(Path(file).read_text(encoding="utf-8"))
        figures = {f"{each['name']}, {each['peer_name']}": each for each in result["results"]}
        if result["benchmark"] in _BY_NAME_ALONE:
            figures = {each["name"]: each for each in result["results"]}
        name = result["benchmark"]
        begin = f"<!-- figures: {name} -->\n"
        for page, tell in TEXTS[name]:
            before, rest = page.read_text(encoding="utf-8").split(begin)
            after = rest.split(END, 1)[1]
            told = tell(figures, result["machine"])
            page.write_text(f"{before}{begin}{told}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
