# One image for every role: api, worker, reconciler, migrate; the command says which.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng apertium apertium-eng-spa \
       apertium-eng-cat apertium-es-pt apertium-fr-es \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps -e . \
    && useradd --create-home --home-dir /var/lib/dubline dubline
USER dubline
ENV DUBLINE_HOME=/var/lib/dubline LOG_FORMAT=json
ENTRYPOINT ["dubline"]
CMD ["up"]
