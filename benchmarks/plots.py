"""Drawings of what benchmarks measured, as SVG files for the documentation."""

from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

FOLDER = Path(__file__).parents[1] / "docs" / "images"
OURS = "#1b6e53"
THEIRS = "#c2571a"
GREY = "#777777"

mpl.use("svg")
mpl.rcParams.update(
    {"svg.fonttype": "path", "svg.hashsalt": "amparo", "font.size": 10, "axes.grid": True,
     "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False}
)  # fmt: skip

Result = dict[str, Any]


def growth(results: list[Result]) -> None:
    """Microseconds of a look-up against the number of rows, both on logarithmic axes."""
    figure, axes = plt.subplots(figsize=(7, 4))
    ours: dict[int, float] = {}
    for peer, colour in (("faiss flat", GREY), ("faiss MultiHash 11×23, nflip 2", THEIRS)):
        of_peer = [each for each in results if each["peer_name"] == peer]
        rows = [_rows(each) for each in of_peer]
        ours |= {_rows(each): each["ours"] for each in of_peer}
        axes.plot(rows, [each["peer"] for each in of_peer], "o-", color=colour, label=peer)
    axes.plot(list(ours), list(ours.values()), "o-", color=OURS, label="Amparo", linewidth=2.5)
    axes.set(xscale="log", yscale="log", xlabel="known hashes",
             ylabel="µs a look-up, one thread")  # fmt: skip
    axes.legend(frameon=False)
    _save(figure, "growth.svg")


def accuracy(results: list[Result]) -> None:
    """Share of copies found, a panel for each family of edits, by strength."""
    shares = [each for each in results if each["unit"] == "%"]
    families = [(name, list(each)) for name, each in groupby(shares, _family)]
    columns = 4
    rows = -(-len(families) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(11, 2.1 * rows), sharey=True)
    for panel, (name, each) in zip(panels.flat, families, strict=False):
        labels = [_label(one["name"], name) for one in each]
        places = range(len(each))
        panel.plot(places, [one["peer"] for one in each], "s-", color=THEIRS,
                   label="threatexchange", markersize=7)  # fmt: skip
        panel.plot(places, [one["ours"] for one in each], "o-", color=OURS, label="Amparo",
                   markersize=4)  # fmt: skip
        panel.set(title=name, ylim=(-6, 106), xlim=(-0.5, max(len(each) - 0.5, 0.5)))
        panel.set_xticks(list(places), labels)
    for panel in panels.flat[len(families) :]:
        panel.set_axis_off()
    for row in panels:
        row[0].set_ylabel("% found")
    handles, names = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower right", frameon=False, ncols=2)
    figure.tight_layout()
    _save(figure, "accuracy.svg")


def _rows(result: Result) -> int:
    return int(result["name"].split()[0].replace(",", ""))


def _family(result: Result) -> str:
    name = str(result["name"])
    if name.startswith("turned") or name in ("mirrored", "grey", "screenshot"):
        return "mirrored, turned" if name.startswith(("turned", "mirrored")) else name
    return name.rsplit(" ", 1)[0]


def _label(name: str, family: str) -> str:
    return name.removeprefix(family).removeprefix("turned by").strip() or ""


def _save(figure: Any, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / name, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
