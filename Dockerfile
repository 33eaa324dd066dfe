# docker build -t siamese-fashion . && docker run -p 8501:8501 siamese-fashion
# Without training, a third of the size: --build-arg LOCK=requirements-serve.lock
FROM python:3.11-slim-bookworm

# The data come from Debian's package: nothing is downloaded when the container runs.
RUN apt-get update && apt-get install -y --no-install-recommends dataset-fashion-mnist && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 demo
WORKDIR /home/demo/app
ARG LOCK=requirements.lock
COPY requirements.lock requirements-serve.lock ./
RUN pip install --no-cache-dir --require-hashes -r $LOCK
COPY .streamlit .streamlit
COPY app app
COPY siamese_core siamese_core
COPY streamlit_app.py ./
# Models that visitors train are written beside the shipped ones: mount a volume here to keep them.
COPY --chown=demo artifacts artifacts
USER demo

ENV PYTHONUNBUFFERED=1
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/healthz', timeout=3)"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.port=8501"]
