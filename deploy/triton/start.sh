#!/bin/sh
# Triton for the model repository in TURNSTILE_MODEL_REPOSITORY. More flags may follow, as for traces:
#   start-triton --trace-config mode=opentelemetry --trace-config opentelemetry,url=http://collector:4318/v1/traces ...
set -eu
umask 077

# Triton's advisories of 2025 and 2026 concern model loading and shared memory: these calls require a random key.
# With TURNSTILE_TRITON_SECRET, which the gateway sends with each request, inference requires that key too.
closed=model-repository,shared-memory,trace,logging
if [ -n "${TURNSTILE_TRITON_SECRET:-}" ]; then
    closed="$closed,model-config,inference:turnstile-key=$TURNSTILE_TRITON_SECRET"
else
    closed="$closed:turnstile-key=$(head -c 24 /dev/urandom | base64)"
fi

# Gateways keep a connection to every Triton (round robin) and find new ones when a connection ends, each minute.
# Running requests have 120 s, the deadline of a study.

# Every config.pbtxt is complete, so auto-completion is off. Ready means that every model is ready. Models never change
# in a running server: a new repository gets a new server beside the old one.
exec tritonserver \
    --model-repository="$TURNSTILE_MODEL_REPOSITORY" \
    --model-control-mode=none \
    --disable-auto-complete-config \
    --strict-readiness=true \
    --exit-timeout-secs=30 \
    --log-format=ISO8601 \
    --http-restricted-api="$closed" \
    --grpc-restricted-protocol="$closed" \
    --grpc-max-connection-age=60000 \
    --grpc-max-connection-age-grace=120000 \
    "$@"
