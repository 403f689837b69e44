"""`make stop`: end every process that this checkout started, and nothing else. `make clean` removes its files as well."""

import argparse
import shutil
import sys

from tools import postgres
from tools.place import PIDS, ROOT, STATE
from tools.processes import stop_all


def main(arguments: list[str] | None = None) -> None:
    """Stop everything; with `--clean` remove `.lockstep` and `.venv` too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="also remove .lockstep and .venv")
    is_clean = parser.parse_args(arguments).clean
    PIDS.mkdir(parents=True, exist_ok=True)
    stopped = stop_all() + ["postgres"] * postgres.stop()
    print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing of this checkout was running.")
    if is_clean:
        for folder in (STATE, ROOT / ".venv"):
            shutil.rmtree(folder, ignore_errors=True)
        left = [folder.name for folder in (STATE, ROOT / ".venv") if folder.exists()]
        sys.exit(f"Could not remove {', '.join(left)}.") if left else print("Removed .lockstep and .venv.")


if __name__ == "__main__":
    main()
