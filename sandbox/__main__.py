"""`python -m sandbox serve --state DIR`: all sandbox servers in one process, one port each; `options` lists the switches."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from sandbox import certificates
from sandbox.options import markdown
from sandbox.running import Running
from sandbox.system import SYSTEMS


def main(arguments: list[str] | None = None) -> None:
    """Run a command; `serve` prints one JSON line with the addresses once all listen."""
    options = _parser().parse_args(arguments)
    if options.command == "options":
        sys.stdout.write(markdown())
    else:
        serve(options)


def serve(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    pair = certificates.ensure(options.state) if options.tls else None
    generate = {"contacts": options.contacts, "accounts": options.accounts}
    generate = {kind: number for kind, number in generate.items() if number}
    servers = {
        name: Running(name, options.state, options.seed, generate, getattr(options, f"{name}_port"), pair)
        for name in options.only or SYSTEMS
    }
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    sys.stdout.write(json.dumps({name: server.url for name, server in servers.items()}) + "\n")
    sys.stdout.flush()
    stopped.wait()
    for server in servers.values():
        server.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("options", help="list all switches and actions as markdown")
    serve = commands.add_parser("serve", help="serve until stopped")
    serve.add_argument("--state", type=Path, required=True, help="folder of the state files; one already seeded is kept")
    serve.add_argument("--seed", default="empty", choices=["empty", "company", "demo"], help="what a fresh state holds")
    serve.add_argument("--contacts", type=int, default=0, help="generated contacts on top of the seed")
    serve.add_argument("--accounts", type=int, default=0, help="generated accounts on top of the seed")
    serve.add_argument("--only", nargs="+", choices=sorted(SYSTEMS), help="serve these systems only")
    serve.add_argument("--tls", action="store_true", help="HTTPS, with ca.pem in the state folder")
    for name in SYSTEMS:
        serve.add_argument(f"--{name}-port", type=int, default=0, help="0 picks a free port")
    return parser


if __name__ == "__main__":
    main()
