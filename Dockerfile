FROM rust:1.95-slim-bookworm AS builder
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build

# The dependencies first, around an empty crate: this layer stays until Cargo.lock changes.
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --profile dist --locked \
    && rm -r src

COPY config config
COPY src src
# Cargo compares times, and a checkout may be older than the empty crate.
RUN touch src/lib.rs src/main.rs \
    && cargo build --profile dist --locked \
    && mkdir /data

# The C library, certificates and time zones; no shell and no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=builder /build/target/dist/castgate /usr/local/bin/castgate
# Everything that castgate writes is here: the rest of the file system may be read-only.
COPY --from=builder --chown=65532:65532 /data /var/lib/castgate
VOLUME /var/lib/castgate
ENV CASTGATE_SERVER__LISTEN=0.0.0.0:8080 \
    CASTGATE_STORE__DATA_DIRECTORY=/var/lib/castgate
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["castgate", "health"]
ENTRYPOINT ["castgate"]
CMD ["serve"]
