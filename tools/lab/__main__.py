"""`make lab`: run histories, print the scoreboard, keep what failed in `.lockstep/lab`. Fails when a promise did not hold."""

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom
from typing import Any

from tools.lab.apps import APPS
from tools.lab.runs import INCIDENTS
from tools.lab.score import Score, render
from tools.lab.systems import serving
from tools.lab.task import warm_up
from tools.lab.world import World
from tools.place import ROOT, STATE, StepError, read_json, shown, write_json

WORLD_SIZE = 200
SEEDS = 1_000_000


def main(arguments: list[str] | None = None) -> None:
    """Run the laboratory."""
    told = _arguments(arguments)
    began = time.monotonic()
    try:
        scores = _share_out(told) if told.jobs > 1 else run(told)
    except StepError as error:
        sys.exit(f"lab: {error}")
    if told.output:
        write_json(told.output, _document(scores))
        return
    print(f"\n{' and '.join(scores)}, seed {told.seed}, {time.monotonic() - began:,.0f} seconds\n{render(scores)}")
    write_json(told.keep / "score.json", _document(scores))
    sys.exit(0 if all(score.is_clean for score in scores.values()) else 1)


def run(told: argparse.Namespace) -> dict[str, Score]:
    """Run all worlds of this process one after another; return the score of each app. Worlds take turns between the apps told."""
    apps = [told.app] if told.app else sorted(APPS)
    scores: dict[str, Score] = {}
    worlds = -(-told.histories // told.size)
    warm_up(apps)
    with ExitStack() as stack:
        systems = stack.enter_context(serving(apps))
        for number in range(worlds):
            size = min(told.size, told.histories - number * told.size)
            kills = told.kills * (number + 1) // worlds - told.kills * number // worlds
            seed = told.seed + number
            app = APPS[apps[seed % len(apps)]]
            world = World(systems.of(app.name), app, str(seed), size, kills, told.keep, told.incidents if not number else ())
            began = time.monotonic()
            findings = world.live()
            scores.setdefault(app.name, Score()).add(world.score)
            print(
                f"seed {world.seed}, {app.name}: {size} histories, {world.score.done['kills']} kills,"
                f" {time.monotonic() - began:.1f} s: {len(findings) or 'nothing'} found",
                flush=True,
            )
            for each in findings:
                print(f"  {each.sort}: {each.token} {each.words.strip().splitlines()[-1]}")
            if findings:
                again = f"make lab APP={app.name} SEED={world.seed} HISTORIES={size} SIZE={size} KILLS={kills}"
                print(f"  kept in {shown(told.keep)}; again: {again}", flush=True)
            if told.output:
                write_json(told.output, _document(scores))  # what is known stays known when the rest is interrupted
    return scores


def _document(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {app: score.document() for app, score in scores.items()}


def _share_out(told: argparse.Namespace) -> dict[str, Score]:
    """Let several processes run a part each; every one has servers of its own."""
    parts = []
    worlds = -(-told.histories // told.size)
    for number in range(told.jobs):
        first, last = worlds * number // told.jobs, worlds * (number + 1) // told.jobs
        histories = min(last * told.size, told.histories) - first * told.size
        kills = told.kills * last // worlds - told.kills * first // worlds
        output = told.keep / f"part-{number}.json"
        given = {"seed": told.seed + first, "histories": histories, "kills": kills, "size": told.size}
        given |= {"app": told.app} if told.app else {}
        words = [f"--{name}={value}" for name, value in {**given, "jobs": 1, "keep": told.keep, "output": output}.items()]
        parts.append((subprocess.Popen([sys.executable, "-m", "tools.lab", *words], cwd=ROOT), output))
    return _sum([(process.wait(), output) for process, output in parts])


def _sum(parts: Sequence[tuple[int, Path]]) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for code, output in parts:
        if code:
            raise StepError(f"a part of the laboratory ended with code {code}")
        for app, document in read_json(output).items():
            scores.setdefault(app, Score()).add(Score.of(document))
    return scores


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description=__doc__)
    parser.add_argument("--app", choices=sorted(APPS), default=None, help="worlds take turns unless given")
    parser.add_argument("--histories", type=int, default=400)
    parser.add_argument("--kills", type=int, default=None, help="tasks to be killed; one for twenty histories unless given")
    parser.add_argument("--seed", type=int, default=None, help="of the first world; drawn and printed unless given")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="processes")
    parser.add_argument("--size", type=int, default=WORLD_SIZE, help="histories that live in one world")
    parser.add_argument("--incidents", nargs="*", choices=sorted(set(INCIDENTS)), default=(), help="what befalls the first runs")
    parser.add_argument("--keep", type=Path, default=STATE / "lab", help="where failing histories are kept")
    parser.add_argument("--output", type=Path, default=None, help=argparse.SUPPRESS)
    told = parser.parse_args(arguments)
    told.seed = SystemRandom().randrange(SEEDS) if told.seed is None else told.seed
    told.kills = told.histories // 20 if told.kills is None else told.kills
    return told


if __name__ == "__main__":
    main()
