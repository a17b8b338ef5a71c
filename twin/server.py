"""Starts the emulator, mended. Runs in the twin's own environment: `python -m twin.server`."""

import os
from pathlib import Path

import ministack.app

from twin import emulator
from twin.mail_service import MailService
from twin.mends import mend_batch_actions, mend_cors, mend_secret_references
from twin.mends_ses import mend_identities, mend_sending_rights
from twin.meter import FILE, Meter
from twin.outbox import FOLDER, Outbox
from twin.public_links import PublicLinks
from twin.wrapper import InflatedBodies


def main() -> None:
    """Serve until SIGTERM. `TWIN_FOLDER` holds the outbox, `TWIN_SEND_RATE` is the quota in mails a second.

    With `TWIN_METER` set every call is counted into the folder.
    """
    mend_secret_references()
    mend_cors()
    mend_batch_actions()
    mend_identities()
    mend_sending_rights()
    outbox = Outbox(Path(os.environ["TWIN_FOLDER"]) / FOLDER)
    rate = float(os.environ["TWIN_SEND_RATE"])
    mails = MailService(ministack.app.app, outbox, emulator.publish, per_second=rate)
    ministack.app.app = PublicLinks(InflatedBodies(mails), emulator.links_api)
    if os.environ.get("TWIN_METER"):
        ministack.app.app = Meter(ministack.app.app, Path(os.environ["TWIN_FOLDER"]) / FILE)
    ministack.app.main()


if __name__ == "__main__":
    main()
