FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /usr/src/relaypoint

# The dependencies first: they change less often than the code, and a build then reuses this layer.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY . ./
RUN pip install --no-deps --no-build-isolation . && rm -rf build

# A user without rights, and one folder of its own for the store and its keys.
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin relaypoint \
    && install -d -o relaypoint -g relaypoint -m 0700 /data
USER relaypoint
WORKDIR /data
VOLUME /data

ENV HOME=/data \
    RELAYPOINT_STORE=file:/data/store

EXPOSE 8000
CMD ["relaypoint", "serve", "--host", "0.0.0.0", "--port", "8000"]
