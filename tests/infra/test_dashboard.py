"""The dashboard: nothing that runs is left out."""

import json

from tests.infra.conftest import Synthesised
from tests.infra.functions import FUNCTIONS


def test_the_dashboard_shows_every_function(live: Synthesised):
    """Errors and longest runs, one line each; and the API, the stream and Learn."""
    (dashboard,) = live.of_type("AWS::CloudWatch::Dashboard").values()
    shown = json.dumps(dashboard["DashboardBody"])
    functions = {name for name, each in live.resources.items() if each["Type"] == "AWS::Lambda::Function"}
    assert len(functions) == len(FUNCTIONS)
    for name in functions:
        assert shown.count(f'"Ref": "{name}"') >= 2, name
    for title in (
        "API: requests",
        "Stream: records in",
        "Mails: sent",
        "Mails and feedback that wait",
        "Learn: started",
    ):
        assert title in shown
