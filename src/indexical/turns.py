"""What every door agrees on so that one index operation runs in a database at a time, and so that its sessions are known.

It imports nothing: migrations read it wherever they run.
"""

from __future__ import annotations

FAMILY = -1_986_562_388
"""First half of the advisory lock's key."""
NUMBER = -1_370_086_729
"""Second half."""
SESSION = "indexical run="
"""How the ``application_name`` of every session of a run begins; the run's id follows."""
