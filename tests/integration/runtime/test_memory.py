"""What a stage has used is the machine's again afterwards."""

import subprocess
import sys

# The worker's own app and task, in a process of its own, for what a process has freed cannot be
# told from what others in it have. A stage that uses 300 MiB, in pieces as documents are made of.
SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4
import workers.tasks
from workers.app import app

def measure():
    return int(Path("/proc/self/statm").read_text().split()[1])

class Runner:
    def run(self, *_):
        made = [bytes(2000) for _ in range(150_000)]
        assert made and measure() > 1.5 * fresh
        return True

workers.tasks.get_runner = lambda: Runner()
fresh = measure()
with ThreadPoolExecutor(2) as pool:
    work = [pool.submit(app.tasks["run_mix"].apply, (str(uuid4()), "es")) for _ in range(4)]
    assert all(one.result().successful() for one in work)
    print(measure() / fresh)
"""


def test_a_worker_that_did_large_stages_is_small_again():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 1.2
