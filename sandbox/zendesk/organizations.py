"""Organizations: found by name or external id, written one by one, by key, or by the hundred as a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.zendesk import organization_fields
from sandbox.zendesk.answers import Answer, Refused, forbidden, invalid_value, not_found, record_invalid
from sandbox.zendesk.calls import Call
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.jobs import result
from sandbox.zendesk.pages import listing
from sandbox.zendesk.people import take_away
from sandbox.zendesk.saves import save
from sandbox.zendesk.shapes import ORGANIZATIONS, Body

LARGEST_JOB = 100
WRITABLE = frozenset(ORGANIZATIONS.defaults) - {"id", "created_at", "updated_at", "deleted_at"}
UNIQUE = {"name": "Name", "external_id": "External"}


def search(call: Call) -> Answer:
    """GET organizations/search: by name or by external_id, exact in any case, never both."""
    asked = [name for name in ("name", "external_id") if name in call.query]
    if len(asked) != 1:
        raise invalid_value("Specify either a name or an external_id", 400)
    wanted = call.query[asked[0]].lower()
    rows = call.desk.sorted(ORGANIZATIONS)
    return listing(call, ORGANIZATIONS, [row for row in rows if str(row[asked[0]] or "").lower() == wanted])


def create(call: Call) -> Answer:
    """POST organizations."""
    made = _create(call, _given(call, "organization"))
    return Answer(201, {"organization": call.show(ORGANIZATIONS, made)})


def update(call: Call, id: str) -> Answer:
    """PUT organizations/{id}: five times a minute."""
    call.limits.of_organization(id)
    changed = _update(call, _existing(call.desk, id), _given(call, "organization"))
    return Answer(200, {"organization": call.show(ORGANIZATIONS, changed)})


def create_or_update(call: Call) -> Answer:
    """POST organizations/create_or_update: matched by id or external_id, never by name."""
    given = _given(call, "organization")
    found = _matching(call.desk, given)
    saved = _update(call, found, given) if found else _create(call, given)
    return Answer(200 if found else 201, {"organization": call.show(ORGANIZATIONS, saved)})


def update_many(call: Call) -> Answer:
    """PUT organizations/update_many: up to 100 of their own, or ids with one change for all; done by a job."""
    bulk = call.desk.settings.bulk_sets_fields

    def change(given: Mapping[str, Any]) -> Any:
        wanted = {name: value for name, value in given.items() if bulk or name != "organization_fields"}
        return _update(call, _matching(call.desk, given) or _missing(), wanted)["id"]

    return _job(call, _many(call), "update", change)


def create_many(call: Call) -> Answer:
    """POST organizations/create_many: up to 100, done by a job."""
    return _job(call, _listed(call), "create", lambda given: _create(call, given)["id"])


def delete(call: Call, id: str) -> Answer:
    """DELETE organizations/{id}."""
    take_away(call.desk, ORGANIZATIONS, _existing(call.desk, id)["id"])
    return Answer(204)


def _job(call: Call, wanted: list[Mapping[str, Any]], action: str, do: Callable[[Mapping[str, Any]], Any]) -> Answer:
    call.jobs.check_room()
    lines = []
    for place, given in enumerate(wanted):
        record_id = given.get("id")
        try:
            if trouble := call.trouble(place, str(record_id)):
                raise trouble
            record_id = do(given)
            lines.append(result(place, record_id, action, None))
        except Refused as refused:
            lines.append(result(place, record_id, action, refused))
    return Answer(200, {"job_status": call.jobs.add(f"Bulk {action.capitalize()} Organization", lines, call.host)})


def _many(call: Call) -> list[Mapping[str, Any]]:
    """The records of the body, or one change repeated for ids or external_ids of the address."""
    for name, key in (("ids", "id"), ("external_ids", "external_id")):
        if name in call.query:
            shared = _given(call, "organization")
            return _few_enough([{**shared, key: each} for each in call.ids(name)])
    return _listed(call)


def _listed(call: Call) -> list[Mapping[str, Any]]:
    rows = call.json().get("organizations")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid_value("organizations must be a list of objects", 400)
    return _few_enough(rows)


def _few_enough(rows: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if len(rows) > LARGEST_JOB:
        raise Refused(400, {"error": "TooManyOrganizations", "description": f"at most {LARGEST_JOB} at once"})
    return rows


def _given(call: Call, name: str) -> Mapping[str, Any]:
    given = call.json().get(name)
    if not isinstance(given, dict):
        raise invalid_value(f"Parameter {name} is required and must be an object", 400)
    return given


def _existing(desk: Desk, record_id: Any) -> Body:
    return desk.live(ORGANIZATIONS, record_id) or _missing()


def _missing() -> Body:
    raise not_found()


def _matching(desk: Desk, given: Mapping[str, Any]) -> Body | None:
    """The organization that is meant; an id that leads nowhere is an error, a new external_id is not."""
    if given.get("id") is not None:
        return _existing(desk, given["id"])
    return _holder(desk, "external_id", given.get("external_id"))


def _holder(desk: Desk, name: str, value: Any) -> Body | None:
    if value is None:
        return None
    wanted = str(value).lower()
    return next((row for row in desk.sorted(ORGANIZATIONS) if str(row[name] or "").lower() == wanted), None)


def _create(call: Call, given: Mapping[str, Any]) -> Body:
    if not call.who.is_admin:
        raise forbidden()
    if not given.get("name"):
        raise record_invalid("name", "cannot be blank", "BlankValue")
    return save(call.desk, ORGANIZATIONS, None, _accepted(call.desk, None, given))


def _update(call: Call, before: Body, given: Mapping[str, Any]) -> Body:
    """Fields that are not named stay; agents may change the notes only."""
    if not call.who.is_admin and set(given) - {"id", "notes"}:
        raise forbidden()
    return save(call.desk, ORGANIZATIONS, before, _accepted(call.desk, before, given))


def _accepted(desk: Desk, before: Body | None, given: Mapping[str, Any]) -> dict[str, Any]:
    written = {name: value for name, value in given.items() if name in WRITABLE}
    for name, label in UNIQUE.items():
        holder = _holder(desk, name, written.get(name))
        if holder is not None and (before is None or holder["id"] != before["id"]):
            raise record_invalid(name, f"{label}: {written[name]} has already been taken", "DuplicateValue")
    if "organization_fields" in written:
        known = before or ORGANIZATIONS.defaults
        fresh = organization_fields.accepted(desk, written["organization_fields"] or {})
        written["organization_fields"] = {**known["organization_fields"], **fresh}
        old = organization_fields.tags(desk, {key: known["organization_fields"].get(key) for key in fresh})
        written["tags"] = sorted(
            (set(written.get("tags") or known["tags"]) - old) | organization_fields.tags(desk, fresh)
        )
    return written
