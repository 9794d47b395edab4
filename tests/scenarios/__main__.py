"""`python -m tests.scenarios`: print the lab's table."""

import sys

from tests.scenarios.table import lines

if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
