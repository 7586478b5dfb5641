"""Pin every package that the tests and a Binder session install: writes binder/lock.txt.

    python binder/lock.py

Run it with the Python of binder/runtime.txt. pip chooses the versions, as for the README's test command, and
installs nothing. Continuous integration tests what the lock says, and Binder starts with the same.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

BINDER = Path(__file__).resolve().parent


def main():
    """Ask pip what it would install, and write that down."""
    wanted = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    if wanted != "{}.{}".format(*sys.version_info):
        sys.exit(f"Binder starts with Python {wanted}, this is {sys.version.split()[0]}: lock with that one")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    command += ["--report", "-", "-e", ".[test]"]
    report = subprocess.run(command, cwd=BINDER.parent, check=True, stdout=subprocess.PIPE).stdout
    packages = [package["metadata"] for package in json.loads(report)["install"]]
    names = {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in packages}
    del names["minikan"]
    lines = sorted(f"{name}=={version}" for name, version in names.items())
    lines.insert(0, f"# Made by `python binder/lock.py` with Python {wanted}.")
    (BINDER / "lock.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(names)} packages pinned in binder/lock.txt")


if __name__ == "__main__":
    main()
