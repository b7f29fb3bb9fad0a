"""`python -m lava_spikyspace`: the command line, where the scripts are not on the PATH."""

import sys

from lava_spikyspace.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
