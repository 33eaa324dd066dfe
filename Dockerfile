# docker build -t siamese-fashion . && docker run -p 8501:8501 siamese-fashion
FROM python:3.12-slim

# The data come from Debian's package: nothing is downloaded when the container runs.
RUN apt-get update && apt-get install -y --no-install-recommends dataset-fashion-mnist && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home demo
WORKDIR /home/demo/app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --chown=demo . .
RUN chown demo .
USER demo

EXPOSE 8501
HEALTHCHECK --start-period=20s CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=3)"
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0"]
