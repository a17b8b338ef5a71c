"""Stage decisions: decisions and suppressions, who may ask, and the function that answers at send time."""

import json
from typing import NamedTuple

from aws_cdk import aws_lambda as awslambda
from constructs import Construct

from infra.alarms import own_metric
from infra.api import Api
from infra.events import EventsData
from infra.function import Functions, request_power
from infra.grants import allow_listing, allow_objects, allow_rows, allow_secret, arn_of
from infra.models import ModelsData
from infra.profiles import ProfilesData
from infra.settings import Settings
from infra.storage import Storage


class DecisionsData(Construct):
    """What the stage keeps."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make the two tables."""
        super().__init__(scope, "Decisions")
        self.decisions = storage.table(self, "Decisions", "subject", "campaign")
        self.suppressions = storage.table(self, "Suppressions", "address_hash")


class Reads(NamedTuple):
    """What `decide_content` reads of the stages upstream."""

    profiles: ProfilesData
    models: ModelsData


def authorize_request(functions: Functions, events: EventsData) -> awslambda.Function:
    """Make the function that tells the API who calls and with which scope."""
    authorizer = functions.make(
        "authorize_request", request_power(functions.settings), "core", keys_secret=arn_of(events.keys)
    )
    allow_secret(authorizer, events.keys)
    return authorizer


class Decisions(Construct):
    """What the stage runs."""

    def __init__(
        self,
        scope: Construct,
        data: DecisionsData,
        reads: Reads,
        functions: Functions,
        api: Api,
    ) -> None:
        """Make `decide_content`, its routes, and the alarm on answers that fell back."""
        super().__init__(scope, "Decisions")
        profiles, models = reads
        decide = functions.make(
            "decide_content",
            request_power(functions.settings),
            "core",
            "runtime",
            profiles_table=profiles.profiles.table_name,
            decisions_table=data.decisions.table_name,
            items_table=profiles.items.table_name,
            suppressions_table=data.suppressions.table_name,
            models_bucket=models.models.bucket_name,
            subject_secret=arn_of(profiles.subject_key),
            diversity=str(functions.settings.diversity),
            **mail_rules(functions.settings),  # type: ignore[arg-type]  # none of its names is one of make's own
        )
        allow_rows(decide, profiles.profiles, "GetItem", "Query")
        allow_rows(decide, profiles.items, "BatchGetItem", "GetItem")
        allow_rows(decide, data.suppressions, "GetItem")
        allow_rows(decide, data.decisions, "GetItem", "PutItem")
        allow_listing(decide, models.models)
        allow_objects(decide, models.models, "GetObject", below=["models/"])
        allow_secret(decide, profiles.subject_key)
        api.serve(
            decide,
            "POST /v1/decisions",
            "GET /v1/users/{id}/recommendations",
            "GET /v1/users/{id}/scores",
            "GET /v1/decisions/{decisionId}",
        )
        functions.alarms.add(
            "decision-fallback",
            own_metric("DecisionFallback", "decide_content"),
            above=10,
            do="Over 10 answers in 5 minutes fell back for want of a table or a model. decide_content's log names what"
            " could not be read; look there first, then at that service's health.",
        )


def mail_rules(settings: Settings) -> dict[str, str]:
    """Return the settings about mailing as the function's environment holds them."""
    return {
        "repurchase_days": json.dumps(dict(settings.repurchase_days), sort_keys=True),
        "cap_per_day": str(settings.cap_per_day),
        "cap_per_week": str(settings.cap_per_week),
        "default_hour": str(settings.default_hour),
        "quiet_hours": settings.quiet_hours,
        "default_time_zone": settings.default_time_zone,
    }
