"""`python -m netgen`: the same as the command `netgen`."""

import sys

from netgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
