"""The two stacks: what is kept, and what can be thrown away and deployed again."""

from aws_cdk import App, CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.alarms import FIVE_MINUTES, Alarms
from infra.api import Api
from infra.dashboard import Dashboard, Flows
from infra.decisions import Decisions, DecisionsData, Reads, authorize_request
from infra.emails import Campaigns, EmailsData
from infra.events import Events, EventsData
from infra.feedback import Feedback, FeedbackData, Kept
from infra.function import Functions
from infra.grants import arn_of
from infra.layers import Layers
from infra.links import Links
from infra.models import Learned, Models, ModelsData
from infra.profiles import Profiles, ProfilesData
from infra.sending import Mails, Upstream
from infra.ses import Sending
from infra.settings import Settings
from infra.storage import Storage
from infra.watch import Watch, Watched


class DataStack(Stack):
    """Tables, buckets, key, secrets, stream: retained."""

    def __init__(self, app: App, settings: Settings) -> None:
        """Make what each stage keeps."""
        name = f"AddresseeData-{settings.stage}" if settings.stage else "AddresseeData"
        super().__init__(app, name, termination_protection=settings.retain, description="Addressee: what is kept")
        self.storage = Storage(self, settings)
        self.events = EventsData(self, self.storage)
        self.profiles = ProfilesData(self, self.storage)
        self.models = ModelsData(self, self.storage)
        self.decisions = DecisionsData(self, self.storage)
        self.emails = EmailsData(self, self.storage)
        self.feedback = FeedbackData(self, self.storage)


class AddresseeStack(Stack):
    """Functions, API, delivery, learning, alarms: nothing that could be lost."""

    def __init__(self, app: App, settings: Settings, layers: Layers, data: DataStack) -> None:
        """Make what each stage runs, upstream first."""
        name = f"Addressee-{settings.stage}" if settings.stage else "Addressee"
        super().__init__(app, name, description="Addressee: what runs")
        key = data.storage.key
        self.alarms = Alarms(self, settings, key)
        functions = Functions(self, settings, layers, self.alarms, key)
        self.api = Api(self, settings, key, self.alarms, authorize_request(functions, data.events))
        Events(self, data.events, functions, self.api)
        self.profiles = Profiles(self, data.profiles, data.events, functions, self.api)
        learned = Learned(data.profiles, data.emails.emails)
        models = Models(self, data.models, learned, functions, self.profiles.compact)
        self.learn = models.learn
        self.watch = Watch(
            self, Watched(data.models, data.profiles.lake, data.decisions.decisions), functions, self.learn
        )
        Decisions(self, data.decisions, Reads(data.profiles, data.models), functions, self.api)
        self.campaigns = Campaigns(self, data.emails, data.profiles, functions, self.api)
        self.sending = Sending(self, settings, data.feedback.topic)
        self.links_url = settings.links_url or self.api.http.api_endpoint
        Mails(
            self,
            data.emails,
            Upstream(data.profiles, data.models, data.decisions),
            self.sending,
            functions,
            self.links_url,
        )
        Links(self, data.emails, data.profiles, data.feedback, functions, self.api)
        kept = Kept(data.events, data.profiles, data.decisions, data.emails.sends)
        Feedback(self, data.feedback, kept, functions)
        self._watch_throttles()
        flows = Flows(data.events.stream, data.emails.queue.queue, data.feedback.queue.queue)
        Dashboard(self, functions, self.api, flows, self.learn)
        self._tell(data)

    def _watch_throttles(self) -> None:
        """One alarm for the account: the limit that throttles is the account's."""
        self.alarms.add(
            "throttles",
            cloudwatch.Metric(namespace="AWS/Lambda", metric_name="Throttles", statistic="Sum", period=FIVE_MINUTES),
            above=0,
            do="Lambda refused invocations: the account's concurrency is used up (10 on a fresh account). Ask AWS for"
            " more (Service Quotas, Lambda, concurrent executions); nothing is lost meanwhile.",
        )

    def _tell(self, data: DataStack) -> None:
        """Say the names that the command line, tests and people need."""
        outputs = {
            "ApiUrl": self.api.http.api_endpoint,
            "EventStream": data.events.stream.stream_name,
            "ProfilesTable": data.profiles.profiles.table_name,
            "ItemsTable": data.profiles.items.table_name,
            "DecisionsTable": data.decisions.decisions.table_name,
            "SuppressionsTable": data.decisions.suppressions.table_name,
            "LakeBucket": data.profiles.lake.bucket_name,
            "ModelsBucket": data.models.models.bucket_name,
            "QuarantineBucket": data.events.quarantine.bucket_name,
            "LakeStream": self.profiles.delivery.ref,
            "KeysSecret": arn_of(data.events.keys),
            "SubjectSecret": arn_of(data.profiles.subject_key),
            "LearnArn": self.learn.machine.state_machine_arn,
            "AlarmTopic": self.alarms.topic.topic_arn,
            "SendsTable": data.emails.sends.table_name,
            "CampaignsTable": data.emails.campaigns.table_name,
            "EmailsBucket": data.emails.emails.bucket_name,
            "SendQueue": data.emails.queue.queue.queue_url,
            "FeedbackQueue": data.feedback.queue.queue.queue_url,
            "FeedbackTopic": data.feedback.topic.topic_arn,
            "LinksSecret": arn_of(data.emails.links_key),
            "PlanArn": self.campaigns.plan.machine.state_machine_arn,
            "DispatchFunction": self.campaigns.dispatch.function_name,
            "WatchFunction": self.watch.function.function_name,
            "LinksUrl": self.links_url,
            "ConfigurationSet": self.sending.name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
