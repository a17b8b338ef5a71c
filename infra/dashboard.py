"""One dashboard: callers, stream, functions, learning, from top to bottom."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as awslambda
from constructs import Construct

from infra.alarms import FIVE_MINUTES, own_metric
from infra.api import Api
from infra.function import Functions
from infra.learn import Learn

WIDTH = 12


class Dashboard(Construct):
    """The dashboard, named like the deployment."""

    def __init__(self, scope: Construct, functions: Functions, api: Api, stream: kinesis.Stream, learn: Learn) -> None:
        """Lay out the graphs, two in a row."""
        super().__init__(scope, "Dashboard")
        rows = [
            (_requests(api), _latency(api, functions.all["decide_content"])),
            (_stream(stream, functions.all["update_profiles"]), _own()),
            (_errors(functions), _durations(functions)),
            (_learn(learn),),
        ]
        cloudwatch.Dashboard(
            self, "Board", dashboard_name=functions.settings.prefix, widgets=[list(widgets) for widgets in rows]
        )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=WIDTH)


def _requests(api: Api) -> cloudwatch.GraphWidget:
    http = api.http
    return _graph(
        "API: requests, 4xx, 5xx",
        http.metric_count(period=FIVE_MINUTES, statistic="Sum"),
        http.metric_client_error(period=FIVE_MINUTES, statistic="Sum"),
        http.metric_server_error(period=FIVE_MINUTES, statistic="Sum"),
    )


def _latency(api: Api, decide: awslambda.Function) -> cloudwatch.GraphWidget:
    return _graph(
        "Latency, ms: API p50 and p99, decide_content p99",
        api.latency("p50"),
        api.latency("p99"),
        decide.metric_duration(period=FIVE_MINUTES, statistic="p99"),
    )


def _stream(stream: kinesis.Stream, update: awslambda.Function) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="Stream: records in, and how far update_profiles is behind (ms, right)",
        left=[stream.metric_incoming_records(period=FIVE_MINUTES, statistic="Sum")],
        right=[update.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum")],
        width=WIDTH,
    )


def _own() -> cloudwatch.GraphWidget:
    return _graph(
        "Quarantined and refused events, decisions that fell back",
        own_metric("quarantined", "update_profiles"),
        own_metric("EventsRefused", "collect_events"),
        own_metric("DecisionFallback", "decide_content"),
    )


def _errors(functions: Functions) -> cloudwatch.GraphWidget:
    return _graph("Errors", *(each.metric_errors(period=FIVE_MINUTES) for each in functions.all.values()))


def _durations(functions: Functions) -> cloudwatch.GraphWidget:
    slowest = (each.metric_duration(period=FIVE_MINUTES, statistic="Maximum") for each in functions.all.values())
    return _graph("Longest run, ms", *slowest)


def _learn(learn: Learn) -> cloudwatch.GraphWidget:
    return _graph(
        "Learn: started, succeeded, failed",
        learn.machine.metric_started(period=FIVE_MINUTES),
        learn.machine.metric_succeeded(period=FIVE_MINUTES),
        learn.machine.metric_failed(period=FIVE_MINUTES),
    )
