"""A row of results as text, as JSON and as a picture."""

import measure

SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def machine_line(machine: dict) -> str:
    return "{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}".format(**machine)


def figure(value: float, unit: str) -> str:
    """12_300_000 rows/s as '12.3 M rows/s', 0.00052 s as '520 µs'."""
    if unit == "s":
        for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if value >= scale:
                return f"{value / scale:.3g} {name}"
        return f"{value * 1e9:.3g} ns"
    if unit == "MiB":
        return f"{value:.1f} MiB"
    for scale, name in SCALES:
        if value >= scale:
            return f"{value / scale:.3g} {name}{'' if unit == 'B/s' else ' '}{unit}"
    return f"{value:.3g} {unit}"


def goal(value: float | None, at_least: bool, reached: bool) -> str:
    if value is None:
        return "–"
    return f"{'≥' if at_least else '≤'} {value:g}, {'' if reached else 'not '}reached"


def text(row: measure.Row) -> str:
    lines = [f"\n{row.number}. {row.title}", f"   {row.conditions}"]
    for series in row.series:
        s = series.summary()
        peak = f"   peak {s['peak_bytes'] >> 20} MiB" if s["peak_bytes"] else ""
        spread = f"({figure(s['p5'], s['unit'])} … {figure(s['p95'], s['unit'])})"
        lines.append(f"   {s['contender']:<22} {figure(s['median'], s['unit']):>14}  {spread}{peak}")
    for ratio in row.ratios:
        asked = "" if ratio.goal is None else f" (goal {goal(ratio.goal, ratio.at_least, ratio.reached)})"
        lines.append(f"   {ratio.text}: {ratio.value:.2f}{asked}")
    return "\n".join(lines)


def as_dict(row: measure.Row, machine: dict, date: str) -> dict:
    return {
        "row": row.number,
        "title": row.title,
        "conditions": row.conditions,
        "date": date,
        "machine": machine,
        "series": [series.summary() for series in row.series],
        "ratios": [
            {
                "text": r.text,
                "value": r.value,
                "goal": r.goal,
                "at_least": r.at_least,
                "reached": r.reached,
            }
            for r in row.ratios
        ],
    }


def markdown(result: dict, picture: str) -> str:
    """A section of docs/benchmarks.md."""
    conditions = result["conditions"]
    lines = [
        f"### {result['row']}. {result['title'][0].upper() + result['title'][1:]}",
        "",
        f"{conditions[0].upper() + conditions[1:]}. {result['series'][0]['runs']} runs.",
        "",
        "| | median | 5th … 95th percentile | peak memory |",
        "|---|---|---|---|",
    ]
    for s in result["series"]:
        middle, low, high = (figure(s[key], s["unit"]) for key in ("median", "p5", "p95"))
        peak = f"{s['peak_bytes'] >> 20} MiB" if s["peak_bytes"] else "–"
        lines.append(f"| {s['contender']} | {middle} | {low} … {high} | {peak} |")
    lines += ["", "| ratio or figure | measured | goal |", "|---|---|---|"]
    for ratio in result["ratios"]:
        asked = goal(ratio["goal"], ratio["at_least"], ratio["reached"])
        lines.append(f"| {ratio['text']} | {ratio['value']:.2f} | {asked} |")
    return "\n".join([*lines, "", f"![{result['title']}]({picture})", ""])


def plot(result: dict, path) -> None:
    """Medians as bars, 5th to 95th percentile as whiskers."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "pintail"
    import matplotlib.pyplot as plt

    series = result["series"]
    names = [s["contender"] for s in series]
    medians = [s["median"] for s in series]
    spread = [[m - s["p5"] for m, s in zip(medians, series)], [s["p95"] - m for m, s in zip(medians, series)]]
    figure_, axes = plt.subplots(figsize=(7, 0.6 + 0.45 * len(names)))
    colours = ["#2a6f97" if name.startswith("pintail") else "#a9b4bd" for name in names]
    axes.barh(names, medians, xerr=spread, color=colours, height=0.6, ecolor="#44525e", capsize=3)
    axes.invert_yaxis()
    axes.set_title(f"{result['row']}. {result['title']}", fontsize=9, loc="left")
    for index, s in enumerate(series):
        fits = s["median"] > max(medians) / 4  # else beside the bar and its whisker
        axes.text(
            0 if fits else s["p95"],
            index,
            "  " + figure(s["median"], s["unit"]),
            va="center",
            fontsize=8,
            color="white" if fits else "black",
        )
    axes.set_xlim(left=0)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", labelsize=8, length=0)
    figure_.tight_layout()
    figure_.savefig(path, metadata={"Date": None})
    plt.close(figure_)
