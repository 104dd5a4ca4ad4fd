"""A worker forks for a burst of jobs."""

from __future__ import annotations

import signal
import subprocess
import sys

from rq import Queue
from rq.serializers import JSONSerializer

from jobs.queue import JsonJob
from supervisor.child import session_members
from tests.processes.processes import wait_for

WORK = """
import sys
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from jobs.queue import JsonJob
from jobs.worker import BurstWorker
redis = Redis.from_url(sys.argv[1])
queue = Queue("bursts", connection=redis, job_class=JsonJob, serializer=JSONSerializer)
BurstWorker([queue], connection=redis, job_class=JsonJob, serializer=JSONSerializer).work(burst=True)
"""


def run_all(redis_url, redis, *functions):
    """Have the functions run by one worker; gives their jobs and the worker's own process ID."""
    queue = Queue("bursts", connection=redis, job_class=JsonJob, serializer=JSONSerializer)
    ids = [queue.enqueue(function, *arguments).id for function, *arguments in functions]
    with subprocess.Popen([sys.executable, "-c", WORK, redis_url], stdout=subprocess.DEVNULL) as worker:
        worker.wait(timeout=60)
    return [JsonJob.fetch(job_id, connection=redis) for job_id in ids], worker.pid


def test_jobs_that_wait_share_a_fork(redis_url, redis):
    jobs, worker = run_all(redis_url, redis, ("os.getpid",), ("os.getpid",), ("os.getpid",))
    pids = {job.return_value() for job in jobs}
    assert len(pids) == 1
    assert worker not in pids


def test_a_job_that_fails_keeps_none_of_the_others_away(redis_url, redis):
    jobs, _ = run_all(redis_url, redis, ("os.getpid",), ("os.kill", "nobody", 0), ("os.getpid",))
    assert [job.is_failed for job in jobs] == [False, True, False]


def test_a_fork_that_dies_keeps_none_of_the_others_away(redis_url, redis):
    jobs, _ = run_all(redis_url, redis, ("os.getpid",), ("os._exit", 9), ("os.getpid",))
    assert jobs[0].is_finished
    assert jobs[2].is_finished
    assert jobs[0].return_value() != jobs[2].return_value()


# The first job kills the worker, and ends once that is gone.
KILLS_ITSELF = WORK.replace(
    "BurstWorker([",
    """import os
pid = os.getpid()
queue.enqueue("os.system", f"kill -9 {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.01; done")
queue.enqueue("os.getpid")
BurstWorker([""",
)


def test_the_fork_of_a_killed_worker_takes_no_further_job(redis_url, redis):
    """Nobody could end it: it would still be at work when a backup is restored."""
    queue = Queue("bursts", connection=redis, job_class=JsonJob, serializer=JSONSerializer)
    with subprocess.Popen([sys.executable, "-c", KILLS_ITSELF, redis_url], start_new_session=True) as worker:
        assert worker.wait(timeout=60) == -signal.SIGKILL
    wait_for(lambda: not session_members(worker.pid), "the fork's end")
    assert len(queue.job_ids) == 1
