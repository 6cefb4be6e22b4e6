"""Celery's settings, each with its reason. Everything else is in backend/settings.py.

The database decides what runs (docs/architecture.md); Celery carries ids from process to
process. So a lost, late or doubled message must do no harm, and nothing here tries to make
Celery itself reliable.
"""

from kombu import Exchange, Queue

from backend.pipeline.stages import Stage
from backend.settings import load

_settings = load()
_messages = _settings.dubline_home / "broker"

# No result backend: progress is in the database, and with one a publisher waits when Redis is down.
task_ignore_result = True
result_backend = None

# Ids and tags only, so that a message can be read by people and by nothing dangerous.
accept_content = ["json"]
task_serializer = "json"

# A queue for each stage: workers for one kind of machine (a GPU for asr, say) take only theirs.
task_queues = [
    Queue(stage.queue, Exchange(stage.queue), routing_key=stage.queue) for stage in Stage
]

# Acknowledged when a process takes it: from there on the lease in the database tells whether the
# stage is worked on. A late acknowledgement would add nothing (Redis delivers again only after the
# visibility timeout) and cost much: stages delivered twice while they run, and with kombu 5.7 a
# worker that ends when Redis restarts, and its stages with it (docs/adr/0003).
task_acks_late = False

# No message in hand but those that are worked on: a long stage must not sit on others' work.
worker_prefetch_multiplier = 1

# Told to stop (SIGTERM), a worker hands its stages back at their next segment and ends when the
# last one is; whoever started it bounds that (stop_grace_period in docker-compose.yml). Celery's
# own soft shutdown would wait for its whole timeout, though there be nothing left to wait for.
worker_soft_shutdown_timeout = 0

# Against what libraries may leak. A fresh process takes as long as a hundred short stages. (What
# stages have used is given back after each of them: workers/app.py.)
worker_max_tasks_per_child = 2000

# structlog writes the log.
worker_hijack_root_logger = False

# Flower turns the workers' events on as long as it runs (its --enable-events, on by default).
# Sent for nobody they would double what the worker's main process has to do for a stage.
worker_send_task_events = False
task_send_sent_event = False

# A publisher fails fast; the outbox sends again.
task_publish_retry = False
broker_connection_retry_on_startup = True

worker_concurrency = _settings.worker_concurrency

if _settings.embedded:
    broker_url = "filesystem://localhost//"
    broker_transport = "backend.broker.filesystem:Transport"
    broker_transport_options = {
        "data_folder_in": str(_messages / "queue"),
        "data_folder_out": str(_messages / "queue"),
        "control_folder": str(_messages / "control"),
        # The wait between two stages is at most this long.
        "polling_interval": 0.02,
    }
    # One process: the work is done by subprocesses and by libraries that free the interpreter.
    worker_pool = "threads"
    # How long its timer sleeps, and so an idle worker takes to end: 1 s unless told.
    worker_timer_precision = 0.1
    # Files are polled: remote control would poll as well, for nothing.
    worker_enable_remote_control = False
else:
    broker_url = _settings.broker_url.get_secret_value()
    broker_transport_options = {
        # A message that a worker took and did not start is delivered again after this. The
        # shortest value of all clients wins, so start Flower with this same app. The lease, not
        # this, is what finds a dead worker.
        "visibility_timeout": 24 * 3600,
        "socket_connect_timeout": 0.5,
        "socket_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }
    worker_disable_prefetch = True
    worker_pool = "prefork"
    # The stage gives up at STAGE_LIMIT_S by itself; a child that hangs in a library cannot.
    task_time_limit = _settings.stage_limit_s + _settings.lease_s
