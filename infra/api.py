"""The HTTP API: explicit routes, the authorizer, throttling, CORS, access logs without paths."""

import json
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as awslambda
from aws_cdk.aws_apigatewayv2_authorizers import HttpLambdaAuthorizer, HttpLambdaResponseType
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import FIVE_MINUTES, Alarms
from infra.logs import log_group
from infra.settings import Settings

# No path and no address: a path may hold a user id, and a log line needs neither.
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "at": "$context.requestTime",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationStatus": "$context.integration.status",
    "responseBytes": "$context.responseLength",
    "keyId": "$context.authorizer.keyId",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    "integrationError": "$context.integration.error",
}


class Api(Construct):
    """The API; stages add their routes."""

    def __init__(
        self, scope: Construct, settings: Settings, key: kms.IKey, alarms: Alarms, authorizer: awslambda.Function
    ) -> None:
        """Make the API, its one stage `$default` and its authorizer; `authorizer` answers who calls."""
        super().__init__(scope, "Api")
        self.http = apigatewayv2.HttpApi(
            self,
            "Http",
            api_name=settings.prefix,
            description="Addressee: events in, decisions out",
            create_default_stage=False,
            cors_preflight=_cors(settings),
        )
        self.stage = self._stage(settings, key)
        self._authorizer = HttpLambdaAuthorizer(
            "Keys",
            authorizer,
            response_types=[HttpLambdaResponseType.SIMPLE],
            identity_source=["$request.header.Authorization", "$context.routeKey"],
            results_cache_ttl=Duration.seconds(300),
        )
        alarms.add(
            "api-5xx",
            self.http.metric_server_error(period=FIVE_MINUTES, statistic="Sum"),
            above=0,
            do="The API answered 5xx. Its access log names routeKey and integrationError; then read that log.",
        )

    def serve(self, function: awslambda.Function, *routes: str) -> None:
        """Send routes such as `PUT /v1/items` to `function`, guarded by the authorizer."""
        self._add(function, routes, guarded=True)

    def serve_publicly(self, function: awslambda.Function, *routes: str, reason: str) -> None:
        """Send routes to `function` without authorizer; `reason` says why that is right."""
        for route in self._add(function, routes, guarded=False):
            acknowledge(route, "AwsSolutions-APIG4", reason)

    def latency(self, statistic: str) -> cloudwatch.Metric:
        """Return the latency as callers see it, milliseconds."""
        return self.http.metric_latency(period=FIVE_MINUTES, statistic=statistic)

    def _add(
        self, function: awslambda.Function, routes: tuple[str, ...], *, guarded: bool
    ) -> list[apigatewayv2.HttpRoute]:
        integration = HttpLambdaIntegration(f"{function.node.scope.node.id if function.node.scope else ''}", function)
        made: list[apigatewayv2.HttpRoute] = []
        for route in routes:
            method, path = route.split(" ")
            made += self.http.add_routes(
                path=path,
                methods=[apigatewayv2.HttpMethod(method)],
                integration=integration,
                authorizer=self._authorizer if guarded else None,
            )
        return made

    def _stage(self, settings: Settings, key: kms.IKey) -> apigatewayv2.HttpStage:
        log = log_group(self, f"/aws/vendedlogs/{settings.prefix}-api", settings=settings, key=key)
        stage = apigatewayv2.HttpStage(
            self,
            "Stage",
            http_api=self.http,
            stage_name="$default",
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=apigatewayv2.ThrottleSettings(
                rate_limit=settings.throttle_rate_per_second, burst_limit=settings.throttle_burst
            ),
        )
        cast(
            "apigatewayv2.CfnStage", stage.node.default_child
        ).access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
        )
        return stage


def _cors(settings: Settings) -> apigatewayv2.CorsPreflightOptions:
    """Let browsers' SDKs post events; decisions and administration need a key that no browser should hold."""
    return apigatewayv2.CorsPreflightOptions(
        allow_origins=list(settings.cors_origins),
        allow_methods=[apigatewayv2.CorsHttpMethod.POST],
        allow_headers=["authorization", "content-type", "anonymousid"],
        max_age=Duration.hours(2),
    )
