"""PyPI hubspot-sdk reads and writes through the sandbox, by the dated paths; the last line is JSON with what it did."""

import json
import os
import time

import hubspot_sdk

client = hubspot_sdk.HubSpot(
    access_token=os.environ["HUBSPOT_ACCESS_TOKEN"], base_url=os.environ["HUBSPOT_BASE_URL"], timeout=20
)
run = f"{time.time_ns():x}"


def held(words: str) -> None:
    print(f"ok  {words}", flush=True)


companies = {
    c.id: (c.properties or {}).get("name") for c in client.crm.objects.companies.list(properties=["name"], limit=100)
}
held(f"read {len(companies)} companies by list")
contacts = {
    c.id: (c.properties or {}).get("email") for c in client.crm.objects.contacts.list(properties=["email"], limit=100)
}
held(f"read {len(contacts)} contacts by list")

name = f"Stranger's {run} – 保持 'quoted' & \\"
made = client.crm.objects.companies.create(properties={"name": name, "domain": f"{run}.example"}, associations=[])
client.crm.objects.companies.update(made.id, properties={"arr": "12345.67"})
seen = client.crm.objects.companies.get(made.id, properties=["name", "arr"])
assert seen.properties["name"] == name, seen
held("create, update and read one company")

inputs = [
    {"properties": {"email": f"p{n}-{run}@example.com", "lastname": f"{run}-{n}"}, "associations": []}
    for n in range(100)
]
many = client.crm.objects.contacts.batch.create(inputs=inputs)
assert len(many.results) == 100
titled = client.crm.objects.contacts.batch.update(
    inputs=[{"id": c.id, "properties": {"jobtitle": "CTO"}} for c in many.results]
)
assert len(titled.results) == 100
held("create and update 100 contacts in batches")

try:
    client.crm.objects.companies.get("999999999999")
except hubspot_sdk.NotFoundError:
    held("a missing company is not found")
else:
    raise SystemExit("a missing company was found")

wrote = {
    "companies": {made.id: {"name": name, "arr": "12345.67"}},
    "contacts": {many.results[0].id: {"jobtitle": "CTO"}},
}
print(json.dumps({"read": {"companies": companies, "contacts": contacts}, "wrote": wrote}))
