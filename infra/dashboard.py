"""One dashboard: callers, stream, mails, functions, learning, from top to bottom."""

from typing import NamedTuple

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import FIVE_MINUTES, own_metric
from infra.api import Api
from infra.function import Functions
from infra.learn import Learn

WIDTH = 12
MAILS = ("Send", "Delivery", "Bounce", "Complaint")


class Flows(NamedTuple):
    """What events and mails pass through, besides functions."""

    stream: kinesis.Stream
    sends: sqs.Queue
    feedback: sqs.Queue


class Dashboard(Construct):
    """The dashboard, named like the deployment."""

    def __init__(self, scope: Construct, functions: Functions, api: Api, flows: Flows, learn: Learn) -> None:
        """Lay out the graphs, two in a row."""
        super().__init__(scope, "Dashboard")
        rows = [
            (_requests(api), _latency(api, functions.all["decide_content"])),
            (_stream(flows.stream, functions.all["update_profiles"]), _own()),
            (_mails(), _waiting(flows)),
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
        "Quarantined and refused events, decisions that fell back, models that failed",
        own_metric("quarantined", "update_profiles"),
        own_metric("EventsRefused", "collect_events"),
        own_metric("DecisionFallback", "decide_content"),
        own_metric("ModelFaults", "decide_content"),
    )


def _mails() -> cloudwatch.GraphWidget:
    """Graph what SES says of the whole account."""
    named = (
        cloudwatch.Metric(namespace="AWS/SES", metric_name=name, statistic="Sum", period=FIVE_MINUTES) for name in MAILS
    )
    return _graph("Mails: sent, delivered, bounced, complained about", *named, own_metric("SendFault", "send_email"))


def _waiting(flows: Flows) -> cloudwatch.GraphWidget:
    queues = (flows.sends, flows.feedback)
    return cloudwatch.GraphWidget(
        title="Mails and feedback that wait: messages, and the oldest one's age (s, right)",
        left=[each.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES) for each in queues],
        right=[each.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES) for each in queues],
        width=WIDTH,
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
