"""The parent's side of one worker: a process of its own session, its socket, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from netgen.live.work import NO_MEMORY_STATUS, ActionReference, FailureKind, Header, receive, send

_PROGRAM = "import sys; sys.path[:] = {path!r}; from netgen.live.worker import main; main({numbers})"
_LAST_WORDS_BYTES = 2000
_LOOKS, _LOOK_S = 500, 0.01
_ENVIRONMENT = {
    # The results of a sum in several threads depend on their number: torch is told its own by the placement.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # cuBLAS repeats its results only with this
    "HF_HUB_OFFLINE": "1",
}


class WorkerProcess:
    """A worker that was started; it has a session of its own, so that what it starts ends with it.

    A fresh interpreter is started rather than `multiprocessing`'s: that one would import the user's program again,
    which not every program survives, and leave a process behind that tracks resources.

    Parameters
    ----------
    memory_limit_bytes : int or None, byte   Most private writable memory of the process; None for no limit.
    """

    def __init__(self, memory_limit_bytes: int | None) -> None:
        self.loaded: set[ActionReference] = set()
        self._log = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed by `kill`)
        ours, theirs = socket.socketpair()
        their_lifeline, self._lifeline = os.pipe()
        numbers = f"{theirs.fileno()}, {their_lifeline}, {memory_limit_bytes or 0}"
        try:
            self._process = subprocess.Popen(  # noqa: S603  (this interpreter, a constant program)
                [sys.executable, "-c", _PROGRAM.format(path=sys.path, numbers=numbers)],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=(theirs.fileno(), their_lifeline),
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            os.close(self._lifeline)
            self._log.close()
            raise
        finally:
            theirs.close()
            os.close(their_lifeline)
        self.connection = Connection(ours.detach())

    @property
    def process_id(self) -> int:
        """Number of the process, which is also that of its session."""
        return self._process.pid

    def ask(self, header: Header, blobs: Sequence[bytes | memoryview] = ()) -> None:
        """Send a request; OSError when the worker is gone."""
        self._log.seek(0)  # the worker's own position too: both ends share it
        self._log.truncate()
        send(self.connection, header, blobs)

    def answer(self) -> tuple[Header, list[bytes]]:
        """Receive an answer; EOFError or OSError when the worker is gone."""
        return receive(self.connection)

    @property
    def has_hung_up(self) -> bool:
        """Whether a worker that has nothing to answer is gone, for example by the kernel's hand."""
        return self.connection.poll()

    def ending(self) -> tuple[FailureKind, str]:
        """Say how a worker that hung up has ended; it stays to be waited for, so that its number is not reused."""
        for _ in range(_LOOKS):
            ended = os.waitid(os.P_PID, self.process_id, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None:
                break
            time.sleep(_LOOK_S)
        else:
            return FailureKind.CRASHED, "closed its connection"
        if ended.si_code == os.CLD_EXITED:
            if ended.si_status == NO_MEMORY_STATUS:
                return FailureKind.OUT_OF_MEMORY, "had no memory for what it was sent"
            return FailureKind.CRASHED, f"ended with exit status {ended.si_status}"
        cause = " (as the kernel does when memory runs out)" if ended.si_status == signal.SIGKILL else ""
        return FailureKind.CRASHED, f"was ended by {signal.Signals(ended.si_status).name}{cause}"

    def last_words(self) -> str:
        """Return the end of what the worker printed since it was last asked."""
        end = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, end - _LAST_WORDS_BYTES))
        return self._log.read().decode(errors="replace").strip()

    def kill(self) -> None:
        """End the process and everything that it started, and wait for the process; done twice it does nothing."""
        if self._log.closed:
            return
        with suppress(
            ProcessLookupError, PermissionError
        ):  # macOS: not permitted when all of them have ended
            os.killpg(self.process_id, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self.connection.close()
        os.close(self._lifeline)
        self._log.close()
