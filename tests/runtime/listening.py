"""A server that takes lineage and metrics, as OpenLineage and OpenTelemetry send them over HTTP."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tools.ports import HOST

LINEAGE, METRICS = "/api/v1/lineage", "/v1/metrics"
EVENTS = "lineage.jsonl"  # in the home of the live Airflow


@dataclass
class Heard:
    """What has come in by now."""

    port: int
    events: list[dict[str, Any]] = field(default_factory=list)
    points: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def of(self, job: str) -> dict[str, dict[str, Any]]:
        """Return the events of a job by their type."""
        return {event["eventType"]: event for event in self.events if event["job"]["name"] == job}

    def figures(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Return tags and value of every point of a metric."""
        return [(tags, value) for known, tags, value in self.points if known == name]

    def settings(self, file: Path) -> dict[str, str]:
        """Return what has Airflow send lineage here and into `file`, and figures here."""
        server = {"type": "http", "url": f"http://{HOST}:{self.port}", "endpoint": LINEAGE.lstrip("/")}
        written = {"type": "file", "log_file_path": str(file), "append": True}
        return {
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "composite", "transports": [server, written]}),
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self.port}",
            "NO_PROXY": HOST,
        }

    def take(self, path: str, body: bytes) -> None:
        """Keep what was sent."""
        if path == LINEAGE:
            self.events.append(json.loads(body))
            return
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                for point in [*metric.sum.data_points, *metric.gauge.data_points]:
                    tags = {each.key: each.value.string_value for each in point.attributes}
                    self.points.append((metric.name, tags, point.as_double or point.as_int))


@contextmanager
def listening() -> Iterator[Heard]:
    """Listen on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.take(self.path, gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        heard = Heard(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield heard
        server.shutdown()
