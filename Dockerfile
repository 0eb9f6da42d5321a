# syntax=docker/dockerfile:1
# One image for every process of the desk: docker-compose.yml says which command each service runs.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/desk
COPY requirements.txt .
RUN /opt/desk/bin/pip install --require-hashes --requirement requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/desk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DESK_MODE=production DATA_DIR=/var/lib/desk PORT=8000
RUN groupadd --gid 10001 desk \
    && useradd --uid 10001 --gid desk --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin desk \
    && install -d -o desk -g desk -m 0700 /var/lib/desk/media /var/lib/desk/audit /var/lib/desk/run \
    && chown desk:desk /var/lib/desk
COPY --from=packages /opt/desk /opt/desk
WORKDIR /srv/desk
COPY . .

# Static files get their hashed names once, here. The values are for this one command and stay in no layer.
RUN SECRET_KEY=only-for-collecting-static-files-nothing-is-signed-with-it \
    FIELD_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    AUDIT_KEY=AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= \
    DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost:1/0 ALLOWED_HOSTS=localhost \
    python manage.py collectstatic --noinput --verbosity 0

USER desk
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "docs/deploy/probe.py", "/healthz/live"]
CMD ["daphne", "-v", "0", "--no-server-name", "--websocket_timeout", "-1", "--ping-interval", "20", "--ping-timeout", "30", \
     "--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536", \
     "-b", "0.0.0.0", "-p", "8000", "support_desk.asgi:application"]
