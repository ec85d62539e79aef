"""`python3 -m edgeprune`: the command line, from a bare clone too."""

import sys

from edgeprune import bootstrap

if __name__ == "__main__":
    if not bootstrap.ready():
        bootstrap.enter("-m", "edgeprune", *sys.argv[1:])
    from edgeprune.cli import main

    main()
