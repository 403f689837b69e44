"""What the bench prints: the figures, the ratios and the aims they are held against."""

import os
import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

AIMS = {"ours ÷ COPY": 0.5, "ours ÷ dlt": 5.0}
MEMORY_MIB = 400
INCREMENTAL = 1.2
USED = 0.95
VIEW_MILLISECONDS = 300


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return the median with the range and the number of measurements."""
    return {"median": median(values), "low": min(values), "high": max(values), "n": len(values)}


def machine(postgres: str) -> dict[str, Any]:
    """Say what was measured on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")] or [platform.processor()]
    return {"cpus": os.cpu_count(), "cpu": names[0], "python": platform.python_version(), "postgres": postgres}


def render(found: dict[str, Any]) -> str:
    """Return the table."""
    parts = {
        "machine": _head,
        "rounds": _plane,
        "memory": _memory,
        "incremental": _incremental,
        "throughput": _throughput,
        "page": _page,
    }
    return "\n\n".join("\n".join(part(found)) for key, part in parts.items() if key in found)


def _head(found: dict[str, Any]) -> Iterator[str]:
    made = found["machine"]
    yield f"{made['cpus']} × {made['cpu']}, Python {made['python']}, Postgres {made['postgres']} (embedded)"


def _plane(found: dict[str, Any]) -> Iterator[str]:
    rounds = found["rounds"]
    records = rounds[0]["ours"]["records"]
    yield f"Data plane: 2 × {records // 2:,} records, 11 mapped fields; median of {len(rounds)} (lowest–highest)"
    yield f"  {'':30}{'seconds':>22}{'records/s':>12}"
    for stage in rounds[0]["ours"]["stages"]:
        yield _speed(f"  {stage}", [one["ours"]["stages"][stage] for one in rounds], records)
    for name, title in (("ours", "all four stages"), ("COPY", "bare COPY of the raw rows"), ("dlt", "dlt merge")):
        if name in rounds[0]:
            version = rounds[0][name].get("version", "")
            yield _speed(f"{title} {version}".strip(), [one[name]["seconds"] for one in rounds], records)
    if "dlt" not in rounds[0]:
        yield f"  dlt was not measured: {found['dlt_obstacle']}"
    for name, ratio in found["ratios"].items():
        yield f"  {name:30}{_range(ratio):>22}   aim ≥ {AIMS[name]:g}: {_word(ratio['median'] >= AIMS[name])}"
    yield f"  plan: {', '.join(f'{count:,} {what}' for what, count in rounds[0]['ours']['plan'].items())}"


def _memory(found: dict[str, Any]) -> Iterator[str]:
    yield "Peak memory of the process that runs the stages"
    for one in found["memory"]:
        size, is_small = f"2 × {one['records'] // 2:,} records", one["peak_mib"] <= MEMORY_MIB
        yield f"  {size:30}{one['peak_mib']:>18.0f} MiB   aim ≤ {MEMORY_MIB}: {_word(is_small)}"


def _incremental(found: dict[str, Any]) -> Iterator[str]:
    told = found["incremental"]
    yield f"Incremental: {told['changed']:,} changed records of the app, up to the plan"
    for links, seconds in zip(told["links"], told["seconds"], strict=True):
        yield f"  {'of ' + format(links, ',') + ' live links':30}{_range(seconds):>22}"
    yield f"  {'time ratio':30}{told['ratio']:>22.2f}   aim ≤ {INCREMENTAL:g}: {_word(told['ratio'] <= INCREMENTAL)}"


def _throughput(found: dict[str, Any]) -> Iterator[str]:
    yield "Writes through connector and shared pace, 150 ms an answer: share of the app's allowance that was used"
    for system, one in found["throughput"].items():
        what = f"{system}, {one['calls']:,} calls, {one['allowed_per_second']:.3g}/s"
        yield f"  {what:42}{one['used']:>9.1%}   aim ≥ {USED:.0%}: {_word(one['used'] >= USED)}   refused as too many: {one['refused']}"


def _page(found: dict[str, Any]) -> Iterator[str]:
    told = found["page"]
    count = len(next(iter(told["milliseconds"].values())))
    yield f"Sync health over HTTP at {told['writes']:,} writes, {count} requests a view, load {told['load']:.1f} at the start; milliseconds"
    yield f"  {'':42}{'median':>9}{'worst':>9}"
    for name, taken in told["milliseconds"].items():
        is_met = median(taken) < VIEW_MILLISECONDS
        yield f"  {name:42}{median(taken):>9.0f}{max(taken):>9.0f}   {'' if is_met else f'aim < {VIEW_MILLISECONDS}: missed'}".rstrip()


def _speed(name: str, seconds: Sequence[float], records: int) -> str:
    return f"  {name:30}{_range(spread(seconds)):>22}{records / median(seconds):>12,.0f}"


def _range(value: dict[str, Any]) -> str:
    around = f" ({value['low']:.2f}–{value['high']:.2f})" if value["n"] > 1 else ""
    return f"{value['median']:.2f}{around}"


def _word(is_met: bool) -> str:
    return "met" if is_met else "missed"
