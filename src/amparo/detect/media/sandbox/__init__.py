"""Work on hostile bytes goes in; plain answers come out of processes that may crash, hang or swell.

Workers are forked from a server process that has everything loaded already. Before its first item
a worker gives up files, sockets, processes and nearly every other system call, and has a limit of
memory and, anew for each item, of processor time. One that dies takes only its own item with it,
and its answers are data: nothing that it says is ever run. See docs/decisions/0005.
"""

from amparo.detect.media.sandbox.confine import confinement_holds
from amparo.detect.media.sandbox.pool import Sandbox, out_of_memory
from amparo.detect.media.sandbox.threads import Answer

__all__ = ["Answer", "Sandbox", "confinement_holds", "out_of_memory"]
