"""`python -m lib.jobs`."""

import sys

from lib.jobs import app

if __name__ == "__main__":  # worker processes import this module again
    sys.exit(app.main())
