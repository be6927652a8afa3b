# syntax=docker/dockerfile:1
# The gateway with its page, the worker, the migration, the backup: one image, with a command for each.
# Built from the checkout's root:  docker build -f deploy/gateway.Dockerfile -t turnstile/gateway .
# Secrets, where a site needs them: ca (the certificates of its proxy), pip (pip.conf) and npm (npmrc).
# A release pins both images by digest:   --build-arg PYTHON=python:3.11-slim-bookworm@sha256:...
ARG PYTHON=python:3.11-slim-bookworm
ARG NODE=node:24-bookworm-slim

FROM ${NODE} AS web
WORKDIR /app/web
COPY web/package.json web/package-lock.json ./
# Node's own requests: npm's are told by npmrc. Without a proxy that re-signs TLS there is no such file, and Node says so.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=npm,target=/root/.npmrc \
    npm install --no-save --no-audit --no-fund
COPY web ./
RUN npm run build

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv /opt/turnstile
# The dependencies alone, in a layer that changes only with the pins. Wheels only: the image has no compiler.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/turnstile/bin/pip install --only-binary=:all: --constraint constraints.txt --editable ".[trace]"
COPY engines engines
COPY screening screening
COPY gateway gateway
# The code keeps its paths of a checkout. Bytecode is compiled now, since the root is read-only at run time.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/turnstile/bin/pip install --no-deps --editable . \
    && /opt/turnstile/bin/python -m compileall -q engines gateway screening

FROM ${PYTHON}
RUN useradd --system --no-create-home --uid 10001 --user-group --shell /usr/sbin/nologin turnstile \
    && install --directory --owner=turnstile --group=turnstile --mode=0700 /var/lib/turnstile /backups /scratch
COPY --from=build /opt/turnstile /opt/turnstile
COPY --from=build /app /app
COPY --from=web /app/gateway/static /app/gateway/static
ENV PATH=/opt/turnstile/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TURNSTILE_HOST=0.0.0.0 \
    TURNSTILE_LOG_EVERYTHING=true \
    TURNSTILE_HOME=/tmp/turnstile \
    TURNSTILE_MODEL_REPOSITORY=/models
# Written at run time: /tmp, /scratch (running studies in compose; the chart has them in an emptyDir at /tmp), and
# /var/lib/turnstile (blobs in a folder).
USER 10001:10001
WORKDIR /app
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
ENTRYPOINT ["turnstile"]
CMD ["up"]
