# syntax=docker/dockerfile:1
# Trains and exports: torch, no gateway. Studies, runs and the model repository are mounted at /work.
#   docker build -f deploy/trainer.Dockerfile -t turnstile/trainer .
#   docker run --rm --gpus all -v $PWD:/work turnstile/trainer training --help
#   docker run --rm -v $PWD:/work turnstile/trainer export --target cpu
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv /opt/turnstile
COPY pyproject.toml constraints.txt README.md LICENSE ./
# lightly's hydra needs antlr4, which is published as source only; it is pure Python and needs no compiler.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/turnstile/bin/pip install --only-binary=:all: --no-binary=antlr4-python3-runtime \
    --constraint constraints.txt --editable ".[train]"
COPY screening screening
COPY training training
COPY export export
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    /opt/turnstile/bin/pip install --no-deps --editable . \
    && /opt/turnstile/bin/python -m compileall -q export screening training

FROM ${PYTHON}
RUN useradd --system --no-create-home --uid 10001 --user-group --shell /usr/sbin/nologin turnstile
COPY --from=build /opt/turnstile /opt/turnstile
COPY --from=build /app /app
ENV PATH=/opt/turnstile/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /work
# A program that runs to its end and serves no requests: no health check.
HEALTHCHECK NONE
ENTRYPOINT ["python", "-m"]
CMD ["training", "--help"]
