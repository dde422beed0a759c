"""The vendors that the sandbox can play."""

from __future__ import annotations

from sandbox.hubspot.vendor import stand_in as hubspot
from sandbox.salesforce.vendor import stand_in as salesforce
from sandbox.standin import Build
from sandbox.zendesk.vendor import stand_in as zendesk

VENDORS: dict[str, Build] = {
    "salesforce": salesforce,
    "hubspot": hubspot,
    "zendesk": zendesk,
}
