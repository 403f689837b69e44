"""Makes Airflow's own tables and puts the DAGs of this checkout into them, as a DAG processor would; run in the Airflow's environment."""

import os
from pathlib import Path


def main() -> None:
    """Make the tables, read the DAG files, store what they say."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.utils.db import initdb

    initdb()
    DagBundlesManager().sync_bundles_to_db()
    folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    bag = BundleDagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="dags-folder")
    sync_bag_to_db(bag, "dags-folder", None)


if __name__ == "__main__":
    main()
