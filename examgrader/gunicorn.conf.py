"""gunicorn's settings: a few processes, a few threads each, every thread with two database connections."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
wsgi_app = "examgrader.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
keepalive = 65  # longer than a heartbeat's 30 s, so that a contestant's connection stays open
timeout = 30
graceful_timeout = 20
# The heartbeat file must not lie on a disk that can stall; /dev/shm is memory.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
accesslog = None
