# The image of the collector: the binary of `cargo build --profile dist` on a small Debian, run by a user without rights.
# This file is linted and has not been built by the tests, which run without Docker.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/outrigger outrigger
COPY --from=build /source/target/dist/outrigger /usr/local/bin/outrigger
COPY docker/outrigger.yaml /etc/outrigger/outrigger.yaml
USER outrigger
WORKDIR /var/lib/outrigger
VOLUME /var/lib/outrigger
EXPOSE 4317 4318 7070
ENTRYPOINT ["/usr/local/bin/outrigger"]
CMD ["--config", "/etc/outrigger/outrigger.yaml"]
