"""What is built once, however many ask for it at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from backend.wiring import Parts
from tests import factories

THREADS = 8


def test_all_who_need_the_first_secret_at_once_get_the_same(tmp_path):
    """Red with one temporary file for all threads of a process: some read an empty key."""
    for attempt in range(30):
        settings = factories.stub_settings(tmp_path / str(attempt))
        ready = Barrier(THREADS)

        def ask(_: int, settings=settings, ready=ready) -> str:
            parts = Parts(settings)
            ready.wait()
            return parts.playlist_links.sign_claims({"job": "1"}, timedelta(hours=1))

        with ThreadPoolExecutor(THREADS) as pool:
            tokens = list(pool.map(ask, range(THREADS)))
        reader = Parts(settings).playlist_links
        assert [reader.verify_claims(token)["job"] for token in tokens] == ["1"] * THREADS
        assert [path.name for path in settings.dubline_home.iterdir()] == ["secret_key"]
