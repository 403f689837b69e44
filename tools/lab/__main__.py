"""`make lab`: run histories, print the scoreboard, keep what failed in `.lockstep/lab`. Fails when a promise did not hold."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

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
        score = _share_out(told) if told.jobs > 1 else run(told)
    except StepError as error:
        sys.exit(f"lab: {error}")
    if told.output:
        write_json(told.output, score.document())
        return
    print(f"\n{told.app}, seed {told.seed}, {time.monotonic() - began:,.0f} seconds\n{render(score)}")
    write_json(told.keep / "score.json", score.document())
    sys.exit(0 if score.is_clean else 1)


def run(told: argparse.Namespace) -> Score:
    """Run all worlds of this process one after another."""
    total = Score()
    worlds = -(-told.histories // told.size)
    warm_up(told.app)
    with ExitStack() as stack:
        systems = stack.enter_context(serving(told.app))
        for number in range(worlds):
            size = min(told.size, told.histories - number * told.size)
            kills = told.kills * (number + 1) // worlds - told.kills * number // worlds
            world = World(
                systems, APPS[told.app], str(told.seed + number), size, kills, told.keep, told.incidents if not number else ()
            )
            began = time.monotonic()
            findings = world.live()
            total.add(world.score)
            print(
                f"seed {world.seed}: {size} histories, {world.score.done['kills']} kills,"
                f" {time.monotonic() - began:.1f} s: {len(findings) or 'nothing'} found",
                flush=True,
            )
            for each in findings:
                print(f"  {each.sort}: {each.token} {each.words}")
            if findings:
                again = f"make lab APP={told.app} SEED={world.seed} HISTORIES={size} SIZE={size} KILLS={kills}"
                print(f"  kept in {shown(told.keep)}; again: {again}", flush=True)
            if told.output:
                write_json(told.output, total.document())  # what is known stays known when the rest is interrupted
    return total


def _share_out(told: argparse.Namespace) -> Score:
    """Let several processes run a part each; every one has servers of its own."""
    parts = []
    worlds = -(-told.histories // told.size)
    for number in range(told.jobs):
        first, last = worlds * number // told.jobs, worlds * (number + 1) // told.jobs
        histories = min(last * told.size, told.histories) - first * told.size
        kills = told.kills * last // worlds - told.kills * first // worlds
        output = told.keep / f"part-{number}.json"
        given = {"app": told.app, "seed": told.seed + first, "histories": histories, "kills": kills, "size": told.size}
        words = [f"--{name}={value}" for name, value in {**given, "jobs": 1, "keep": told.keep, "output": output}.items()]
        parts.append((subprocess.Popen([sys.executable, "-m", "tools.lab", *words], cwd=ROOT), output))
    return _sum([(process.wait(), output) for process, output in parts])


def _sum(parts: Sequence[tuple[int, Path]]) -> Score:
    total = Score()
    for code, output in parts:
        if code:
            raise StepError(f"a part of the laboratory ended with code {code}")
        total.add(Score.of(read_json(output)))
    return total


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description=__doc__)
    parser.add_argument("--app", choices=sorted(APPS), default="freshdesk")
    parser.add_argument("--histories", type=int, default=200)
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
