"""`python3 tests`: all tests, from a bare clone too; further arguments go to pytest."""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from edgeprune import bootstrap

    os.chdir(ROOT)
    arguments = ["-m", "pytest", "-n", "2", "--dist", "worksteal", *sys.argv[1:]]
    if bootstrap.ready() and importlib.util.find_spec("pytest"):
        os.execv(sys.executable, [sys.executable, *arguments])
    bootstrap.enter(*arguments)
