"""Draws one chart in a process of its own: JSON comes in, a picture goes out. It is run as a script."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from typing import Any

_INK, _BAR, _WIDTH, _ROW = "#1f2933", "#2a7fba", 7.2, 0.36


def draw(chart: dict[str, Any]) -> bytes:
    """Return a chart as PNG; its groups stand one below the other, each with bars from left to right."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    groups = [group for group in chart["groups"] if group[1]]
    heights = [len(bars) + 1.6 for _, bars in groups]
    figure, axes = plt.subplots(
        len(groups), 1, figsize=(_WIDTH, 0.9 + _ROW * sum(heights)), squeeze=False, layout="constrained",
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    figure.suptitle(chart["title"], color=_INK, fontsize=12, wrap=True)
    for place, (heading, bars) in zip(axes[:, 0], groups, strict=True):
        labels, numbers = [label for label, _ in bars], [number for _, number in bars]
        drawn = place.barh(range(len(bars)), numbers, color=_BAR, height=0.66)
        place.bar_label(drawn, padding=4, color=_INK)
        place.set_yticks(range(len(bars)), labels)
        place.set_title(heading, loc="left", fontsize=10, color=_INK)
        place.set_xlim(0, max([*numbers, 1]) * 1.12)
        place.invert_yaxis()
        place.xaxis.set_visible(False)
        place.tick_params(length=0, colors=_INK)
        for side in ("top", "right", "bottom"):
            place.spines[side].set_visible(False)
    written = BytesIO()
    figure.savefig(written, format="png", dpi=150)
    return written.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
