#!/bin/bash
# Runs once, when the data folder of the Postgres container is empty: one database and one role each for Airflow and Lockstep.
set -euo pipefail

create() { # create NAME PASSWORD
  psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --set name="$1" --set password="$2" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
SQL
}

create airflow "$AIRFLOW_DB_PASSWORD"
create lockstep "$LOCKSTEP_DB_PASSWORD"
