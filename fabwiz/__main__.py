"""`python -m fabwiz`."""

import sys

from fabwiz.cli import main

sys.exit(main())
