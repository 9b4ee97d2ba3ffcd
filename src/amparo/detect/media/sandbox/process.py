"""A process forked from the server, which loads nothing of the program that asked for it."""

import io
import os
from multiprocessing import forkserver, reduction, spawn, util
from multiprocessing.context import ForkServerProcess, set_spawning_popen
from multiprocessing.popen_forkserver import Popen
from multiprocessing.process import BaseProcess

_MAIN = ("init_main_from_name", "init_main_from_path")


class _Launch(Popen):
    """Tells the server what multiprocessing tells it, but the name of the main module.

    Importing that again can take seconds and a hundred megabytes, brings into the sandbox what has
    no business there, and runs a script twice that does not expect it. Nothing of it is needed:
    what a worker does is in modules that the server has loaded.
    """

    _fds: list[int]

    def _launch(self, process_obj: BaseProcess) -> None:
        told = io.BytesIO()
        about = spawn.get_preparation_data(process_obj.name)
        set_spawning_popen(self)
        try:
            reduction.dump({key: about[key] for key in about if key not in _MAIN}, told)
            reduction.dump(process_obj, told)
        finally:
            set_spawning_popen(None)
        self.sentinel, end = forkserver.connect_to_new_process(self._fds)
        # The process learns by the second one, which nobody writes to, that its parent has died.
        self.finalizer = util.Finalize(self, _close, (os.dup(end), self.sentinel))
        with open(end, "wb") as pipe:
            pipe.write(told.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


def _close(*descriptors: int) -> None:
    for each in descriptors:
        os.close(each)


class Forked(ForkServerProcess):
    """Started as any other of multiprocessing's."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Popen:  # noqa: N802 (multiprocessing's name)
        return _Launch(process_obj)
