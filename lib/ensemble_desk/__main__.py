"""`python -m ensemble_desk`, the same as `desk`."""

import sys

from ensemble_desk.jobs import app

if __name__ == "__main__":  # worker processes import this module again
    sys.exit(app.main())
