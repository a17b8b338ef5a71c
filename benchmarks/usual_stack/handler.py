# mypy: ignore-errors
"""The usual stack, written as its documentation teaches: the peer of suite `serving`.

Powertools' HTTP resolver with validation, boto3's resource layer, pandas, LightGBM with scikit-learn installed, Jinja2
and pydantic. It reads the person's row, scores 100 candidates of 40 features, reads the items of the best 24, stores
and answers the best 12. Features come ready-made with the row, which favours it.
"""

import json
import os
from decimal import Decimal
from typing import Any

import boto3
import lightgbm
import numpy as np
import pandas as pd
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from boto3.dynamodb.conditions import Key
from jinja2 import Environment, StrictUndefined
from pydantic import BaseModel, Field

COLUMNS = [f"feature_{index}" for index in range(40)]

logger = Logger(service="decide")
metrics = Metrics(namespace="Usual", service="decide")
app = APIGatewayHttpResolver(enable_validation=True)
dynamodb = boto3.resource("dynamodb")
profiles = dynamodb.Table("profiles")
decisions = dynamodb.Table("decisions")
secret = boto3.client("secretsmanager").get_secret_value(SecretId="subject")["SecretString"]
stored = boto3.client("s3").get_object(Bucket=os.environ["MODELS_BUCKET"], Key="models/booster.txt")
booster = lightgbm.Booster(model_str=stored["Body"].read().decode())
templates = Environment(autoescape=True, undefined=StrictUndefined)
subject_line = templates.from_string("{{ count }} things for you")


class Ask(BaseModel):
    """The request."""

    campaign: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    user_id: str = Field(alias="userId", max_length=256)
    products: list[str] | None = Field(default=None, max_length=12)
    use: str = "mixed"
    context: dict[str, Any] = Field(default_factory=dict)


class Product(BaseModel):
    """One product of the answer."""

    itemId: str  # noqa: N815  # the API's name
    confidence: float


class Decision(BaseModel):
    """The answer."""

    campaign: str
    mail: bool
    subject: str
    products: list[Product]


@app.post("/v1/decisions")
def decide(ask: Ask) -> Decision:
    """Score the candidates of one person."""
    rows = profiles.query(KeyConditionExpression=Key("subject").eq(ask.user_id))["Items"]
    row = next(each for each in rows if each["part"] == "candidates")
    names = json.loads(row["names"])
    features = np.frombuffer(row["features"].value, dtype=np.float32).reshape(len(names), len(COLUMNS))
    frame = pd.DataFrame(features, columns=COLUMNS)
    frame["item_id"] = names
    frame["score"] = booster.predict(frame[COLUMNS])
    best = frame.sort_values("score", ascending=False).head(24)
    keys = [{"item_id": item_id} for item_id in best["item_id"]]
    items = {
        each["item_id"]: each
        for each in dynamodb.batch_get_item(RequestItems={"items": {"Keys": keys}})["Responses"]["items"]
    }
    shown = [each for each in best.itertuples() if items[each.item_id]["in_stock"]][:12]
    products = [Product(itemId=each.item_id, confidence=float(each.score)) for each in shown]
    decisions.put_item(
        Item={
            "subject": ask.user_id,
            "campaign": ask.campaign,
            "products": [{"item_id": each.itemId, "score": Decimal(str(each.confidence))} for each in products],
        }
    )
    return Decision(
        campaign=ask.campaign, mail=True, subject=subject_line.render(count=len(products)), products=products
    )


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one HTTP API request."""
    return app.resolve(event, context)
