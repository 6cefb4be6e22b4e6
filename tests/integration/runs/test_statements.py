"""What a stage costs the database, so that nobody raises it unknowingly."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from backend.database.engine import Database
from backend.pipeline.stages import Stage
from backend.runs import leases, transitions
from tests import factories


@contextmanager
def count_statements(db: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile; BEGIN and COMMIT are not among them."""
    sent: list[str] = []

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


# Lower them with every improvement; raise them only with a reason.
@pytest.mark.parametrize(
    ("stage", "languages", "statements"),
    [
        (Stage.ASR, ("es",), 6),
        (Stage.TTS, ("es",), 5),
        (Stage.TTS, ("es", "pt", "fr"), 5),
        # It reads who made the rest, and the last one ends the run and tells the job's status.
        (Stage.MIX, ("es",), 11),
    ],
)
def test_claim_and_success_take_few_statements(postgres_database, stage, languages, statements):
    _, run_id = factories.create_dub(postgres_database, *languages)
    language = "" if stage is Stage.ASR else "es"
    for before in list(Stage)[: list(Stage).index(stage)]:
        factories.do_stage(
            postgres_database, run_id, before, language if before is not Stage.ASR else ""
        )
    with count_statements(postgres_database) as sent:
        claim = factories.claim_stage(postgres_database, run_id, stage, language)
        transitions.succeed(postgres_database, claim, factories.build_success(claim))
    assert len(sent) == statements, "\n\n".join(sent)


def test_a_heartbeat_takes_one_statement(postgres_database):
    claim = factories.claim_stage(
        postgres_database, factories.create_dub(postgres_database)[1], Stage.ASR
    )
    with count_statements(postgres_database) as sent:
        leases.heartbeat(postgres_database, claim, 0.5)
    assert len(sent) == 1, "\n\n".join(sent)
