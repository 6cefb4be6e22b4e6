"""The flag that the worker's main process shares with its pool."""

import multiprocessing
import subprocess
import sys

from workers.runtime.shutdown import SharedFlag


def test_what_is_forked_sees_the_flag_set_later():
    flag = SharedFlag()
    forking = multiprocessing.get_context("fork")
    ours, theirs = forking.Pipe()

    def child() -> None:
        theirs.recv()
        theirs.send(flag.is_set())

    process = forking.Process(target=child)
    process.start()
    flag.set()
    ours.send("look")
    assert ours.recv() is True
    process.join()


WITHOUT_FILES = """
import tempfile

def refuse(*_, **__):
    raise PermissionError("/dev/shm")

tempfile.mkstemp = refuse
from workers.runtime.shutdown import SharedFlag
flag = SharedFlag()
flag.set()
assert flag.is_set()
"""


def test_it_takes_no_file_which_some_machines_refuse():
    """Turns red with multiprocessing's shared values, which are files in /dev/shm.

    In a process of its own: this one may have such a file already.
    """
    subprocess.run([sys.executable, "-c", WITHOUT_FILES], check=True)
