# One image for every Airflow service: the packages of requirements.txt (hashes checked) and this repository, non-root.
FROM python:3.11-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow \
    PATH=/opt/airflow/.venv/bin:$PATH \
    PYTHONPATH=/opt/airflow:/opt/airflow/plugins:/opt/airflow/config \
    PYTHONUNBUFFERED=1 \
    GX_ANALYTICS_ENABLED=False

WORKDIR /opt/airflow
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --no-create-home airflow

# Packages come first: an edit of the code does not install them again.
COPY requirements.txt ./
COPY tools/__init__.py tools/setup.py tools/
RUN UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 python tools/setup.py && rm -rf .lockstep

COPY config config
COPY plugins plugins
COPY dags dags
COPY include include
COPY sandbox sandbox
RUN python -m compileall -q plugins config sandbox && mkdir logs sandbox-state && chown 50000:0 . logs sandbox-state && chmod 775 . logs sandbox-state

USER 50000:0
EXPOSE 8080
CMD ["airflow", "version"]
