"""What is slow to import is imported when a connection is opened, not before."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_pool_loads_no_ssh_library() -> None:
    code = (
        "import sys, fabwiz.remote.pool, fabwiz.remote.local; "
        "print([name for name in ('paramiko', 'scp', 'cryptography', 'textual') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
