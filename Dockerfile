# One image for every role: api, worker, reconciler, migrate; the command says which.
#
#     docker build --target basic .    engines of Debian's packages: no models
#     docker build .                   neural engines besides; their models lie in the volume /models
#
# BASE_IMAGE is any Debian 12 or newer with Python 3.11 or newer and its venv.
ARG BASE_IMAGE=python:3.11.14-slim-bookworm

FROM ${BASE_IMAGE} AS runtime
COPY packages.txt .
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends <packages.txt \
    && rm -rf /var/lib/apt/lists/* packages.txt
RUN useradd --uid 10001 --create-home --home-dir /var/lib/dubline dubline \
    && install --directory --owner dubline /models
ENV PATH=/opt/dubline/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DUBLINE_HOME=/var/lib/dubline \
    MODELS_DIR=/models \
    LOG_FORMAT=json
WORKDIR /app

FROM runtime AS packages
RUN python3 -m venv /opt/dubline
COPY requirements.txt .
RUN pip install --no-cache-dir --compile -r requirements.txt "setuptools>=70.1"

FROM packages AS neural-packages
COPY requirements-neural.txt .
RUN pip install --no-cache-dir --compile -r requirements-neural.txt

FROM runtime AS basic
COPY --from=packages /opt/dubline /opt/dubline
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && python3 -m compileall -q .
USER dubline
VOLUME /var/lib/dubline /models
HEALTHCHECK --start-period=60s CMD python3 -c \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8642/readyz', timeout=5)"
ENTRYPOINT ["dubline"]
CMD ["up"]

FROM runtime AS neural
COPY --from=neural-packages /opt/dubline /opt/dubline
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && python3 -m compileall -q .
USER dubline
VOLUME /var/lib/dubline /models
HEALTHCHECK --start-period=60s CMD python3 -c \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8642/readyz', timeout=5)"
ENTRYPOINT ["dubline"]
CMD ["up"]
