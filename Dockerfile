# The production worker: what `agent` needs and nothing else (no `local/`, no tests, no development tools).
#
#   docker build -t ipelya-live .      podman and buildah: with `--format docker`, or the health check is left out
#   docker run --env-file production.env ipelya-live

# One image and no other, by its digest (of the list for all platforms); the tag is for the reader.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${BASE} AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups
COPY moderation moderation
COPY handlers handlers
COPY agent agent
RUN .venv/bin/python -m compileall -q moderation handlers agent

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin live
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LIVE_HEALTH_PORT=8081
USER live
# Alive, not ready: a worker that waits for its database is to be left alone, not replaced.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"LIVE_HEALTH_PORT\"]}/healthz', timeout=2)"]
# SIGTERM drains: the rooms go to other workers.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "agent"]
CMD ["start"]
