"""Accepts dubs as the API does, without HTTP: the driver of Dubline's side."""

import time

from sqlalchemy import exists, select

from backend.database.models.accounts import LOCAL_USER
from backend.database.models.runs import Outbox
from backend.jobs import submit
from backend.runs import outbox
from backend.settings import load
from backend.wiring import Parts
from tests import factories
from tests.benchmarks.processes import obey


def main() -> None:
    """Do as many dubs as each line of standard input asks for."""
    parts = Parts(load())
    media_id = factories.text_upload(parts, "Hello there.\nHow are you?\n")

    def do(number: int) -> None:
        for _ in range(number):
            _, run_id = submit.create_job(
                parts.db, LOCAL_USER, factories.dub_params("es"), media_id=media_id
            )
            for message in outbox.read_first_messages(parts.db, run_id):
                parts.dispatcher.send(message)
        while _active(parts):
            time.sleep(0.1)  # each look costs as much as a job's statement

    obey(do)


def _active(parts: Parts) -> bool:
    """Whether a run goes on: each has its row in the outbox until it ends."""
    with parts.db.read() as connection:
        return bool(connection.execute(select(exists(select(Outbox.run_id)))).scalar_one())


if __name__ == "__main__":
    main()
