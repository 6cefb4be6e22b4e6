"""Any order of claims, deaths, ends, cancels and resumes: the promises hold after each step.

Turns red when, for example, `update_run` does not cancel what waits (a cancelled run never ends),
`leases.HELD` drops the fence or the state (a zombie writes), or `outbox.drop` is not called.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from backend.database import schema
from backend.database.engine import Database, from_now
from backend.database.models.accounts import LOCAL_USER
from backend.database.models.jobs import JobEvent
from backend.database.models.runs import Outbox, Run, StageRun
from backend.errors import Conflict, LeaseLost
from backend.jobs import resume, submit
from backend.jobs.resume import ResumeRequest
from backend.pipeline.retry import GiveUp, TryAgain
from backend.pipeline.stages import PER_LANGUAGE, Stage
from backend.pipeline.states import UNFINISHED, RunState, StageState
from backend.runs import leases, outbox, transitions
from backend.runs.leases import Claim
from backend.storage.local import LocalStore
from tests import factories

LANGUAGES = ("es", "pt")
PLACES = [(Stage.ASR, ""), *((stage, tag) for tag in LANGUAGES for stage in PER_LANGUAGE)]
ERROR = {"kind": "transient", "message": "no answer"}


class Stages(RuleBasedStateMachine):
    """One job, any number of workers; `live` is the model: the newest fence of each marker."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.db = self.new_database()
        self.folder = TemporaryDirectory()
        self.store = LocalStore(Path(self.folder.name), "http://test", "secret")
        self.job_id, self.run_id = factories.create_dub(self.db, *LANGUAGES)
        self.live: dict[object, int] = {}

    def new_database(self) -> Database:
        raise NotImplementedError

    def teardown(self) -> None:
        self.db.engine.dispose()
        self.folder.cleanup()

    @rule(target=claims, place=st.sampled_from(PLACES))
    def claim(self, place):
        found = leases.claim(self.db, self.run_id, *place, owner="worker", lease_s=90)
        if not isinstance(found, Claim):
            return None
        assert found.id not in self.live, "claimed while another worker holds it"
        self.live[found.id] = found.fence
        return found

    def _mine(self, claim) -> bool:
        return claim is not None and self.live.get(claim.id) == claim.fence

    def _write(self, claim, write) -> None:
        """A write under this claim lands if the claim is the live one, and else is refused."""
        if claim is None:
            return
        if not self._mine(claim):
            with pytest.raises(LeaseLost):
                write()
            return
        write()
        del self.live[claim.id]

    @rule(claim=claims)
    def heartbeat(self, claim):
        if self._mine(claim):
            leases.heartbeat(self.db, claim, 0.5)
        elif claim is not None:
            with pytest.raises(LeaseLost):
                leases.heartbeat(self.db, claim, 0.5)

    @rule(claim=claims)
    def succeed(self, claim):
        made = factories.build_success(claim, self.store) if claim else None
        self._write(claim, lambda: transitions.succeed(self.db, claim, made))

    @rule(claim=claims, again=st.booleans(), counts=st.booleans(), dead=st.booleans())
    def fail(self, claim, again, counts, dead):
        decision = TryAgain(0.0, counts) if again else GiveUp(dead)
        self._write(claim, lambda: transitions.fail(self.db, claim, ERROR, decision))

    @rule(claim=claims)
    def stop(self, claim):
        self._write(claim, lambda: transitions.hand_back(self.db, claim))

    @rule(claim=claims)
    def obey_a_cancel(self, claim):
        if self._mine(claim) and leases.heartbeat(self.db, claim, 0.5):
            self._write(claim, lambda: transitions.cancel(self.db, claim))

    @rule(claim=consumes(claims))
    def die(self, claim):
        """The lease runs out, and the reaper finds it."""
        if not self._mine(claim):
            return
        with self.db.write() as connection:
            past = update(StageRun).where(StageRun.id == claim.id)
            connection.execute(past.values(lease_until=from_now(-1)))
        (found,) = leases.find_expired(self.db)
        transitions.fail(self.db, found, ERROR, TryAgain(0.0))
        del self.live[claim.id]

    @rule()
    def cancel(self):
        submit.cancel_job(self.db, LOCAL_USER, self.job_id)

    @rule(
        start=st.sampled_from([None, *Stage]),
        languages=st.sampled_from([(), ("es",), ("pt",), LANGUAGES]),
    )
    def run_again(self, start, languages):
        asked = ResumeRequest(resume_from=start, languages=languages)
        try:
            self.run_id, _ = resume.start_run(self.db, self.store, LOCAL_USER, self.job_id, asked)
        except Conflict:
            return
        self.live.clear()

    @invariant()
    def events_have_no_gaps(self):
        with self.db.read() as connection:
            of_job = select(func.count(), func.max(JobEvent.seq)).where(
                JobEvent.job_id == self.job_id
            )
            count, last = connection.execute(of_job).one()
        assert count == last

    @invariant()
    def a_stage_succeeds_once(self):
        with self.db.read() as connection:
            successes = connection.execute(
                select(func.count())
                .where(JobEvent.job_id == self.job_id, JobEvent.type == "stage.succeeded")
                .group_by(JobEvent.run, JobEvent.stage, JobEvent.language)
            ).scalars()
        assert set(successes) <= {1}

    @invariant()
    def a_run_goes_on_or_has_ended(self):
        with self.db.read() as connection:
            run = select(Run.state, Run.cancel_requested_at).where(Run.id == self.run_id)
            state, cancelling = connection.execute(run).one()
            markers = select(StageRun.state).where(StageRun.run_id == self.run_id)
            states = set(connection.execute(markers).scalars())
            mine = select(Outbox.run_id).join(Run).where(Run.job_id == self.job_id)
            promised = connection.execute(mine).scalars().all()
        if state is RunState.RUNNING:
            assert promised == [self.run_id]
            sendable = outbox.read_first_messages(self.db, self.run_id) and not cancelling
            assert sendable or StageState.RUNNING in states, "nothing can go on"
        else:
            assert promised == []
            assert not states & set(UNFINISHED)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_any_order_of_things(kind, request, tmp_path_factory):
    template = tmp_path_factory.mktemp("machine")

    class Machine(Stages):
        def new_database(self) -> Database:
            if kind == "postgres":
                return Database(request.getfixturevalue("postgres_url"))
            number = len(list(template.iterdir()))
            db = Database(f"sqlite:///{template / f'{number}.db'}")
            schema.migrate(db)
            return db

    examples = settings(
        max_examples=40,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=examples)
