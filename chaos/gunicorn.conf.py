"""The product's own settings of gunicorn, and a note of when each worker was ready to serve."""

import os
import time
from pathlib import Path
from typing import Any

import chaos

PRODUCT = Path(chaos.__file__).parents[1] / "examgrader" / "gunicorn.conf.py"
exec(compile(PRODUCT.read_text(), PRODUCT, "exec"))  # noqa: S102 - gunicorn reads it in the same way

init_of_product = globals().get("post_worker_init", lambda _: None)


def post_worker_init(worker: Any) -> None:  # the product's own, and then ours
    init_of_product(worker)
    (Path(os.environ["CHAOS_WORKERS"]) / str(worker.pid)).write_text(str(time.time()))
