"""The flag that the worker's main process shares with its pool."""

import multiprocessing

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


def test_it_takes_no_file_which_some_machines_refuse(monkeypatch):
    """Turns red with multiprocessing's shared values, which are files in /dev/shm."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("/dev/shm")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    flag = SharedFlag()
    flag.set()
    assert flag.is_set()
