# One image for every role: api, worker, reconciler, migrate; the command says which.
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY packages.txt requirements.txt ./
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends <packages.txt \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps -e . \
    && useradd --create-home --home-dir /var/lib/dubline dubline \
    && install --directory --owner dubline /models
USER dubline
ENV DUBLINE_HOME=/var/lib/dubline LOG_FORMAT=json
ENTRYPOINT ["dubline"]
CMD ["up"]
