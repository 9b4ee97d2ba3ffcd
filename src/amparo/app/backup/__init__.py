"""A running service comes in, a folder with all that it knows goes out; and back again.

No key is ever in such a folder. `write.py` makes one, `read.py` holds it against its manifest,
`restore.py` puts it in place.
"""

from amparo.app.backup.manifest import Manifest
from amparo.app.backup.restore import Restored, restore
from amparo.app.backup.write import Written, write_backup

__all__ = ["Manifest", "Restored", "Written", "restore", "write_backup"]
