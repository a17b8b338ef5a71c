"""The laptop twin: the real CDK app on a local AWS emulator. Nothing here runs in AWS."""
