"""The Sync health page: what every integration did, what waits for a person, and the buttons to go on. An Airflow plugin."""

PAGE = "Sync health"  # its name, and that of the right to it
