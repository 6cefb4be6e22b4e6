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
