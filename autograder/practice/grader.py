"""The grader's page, and the same figures for Prometheus."""

import hmac
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from tornado import web

from autograder.practice.overview import overview
from autograder.practice.service import Ready
from autograder.practice.web import Base

FORMAT = "text/plain; version=0.0.4; charset=utf-8"  # https://prometheus.io/docs/instrumenting/exposition_formats/


class Grader(Base):
    """The grader's page."""

    @web.authenticated
    def get(self) -> None:
        """Show it; to anybody else there is nothing here."""
        if not self.is_grader:
            raise web.HTTPError(404)
        if self.get_query_argument("key", ""):  # out of the address: it may be shown on a screen
            self.redirect(self.request.path)
            return
        self.show("grader.html.j2", it=overview(self.service.ready, self.language))


class Metrics(Base):
    """The figures, without any name, to whoever has the course's token for them."""

    def get(self) -> None:
        """In Prometheus' text format."""
        given = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.service.ready.token.encode()):
            raise web.HTTPError(403)
        registry = CollectorRegistry()
        registry.register(_Figures(self.service.ready))
        self.set_header("Content-Type", FORMAT)
        self.finish(generate_latest(registry))


class _Figures(Collector):
    def __init__(self, ready: Ready) -> None:
        self._ready = ready

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called by the registry."""
        it = overview(self._ready, "en")
        states = GaugeMetricFamily("practice_attempts", "Attempts of the last 24 hours by state.", labels=["state"])
        for state, count in it.states.items():
            states.add_metric([state], count)
        yield states
        seconds = GaugeMetricFamily(
            "practice_page_seconds", "From an attempt to its page, of the last 24 hours.", labels=["quantile"]
        )
        for quantile, value in (("0.5", it.median), ("0.95", it.high)):
            if value is not None:
                seconds.add_metric([quantile], value)
        yield seconds
        single = {
            "practice_waiting": ("Attempts that wait.", it.waiting),
            "practice_oldest_seconds": ("How long the oldest of them has waited.", it.oldest or 0.0),
            "practice_running": ("Attempts that are being looked at.", it.running),
            "practice_workers": ("Workers.", it.workers),
            "practice_paused": ("1 while the class is graded.", float(it.paused)),
            "practice_known": ("Attempts of the last 24 hours whose answer was known.", it.known),
        }
        for name, (text, value) in single.items():
            yield GaugeMetricFamily(name, text, value=value)
