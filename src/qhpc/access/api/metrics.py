"""Metrics for Prometheus. Labels are few: routes, methods, states; never users or jobs."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qhpc.access.service.service import AccessService

__all__ = ["Metrics"]

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 60.0)


class Metrics:
    """Counts requests, and shows the state of the service when asked."""

    def __init__(self, service: AccessService) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "openqat_requests", "Requests served.", ["route", "method", "status"], registry=self._registry
        )
        self._durations = Histogram(
            "openqat_request_seconds",
            "Time of requests, waiting for results included.",
            ["route"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_ServiceCollector(service))

    def served(self, route: str, method: str, status: int, duration_s: float) -> None:
        """Count a request."""
        self._requests.labels(route, method if method in _METHODS else "other", str(status)).inc()
        self._durations.labels(route).observe(duration_s)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})


class _ServiceCollector(Collector):
    def __init__(self, service: AccessService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """The state of the service now."""
        dispatcher = self._service.dispatcher
        jobs = GaugeMetricFamily("openqat_jobs", "Jobs that have not ended.", labels=["state"])
        jobs.add_metric(["waiting"], len(dispatcher.queue))
        jobs.add_metric(["launched"], dispatcher.jobs.nb_launched())
        yield jobs
        ended = CounterMetricFamily("openqat_jobs_ended", "Jobs that ended since the start.", labels=["state"])
        for state, number in sorted(dispatcher.jobs.ended.items()):
            ended.add_metric([state], number)
        yield ended
        waits = self._service.hub.nb_waiting
        yield GaugeMetricFamily("openqat_waiting_requests", "Long polls and event streams.", value=waits)
        yield GaugeMetricFamily("openqat_free_slots", "Jobs that could start now.", value=self._service.free_slots)
