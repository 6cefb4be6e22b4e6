"""Errors as processes print them, and what they are told as."""

from pathlib import Path

import pytest

from backend.process.start_errors import explain_error, explain_import, find_error

HOME = Path("/home/visitor/.dubline")
NO_ACCESS = "set DUBLINE_HOME to a folder that this user may write to"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "ImportError: libatomic.so.1: cannot open shared object file: No such file",
            "the shared library libatomic.so.1 is missing: apt-get install libatomic1",
        ),
        (
            "OSError: /usr/lib/libfoo-2.so.3: cannot open shared object file: No such file",
            (
                "the shared library libfoo-2.so.3 is missing: "
                "find its package: apt-file search libfoo-2.so.3"
            ),
        ),
        (
            "ModuleNotFoundError: No module named 'celery'",
            "the Python module celery is missing: run pip install -e .",
        ),
        (
            (
                "OSError: [Errno 98] Address already in use (while attempting to bind on address "
                "('127.0.0.1', 8642))"
            ),
            (
                "127.0.0.1:8642 is in use already: end who listens there, or choose another port "
                "by --port or API_PORT (0: any free)"
            ),
        ),
        (
            (
                "OSError: [Errno 98] Address already in use (while attempting to bind on address "
                "('::1', 8642, 0, 0))"
            ),
            (
                "[::1]:8642 is in use already: end who listens there, or choose another port "
                "by --port or API_PORT (0: any free)"
            ),
        ),
        (
            "OSError: [Errno 98] Address already in use",
            (
                "the port is in use already: end who listens there, or choose another port by "
                "--port or API_PORT (0: any free)"
            ),
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/home/visitor/.dubline/files'",
            f"{HOME} cannot be written to: {NO_ACCESS} (Permission denied: {HOME}/files)",
        ),
        (
            "OSError: [Errno 30] Read-only file system: '/home/visitor'",
            f"{HOME} cannot be written to: {NO_ACCESS} (Read-only file system: /home/visitor)",
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/out'",
            "/srv/out: Permission denied: let this user write there, or name another place",
        ),
        (
            (
                "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) unable to open "
                "database file"
            ),
            f"{HOME} cannot be written to: {NO_ACCESS}",
        ),
        (
            "OSError: [Errno 28] No space left on device: '/home/visitor/.dubline/x'",
            f"the disk is full: free some space, or set DUBLINE_HOME (now {HOME}) to another one",
        ),
        (
            (
                "sqlalchemy.exc.OperationalError: (psycopg.OperationalError) failed to resolve "
                "host 'nowhere.invalid': [Errno -2] Name or service not known"
            ),
            (
                "the database cannot be reached: start it, or mend DATABASE_URL (failed to resolve "
                "host 'nowhere.invalid': [Errno -2] Name or service not known)"
            ),
        ),
        (
            "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:foo",
            "DATABASE_URL: write it as in postgresql+psycopg://user:password@host/dubline",
        ),
        ("backend.settings.SettingsError: LEASE_S: must be more", "LEASE_S: must be more"),
        ("Error: what our own command said: {so}", "what our own command said: {so}"),
        ("KeyError: 'es'", None),
        ("", None),
    ],
)
def test_an_error_is_told_with_its_remedy(error, told):
    assert explain_error(error, HOME) == told


def test_a_module_that_cannot_be_imported_is_told_even_without_a_remedy():
    assert "pip install" in explain_import(ImportError("No module named 'av'"))
    assert explain_import(ImportError("cannot import name 'x'")) == "cannot import name 'x'"


FRAME = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    boom()\n'


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (f"a log line\n{FRAME}ValueError: nonsense\n", "ValueError: nonsense"),
        (
            (
                f"{FRAME}sqlalchemy.exc.OperationalError: (psycopg) connection failed\n"
                "\tIs the server running?\n(Background on this error at: https://sqlalche.me/e3q8)\n\n"
            ),
            "sqlalchemy.exc.OperationalError: (psycopg) connection failed",
        ),
        (
            (
                f"{FRAME}ImportError: first\n\nDuring handling of the above exception, another "
                f"exception occurred:\n\n{FRAME}KeyError\n"
            ),
            "KeyError",
        ),
        (
            f"{FRAME}ValueError: while it ran\n  more\nError: told by click\n",
            "Error: told by click",
        ),
        ("A worker runs already on /home\n", "A worker runs already on /home"),
        (FRAME, "boom()"),
        ("\n", ""),
    ],
)
def test_the_error_is_found_in_what_a_process_said_last(output, error):
    assert find_error(output) == error
