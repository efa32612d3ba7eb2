# The speech process (DEPLOYMENT.md, "The speech process"): what `speech` needs, with the engine in the box and its model.
#
#   docker build -t ipelya-live-speech -f livekit-system/deploy/speech.Dockerfile .
#   docker run --env-file speech.env -e LIVE_HEALTH_HOST=0.0.0.0 ipelya-live-speech

# The worker's base: see the Dockerfile at the top.
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${BASE} AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never XDG_CACHE_HOME=/app/models
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --group speech
COPY moderation moderation
COPY handlers handlers
COPY agent agent
COPY speech speech
RUN .venv/bin/python -m compileall -q moderation handlers agent speech
# Joined here, since nothing is written where it runs.
RUN .venv/bin/python -c "from speech.whisper import model_folder; model_folder()" && chmod -R a+rX models

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin live
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/app/models
ENV LIVE_SPEECH_HEALTH_PORT=8083
USER live
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"LIVE_SPEECH_HEALTH_PORT\"]}/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "speech"]
