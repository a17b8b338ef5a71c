"""The CDK app: settings from cdk.json's context, two stacks, and cdk-nag's opinion of both."""

import sys
from typing import cast

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infra.bundling import LayerNotBuilt, Target
from infra.layers import Layers, TooLarge
from infra.settings import InvalidSetting, Settings, read_settings
from infra.stacks import AddresseeStack, DataStack


def build(app: App, settings: Settings, layers: Layers) -> tuple[DataStack, AddresseeStack]:
    """Put both stacks into `app`."""
    data = DataStack(app, settings)
    stack = AddresseeStack(app, settings, layers, data)
    Tags.of(app).add("application", settings.prefix)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return data, stack


def main() -> None:
    """Synthesise; a setting, lock or layer that cannot be used stops with one line."""
    app = App()
    try:
        settings = read_settings(app.node.try_get_context)
        build(app, settings, Layers(cast("Target", settings.layers)))
    except (InvalidSetting, LayerNotBuilt, TooLarge) as problem:
        sys.exit(f"addressee: {problem}")
    app.synth()


if __name__ == "__main__":
    main()
