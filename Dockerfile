# Pintail built and tested on Debian testing, without a toolbox: the container has the packages of the same lists.
#   docker build -t pintail .                          the server, ready to run
#   docker build --target check -t pintail-check .     everything, with `make test` run on the way
FROM debian:testing AS packages
COPY toolbox/build.list toolbox/test.list /tmp/lists/
RUN apt-get update -o Acquire::Check-Valid-Until=false \
    && sed -e 's/#.*//' -e '/^$/d' /tmp/lists/*.list | sort -u \
       | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

FROM packages AS built
# As in the toolbox, so that both share what ccache keeps.
ENV PINTAIL_NO_TOOLBOX=1 LANG=C.UTF-8
WORKDIR /src
COPY . .
RUN make bundle

FROM built AS check
RUN make test

# The bundle needs nothing of the system but certificates.
FROM debian:stable-slim AS pintail
COPY --from=built /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=built /src/dist/pintail /opt/pintail
RUN ln -s /opt/pintail/bin/pintail /usr/local/bin/pintail \
    && useradd --system --create-home --home-dir /var/lib/pintail pintail
USER pintail
WORKDIR /var/lib/pintail
ENTRYPOINT ["pintail"]
CMD ["serve", "--database", "/var/lib/pintail/hot.duckdb"]
