"""The sync itself: settings, mapping, stages. Pure of Airflow but for tasks.py."""
