"""PyPI zenpy reads and writes through the sandbox; the last line is JSON with what was read and written.

zenpy is under the GPL: it runs in an environment and a process of its own and is no part of crmpulse.
"""

import json
import os
import time
from urllib.parse import urlsplit

import requests

os.environ["ZENPY_FORCE_SCHEME"] = "http"  # read when zenpy is loaded
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Organization, Ticket
from zenpy.lib.exception import RecordNotFoundException

base = os.environ["ZENDESK_BASE_URL"]
grant = {
    "grant_type": "client_credentials",
    "client_id": os.environ["ZENDESK_CLIENT_ID"],
    "client_secret": os.environ["ZENDESK_CLIENT_SECRET"],
    "scope": "read write",
}
token = requests.post(f"{base}/oauth/tokens", json=grant, timeout=20).json()["access_token"]
subdomain, _, domain = urlsplit(base).netloc.partition(".")  # 127 and 0.0.1:8765
client = Zenpy(subdomain=subdomain, domain=domain, oauth_token=token)
run = f"{time.time_ns():x}"


def held(words: str) -> None:
    print(f"ok  {words}", flush=True)


tickets = {str(t.id): t.subject for t in client.tickets.incremental(start_time=0, paginate_by_time=False)}
held(f"read {len(tickets)} tickets by cursor export")
organizations = {str(o.id): o.name for o in client.organizations()}
held(f"read {len(organizations)} organizations by list")
users = {str(u.id): u.email for u in client.users()}
held(f"read {len(users)} users by list")

name = f"Stranger's {run} – 保持 'quoted' & \\"
made = client.organizations.create(Organization(name=name, external_id=run))
made.organization_fields = {"crmpulse_score": 72}
client.organizations.update(made)
seen = client.organizations(id=made.id)
assert seen.name == name, seen
assert seen.organization_fields["crmpulse_score"] == 72, seen.organization_fields
held("create, update and read one organization")

answered = client.tickets.create(
    Ticket(subject=f"Question {run}", comment=Comment(body="help"), organization_id=made.id)
)
ticket = getattr(answered, "ticket", answered)  # an audit around it, where the answer carries one
ticket.priority = "urgent"
client.tickets.update(ticket)
held("create and update one ticket")

try:
    client.organizations(id=999999999)
except RecordNotFoundException:
    held("a missing organization is not found")
else:
    raise SystemExit("a missing organization was found")

wrote = {
    "organizations": {str(made.id): {"name": name, "external_id": run, "organization_fields.crmpulse_score": 72}},
    "tickets": {str(ticket.id): {"subject": f"Question {run}", "priority": "urgent", "organization_id": made.id}},
}
print(json.dumps({"read": {"tickets": tickets, "organizations": organizations, "users": users}, "wrote": wrote}))
