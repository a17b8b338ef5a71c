"""Stage emails: the public links in mails, guarded by their signature."""

import json

from constructs import Construct

from infra.alarms import own_metric
from infra.api import Api
from infra.emails import EmailsData
from infra.feedback import FeedbackData
from infra.function import Functions, request_power
from infra.grants import allow_rows, allow_secret, arn_of
from infra.profiles import ProfilesData
from infra.queues import allow_putting

PAGES = ("o", "c", "p", "u")
FORMS = ("p", "u")
ROUTES = (
    *(f"{method} /{page}/{{token}}" for page in PAGES for method in ("GET", "HEAD")),
    *(f"POST /{page}/{{token}}" for page in FORMS),
)


class Links(Construct):
    """What answers the links."""

    def __init__(  # noqa: PLR0913, PLR0917  # what it reads and where it reports
        self,
        scope: Construct,
        data: EmailsData,
        profiles: ProfilesData,
        feedback: FeedbackData,
        functions: Functions,
        api: Api,
    ) -> None:
        """Make `serve_links` and its routes."""
        super().__init__(scope, "Links")
        serve = functions.make(
            "serve_links",
            request_power(functions.settings),
            "core",
            "rendering",
            profiles_table=profiles.profiles.table_name,
            links_secret=arn_of(data.links_key),
            feedback_queue=feedback.queue.queue.queue_url,
            topics=json.dumps(dict(functions.settings.topics), sort_keys=True),
            sender=functions.settings.sender,
        )
        allow_rows(serve, profiles.profiles, "GetItem", "UpdateItem")
        allow_secret(serve, data.links_key)
        allow_putting(serve, feedback.queue)
        api.serve_publicly(
            serve, *ROUTES, reason="People and mail programs follow links; each carries a token that only we can sign."
        )
        functions.alarms.add(
            "link-faults",
            own_metric("LinkFault", "serve_links"),
            above=0,
            do="A link in a mail was answered with 503, an unsubscription maybe. serve_links' log names the fault;"
            " mailbox providers try again by themselves, people may not.",
        )
        functions.alarms.add(
            "links-not-recorded",
            own_metric("LinkNotRecorded", "serve_links"),
            above=0,
            do="What people did with links could not be queued, so results miss it; unsubscriptions hold all the same."
            " serve_links' log names the fault.",
        )
