"""The HTTP API: which routes there are, who guards them, what is logged."""

import json
from typing import Any

from infra.bundling import ROOT
from tests.infra.conftest import Synthesised

GUARDED = {
    "POST /v1/decisions", "GET /v1/users/{id}/recommendations", "GET /v1/users/{id}/scores",
    "GET /v1/decisions/{decisionId}", "PUT /v1/items", "PUT /v1/users", "PUT /v1/users/{id}",
    "POST /v1/campaigns", "GET /v1/campaigns/{campaign}", "POST /v1/campaigns/{campaign}/pause",
    "POST /v1/campaigns/{campaign}/resume", "POST /v1/campaigns/{campaign}/cancel",
}  # fmt: skip
LINKS = {f"{method} /{page}/{{token}}" for page in "ocpu" for method in ("GET", "HEAD")}
FORMS = {f"POST /{page}/{{token}}" for page in "pu"}
WORDS = ("batch", "track", "identify", "page", "screen", "alias", "group", "b", "t", "i", "p", "s", "a", "g")
PUBLIC = {f"POST /v1/{word}" for word in WORDS}


def test_every_route_is_explicit_and_only_collecting_and_links_are_public(live: Synthesised):
    """No catch-all route, and none goes without the authorizer but those that check write key or token themselves."""
    routes = {
        each["RouteKey"]: each.get("AuthorizationType") for each in live.of_type("AWS::ApiGatewayV2::Route").values()
    }
    assert set(routes) == GUARDED | PUBLIC | LINKS | FORMS
    assert {route for route, kind in routes.items() if kind == "CUSTOM"} == GUARDED


def test_the_guarded_routes_are_the_documented_ones():
    """docs/architecture.md, Routes."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    moves = "POST /v1/campaigns/{campaign}/"
    assert not [route for route in GUARDED if f"`{route}`" not in text and not route.startswith(moves)]
    assert f"`{moves}{{pause,resume,cancel}}`" in text


def test_a_link_can_be_looked_at_and_only_two_pages_take_a_form(live: Synthesised):
    """Scanners ask with HEAD; pixel and redirect change nothing, so they take no POST."""
    routes = {each["RouteKey"] for each in live.of_type("AWS::ApiGatewayV2::Route").values()}
    tokens = {route for route in routes if "{token}" in route}
    assert tokens == LINKS | FORMS


def test_the_authorizers_cached_answer_counts_for_one_key_and_one_route(live: Synthesised):
    """Without the route key a cached answer would open other scopes' routes."""
    (authorizer,) = live.of_type("AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["IdentitySource"] == ["$request.header.Authorization", "$context.routeKey"]
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
    assert authorizer["AuthorizerResultTtlInSeconds"] == 300


def _stage(live: Synthesised) -> dict[str, Any]:
    (stage,) = live.of_type("AWS::ApiGatewayV2::Stage").values()
    return stage


def test_access_logs_name_the_route_and_never_the_path_or_the_caller(live: Synthesised):
    """A path holds user ids, an address is a person's."""
    log = json.loads(_stage(live)["AccessLogSettings"]["Format"])
    assert log["routeKey"] == "$context.routeKey"
    told = " ".join(log.values())
    assert "path" not in told.lower()
    assert "identity" not in told


def test_requests_are_throttled(live: Synthesised):
    """One client cannot use up the account."""
    assert _stage(live)["DefaultRouteSettings"]["ThrottlingRateLimit"] == 200
    assert _stage(live)["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 400


def test_browsers_may_post_and_nothing_else(live: Synthesised):
    """CORS is for event SDKs."""
    (api,) = live.of_type("AWS::ApiGatewayV2::Api").values()
    assert api["CorsConfiguration"]["AllowMethods"] == ["POST"]
    assert api["CorsConfiguration"]["AllowOrigins"] == ["*"]
    assert "content-type" in api["CorsConfiguration"]["AllowHeaders"]
    assert "AllowCredentials" not in api["CorsConfiguration"]
