"""Every fixed table on one page.

`kept` tables are what we cannot get again (received records, links, decisions, the ledger, the score history): they
change by numbered additive migrations only. `derived` tables are functions of kept ones: dropped and rebuilt when
their definition changes. Instants are naive UTC in the database and aware UTC in Python. Indexes exist on PostgreSQL
only: DuckDB scans columns faster than it maintains an index.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

kept = MetaData()
derived = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, `timestamp` without zone in the database, the same on both engines."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Exact(Numeric[Decimal]):
    """Decimals as both drivers bring them; on the way through SQLAlchemy's they would pass a float."""

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


Amount = Exact(20, 4)
"""Money in the currency of its neighbour column; four digits hold every minor unit in use."""


def _index(table: Table, *columns: str) -> None:
    name = f"ix_{table.name}_{'_'.join(columns)}"
    Index(name, *(table.c[c] for c in columns)).ddl_if(dialect="postgresql")


# --- what came in -----------------------------------------------------------------------------------------------------

systems = Table(
    "systems",
    kept,
    Column("system", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("organization", String, nullable=False),  # org or portal id at first contact; checked at every start
    Column("first_seen_at", Instant, nullable=False),
)

runs = Table(
    "runs",
    kept,
    Column("run", String, primary_key=True),  # ULID
    Column("verb", String, nullable=False),  # pull, score, push, sync
    Column("as_of", Date),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),  # NULL: still running, or killed
    Column("exit_status", Integer),
    Column("summary", Text),  # JSON: counts by step and system
)

bookmarks = Table(
    "bookmarks",
    kept,
    Column("system", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("bookmark", Text, nullable=False),  # JSON, opaque
    Column(
        "definition", String, nullable=False
    ),  # hash of the stream's object, fields and filter: a change starts anew
    Column("committed_at", Instant, nullable=False),
)

raw_records = Table(  # one version per change of a record; the current one has no superseded_at
    "raw_records",
    kept,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),
    Column("hash", String, nullable=False),  # over the mapped fields without pushed ones and modification stamps
    Column("payload", Text, nullable=False),  # JSON object of the mapped fields as received; {} on a bare deletion
    Column("deleted", Boolean, nullable=False),
    Column("merged_into", String),
    Column("line", Integer, nullable=False),
    Column("file_hash", String, nullable=False),
    Column("run", String, nullable=False),
    Column("landing", Integer, nullable=False),  # which commit of its stream brought it, from 1; conform resumes by it
    Column("seen_at", Instant, nullable=False),
    Column("superseded_at", Instant),
)
_index(raw_records, "system", "stream", "id")
_index(raw_records, "system", "stream", "landing")

seen_values = Table(  # what the CRM holds in the fields that we push; newest only
    "seen_values",
    kept,
    Column("system", String, nullable=False),
    Column("object", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("key", String),  # value of the push mapping's external key field, where the object has one
    Column("fields", Text, nullable=False),  # JSON: vendor field -> value, as received
    Column("deleted", Boolean, nullable=False),
    Column("requested_at", Instant, nullable=False),  # when the request was sent that brought them
)
_index(seen_values, "system", "object", "external_id")

deliveries = Table(  # a fact: this stream is complete for (files) or through (APIs) this day
    "deliveries",
    kept,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("table_name", String, nullable=False),  # our table that the stream feeds
    Column("day", Date, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

files = Table(
    "files",
    kept,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("file_hash", String, nullable=False),
    Column("file", String, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("run", String, nullable=False),  # the one that read it first
    Column("seen_at", Instant, nullable=False),
)


def _day_grained(name: str, *columns: Column[Any]) -> Table:
    table = Table(
        name,
        kept,
        Column("system", String, nullable=False),
        Column("stream", String, nullable=False),
        Column("account_ref", String, nullable=False),  # links.external_id of the account in this system
        Column("day", Date, nullable=False),
        *columns,
        Column("file_hash", String, nullable=False),
        Column("line", Integer, nullable=False),
        Column("seen_at", Instant, nullable=False),
        Column("superseded_at", Instant),  # set when the day was delivered again
    )
    _index(table, "system", "stream", "day")
    _index(table, "system", "account_ref")
    return table


usage_days = _day_grained(
    "usage_days",
    Column("product", String, nullable=False),  # '' where the file has no such column
    Column("department", String, nullable=False),
    Column("user_email", String, nullable=False),
    Column("active_users", Integer, nullable=False),
)
feature_days = _day_grained(
    "feature_days",
    Column("product", String, nullable=False),
    Column("feature", String, nullable=False),
    Column("uses", BigInteger, nullable=False),
)
limit_days = _day_grained(
    "limit_days",
    Column("product", String, nullable=False),
    Column("limit_name", String, nullable=False),
    Column("used", Double, nullable=False),
    Column("allowed", Double, nullable=False),
)

issues = Table(  # everything that came in and could not be used as it was, and every question for a person
    "issues",
    kept,
    Column("issue", String, primary_key=True),  # hash of kind, system, stream, subject, field
    Column("kind", String, nullable=False),
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("subject", String, nullable=False),  # record id, "file:line", account id
    Column("field", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("resolved_at", Instant),
)

# --- whose is whose ---------------------------------------------------------------------------------------------------

account_ids = Table(
    "account_ids",
    kept,
    Column("account_id", String, primary_key=True),  # ULID, ours, minted once
    Column("minted_at", Instant, nullable=False),
    Column("merged_into", String),
    Column("merged_by", String),  # person: undone when the link in links.yaml goes; NULL: a CRM merged the records
)

links = Table(
    "links",
    kept,
    Column("account_id", String, nullable=False),
    Column("system", String, nullable=False),
    Column(
        "object", String, nullable=False
    ),  # the pull mapping's stream that holds accounts ("Account"); "account" for files
    Column("external_id", String, nullable=False),
    Column("rule", String, nullable=False),  # link_key, key, domain, minted, person
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
)
_index(links, "system", "external_id")
_index(links, "account_id")

# --- our picture of the facts (derived) -------------------------------------------------------------------------------


def _fact(name: str, *columns: Column[Any]) -> Table:
    """A conformed table; `account_ref` is the account's id in the same system; the view account_<name> resolves it."""
    table = Table(
        name,
        derived,
        Column("system", String, nullable=False),
        Column("stream", String, nullable=False),
        Column("id", String, nullable=False),
        Column("account_ref", String),
        *columns,
        Column("seen_at", Instant, nullable=False),
    )
    _index(table, "system", "stream", "id")
    _index(table, "account_ref")
    return table


account_records = _fact(  # one row per account record of a system; account_ref = id
    "account_records",
    Column("link_key", String),  # our key as the CRM shows it
    Column("name", String),
    Column("domain", String),
    Column("parent_ref", String),
    Column("status", String),
    Column("industry", String),
    Column("time_zone", String),
    Column("arr_native", Amount),
    Column("currency", String),
    Column("renewal_date", Date),
    Column("override_tier", String),  # what a person says about its health, with owner, reason and last day
    Column("override_owner", String),
    Column("override_reason", String),
    Column("override_until", Date),
)
account_keys = Table(  # explicit keys of an account record in other systems
    "account_keys",
    derived,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),
    Column("other_system", String, nullable=False),
    Column("other_id", String, nullable=False),
)
account_domains = Table(  # every domain of an account record, the one of its column `domain` too
    "account_domains",
    derived,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),
    Column("domain", String, nullable=False),
)
opportunity_keys = Table(  # the ids that an opportunity has in the systems that sync it
    "opportunity_keys",
    derived,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),
    Column("other_system", String, nullable=False),
    Column("other_id", String, nullable=False),
)
account_roles = Table(  # who looks after the account, in the order of the mapping's fallbacks
    "account_roles",
    derived,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),  # the account record
    Column("role", String, nullable=False),  # csm, csm_manager, sales_owner, sponsor_owner
    Column("ordinal", Integer, nullable=False),
    Column("user_ref", String),  # a user of this system
    Column("email", String),
    Column("manager_of", String),  # another role
)
attributes = Table(
    "attributes",
    derived,
    Column("system", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("id", String, nullable=False),
    Column("account_ref", String),
    Column("name", String, nullable=False),
    Column("text", String),
    Column("number", Double),
    Column("date", Date),
)
contacts = _fact(
    "contacts",
    Column("name", String),
    Column("email", String),
    Column("title", String),
    Column("role", String),  # sponsor, champion, or what the value map says; NULL without one
    Column("active", Boolean),
)
users = _fact(
    "users",
    Column("name", String),
    Column("email", String),
    Column("active", Boolean),
    Column("manager_ref", String),
)
opportunities = _fact(
    "opportunities",
    Column("key", String),  # our external key, on those that we created
    Column("name", String),
    Column("stage", String),
    Column("type", String),
    Column("amount_native", Amount),
    Column("currency", String),
    Column("close_date", Date),
    Column("closed", Boolean),
    Column("won", Boolean),
    Column("declined_reason", String),  # why sales turned it down
    Column("owner_ref", String),
    Column("expansion", Boolean, nullable=False),  # what expansion_when says
)
opportunity_contacts = _fact(
    "opportunity_contacts",
    Column("opportunity_ref", String),
    Column("contact_ref", String),
    Column("role", String),
)
tickets = _fact(
    "tickets",
    Column("subject", String),
    Column("severity", String),  # critical, high, normal, low
    Column("opened_at", Instant),
    Column("opened_day", Date),  # local day of the account
    Column("first_response_at", Instant),
    Column("solved_at", Instant),
    Column("solved_day", Date),
    Column("rating", String),  # good, bad, neutral
    Column("rated_at", Instant),
    Column("rated_day", Date),
)
touchpoints = _fact(
    "touchpoints",
    Column("kind", String),  # email, call, meeting, event, portal
    Column("direction", String),  # inbound, outbound
    Column("outcome", String),  # held, no_show, cancelled_by_us, cancelled_by_customer, planned
    Column("contact_ref", String),
    Column("contact_email", String),
    Column("owner_ref", String),
    Column("subject", String),
    Column("occurred_at", Instant),
    Column("day", Date),  # local day of the account
)
subscriptions = _fact(
    "subscriptions",
    Column("product", String),
    Column("status", String),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("arr_native", Amount),
    Column("currency", String),
)
goals = _fact(
    "goals",
    Column("title", String),
    Column("stated_day", Date),
    Column("progress_day", Date),  # last day on which it advanced
    Column("reached_day", Date),
    Column("status", String),
)
plan_features = _fact(  # features by name: those that a subscription holds, those that the success plan wants used
    "plan_features",
    Column("product", String),
    Column("feature", String),
    Column("plan", String),  # subscription, success
)
task_feedback = _fact(  # what people did with tasks of ours
    "task_feedback",
    Column("key", String),  # of the task
    Column("closed", Boolean),
    Column("closed_at", Instant),
    Column("closed_day", Date),  # local day of the account
    Column("done_by_ref", String),  # user of the same system who completed it
    Column("verdict", String),  # not_a_risk, snoozed
    Column("snoozed_until", Date),
)
surveys = _fact(
    "surveys",
    Column("kind", String),  # nps, csat, renewal_intent, referral
    Column("score", Double),
    Column("contact_email", String),
    Column("answered_day", Date),
)

accounts = Table(  # one row per account of ours: account_records merged in source order, amounts in reporting currency
    "accounts",
    derived,
    Column("account_id", String, primary_key=True),
    Column("name", String),
    Column("domain", String),
    Column("parent_id", String),  # account_id of the parent
    Column("status", String),
    Column("industry", String),
    Column("time_zone", String, nullable=False),  # IANA name, UTC by default
    Column("arr_native", Amount),
    Column("currency", String),
    Column("arr_reporting", Amount),  # NULL: no ARR, or no plan rate
    Column("renewal_date", Date),
    Column("first_subscription_start", Date),
    Column("customer", Boolean),  # what customer_when says; NULL where its fields are unknown
    Column("excluded", Boolean, nullable=False),
    Column("crm", String),  # system of record: where tasks and handoffs go
    Column("sources", Text, nullable=False),  # JSON: column -> system that won
)

conformed = Table(  # how far the raw versions of a stream are in our tables; lost with them, so that both start anew
    "conformed",
    derived,
    Column("system", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("definition", String, nullable=False),  # hash of the pull mapping: a change conforms the stream from scratch
    Column("landing", Integer, nullable=False),
)
local_zones = Table(  # time zones other than UTC by which local days were computed
    "local_zones",
    derived,
    Column("system", String, nullable=False),
    Column("account_ref", String, nullable=False),
    Column("time_zone", String, nullable=False),
)

changed_accounts = Table(  # accounts whose facts changed since they were last scored
    "changed_accounts",
    kept,
    Column("system", String, nullable=False),
    Column("account_ref", String, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

# --- measures, scores, segments ---------------------------------------------------------------------------------------

scored_accounts = Table(  # the accounts of the run that is scoring now; every account_<table> view is limited to them
    "scored_accounts",
    derived,
    Column("account_id", String, primary_key=True),
    Column("lifecycle", String, nullable=False),  # onboarding, customer
    Column("segment", String),  # in the scheme that is pushed
    Column("version", String, nullable=False),  # of the scorecard that scores it
    Column("linked", String, nullable=False),  # the systems that it has a link in, sorted, with commas
)
scored_products = Table(  # what is scored of each account now: product '' is the account itself
    "scored_products",
    derived,
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),
    Column("version", String, nullable=False),  # of the scorecard that scores it
    Column("arr_reporting", Amount),  # of the product's subscriptions that run; NULL for the account and where unknown
)
scored_links = Table(  # their ids in the systems: resolved once a run, because millions of usage rows look them up
    "scored_links",
    derived,
    Column("system", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),
)
core_features = Table(  # the features whose use counts as adoption, by product; '' is the account
    "core_features",
    derived,
    Column("product", String, nullable=False),
    Column("feature", String, nullable=False),
)
measure_readiness = Table(  # from which day a measure is judged, for all accounts that are linked to the same systems
    "measure_readiness",
    derived,
    Column("measure", String, nullable=False),
    Column("linked", String, nullable=False),
    Column("evaluated_as_of", Date),  # NULL: cannot be judged at all
    Column("reason", String, nullable=False),  # not_connected, not_linked, not_delivered, expired; else empty
    Column("by_product", Boolean, nullable=False),  # it has a value of its own for each product
)
measure_values = Table(  # what the measures of the run that is scoring now returned
    "measure_values",
    derived,
    Column("measure", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),
    Column("value", Double, nullable=False),
    Column("observed_at", Instant),
)
segment_placements = Table(  # where the run that is scoring now puts every active account
    "segment_placements",
    derived,
    Column("account_id", String, nullable=False),
    Column("scheme", String, nullable=False),
    Column("segment", String, nullable=False),
    Column("arr_rank", Integer),
    Column("population", Integer),
)
component_results = Table(  # what the scorecards of the run that is scoring now made of them
    "component_results",
    derived,
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),  # '' for the whole account
    Column("component", String, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("version", String, nullable=False),
    Column("result", String, nullable=False),  # passed, failed, unknown
    Column("value", Double),
    Column("stale_since", Date),
    Column("reason", String, nullable=False),
)
rollups = Table(  # the scores of an account's children and products in one number each, as of the day that is scored
    "rollups",
    derived,
    Column("account_id", String, nullable=False),
    Column("kind", String, nullable=False),  # children, products
    Column("score", Integer),  # weighted by ARR; NULL: no ARR known
    Column("members", Integer, nullable=False),  # how many have a score
    Column("worst", String, nullable=False),  # account_id of the child, or the product
    Column("worst_score", Integer, nullable=False),
)
overrides = Table(  # what people say about health, as of the day that is scored
    "overrides",
    derived,
    Column("account_id", String, nullable=False),
    Column("tier", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("until", Date, nullable=False),  # the last day on which it holds
    Column("source", String, nullable=False),  # scorecards.yaml, or the system whose field says so
)
measure_history = Table(
    "measure_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),  # '' for the whole account
    Column("measure", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),  # last day, inclusive; NULL: still so
    Column("value", Double, nullable=False),
    Column("observed_at", Instant),
)
_index(measure_history, "account_id")

scorecards = Table(  # every version that ever scored an account
    "scorecards",
    kept,
    Column("version", String, nullable=False),  # hash of the card
    Column("scorecard", String, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("component", String, nullable=False),
    Column("label", String, nullable=False),
    Column("dimension", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("measure", String, nullable=False),
    Column("at_least", Double),
    Column("at_most", Double),
    Column("assumed_known", Integer),  # points that count as known at least: 100 where missing is zero
    Column("least_known", Integer),  # with fewer points known there is no score
)
component_history = Table(
    "component_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("component", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("version", String, nullable=False),
    Column("result", String, nullable=False),  # passed, failed, unknown
    Column("value", Double),
    Column("stale_since", Date),  # the last as_of for which the source was fresh; NULL while it is
    Column(
        "reason", String, nullable=False
    ),  # why unknown: not_connected, not_linked, not_delivered, expired, nothing_in_window
)
_index(component_history, "account_id")

score_history = Table(
    "score_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("version", String, nullable=False),
    Column("score", Integer),  # NULL: insufficient data
    Column("earned_points", Integer, nullable=False),
    Column("known_points", Integer, nullable=False),
    Column("coverage_pct", Integer, nullable=False),
    Column("tier", String, nullable=False),
    Column("state", String, nullable=False),
    Column("state_since", Date, nullable=False),
    Column("below_60", Integer, nullable=False),  # consecutive scores, for the hysteresis of D15
    Column("below_40", Integer, nullable=False),
    Column("at_least_45", Integer, nullable=False),
    Column("at_least_65", Integer, nullable=False),
    Column("insufficient_since", Date),
    Column("previous_score", Integer),  # the value before the score last changed
    Column("lifecycle", String, nullable=False),
    Column("segment", String),
    Column("reasons", Text, nullable=False),  # JSON list of the shown component ids, most points first
    Column("computed_at", Instant, nullable=False),
)
_index(score_history, "account_id", "as_of")
_index(score_history, "as_of")
reconstructed_scores = Table(  # a finished day computed again with what is known now
    "reconstructed_scores",
    kept,
    Column("account_id", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("version", String, nullable=False),
    Column("score", Integer),
    Column("known_points", Integer, nullable=False),
    Column("tier", String, nullable=False),
    Column("computed_at", Instant, nullable=False),
)
product_scores = Table(  # products that are scored on their own; they open nothing
    "product_scores",
    kept,
    Column("account_id", String, nullable=False),
    Column("product", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("version", String, nullable=False),
    Column("score", Integer),
    Column("earned_points", Integer, nullable=False),
    Column("known_points", Integer, nullable=False),
    Column("tier", String, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON list of component ids, most points first
    Column("arr_reporting", Amount),  # its weight in the roll-up
    Column("computed_at", Instant, nullable=False),
)
_index(product_scores, "account_id", "as_of")
rollup_history = Table(
    "rollup_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("kind", String, nullable=False),  # children, products
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("score", Integer),
    Column("members", Integer, nullable=False),
    Column("worst", String, nullable=False),
    Column("worst_score", Integer, nullable=False),
)
_index(rollup_history, "account_id")
override_history = Table(
    "override_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("tier", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("until", Date, nullable=False),
    Column("source", String, nullable=False),
)
_index(override_history, "account_id")
arr_history = Table(  # what customers paid from day to day, in their own money and at the plan rate
    "arr_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("arr_native", Amount),
    Column("currency", String),
    Column("arr_reporting", Amount),
)
_index(arr_history, "account_id")
decided_days = Table(  # the days for which decisions were taken; the last one may be run again until it ends
    "decided_days",
    kept,
    Column("as_of", Date, primary_key=True),
    Column("decided_at", Instant, nullable=False),
    Column("basis", String, nullable=False),  # hash of what all accounts share: another one rescores all of them
)

segment_cuts = Table(  # D10: computed at the first run ever and the first of each month
    "segment_cuts",
    kept,
    Column("as_of", Date, primary_key=True),
    Column("population", Integer, nullable=False),
    Column("high_touch_arr", Amount),  # the smallest ARR that is high-touch; NULL: nobody ranked
    Column("mid_touch_arr", Amount),
)
segment_history = Table(
    "segment_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("scheme", String, nullable=False),  # rank, threshold
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("segment", String, nullable=False),
    Column("arr_rank", Integer),
    Column("population", Integer),
)
_index(segment_history, "account_id")

due_touches = Table(  # when the run that is deciding now says that regular touches are due
    "due_touches",
    derived,
    Column("account_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("last_day", Date),
    Column("due_day", Date, nullable=False),
)
audience_members = Table(  # who the run that is deciding now puts into audiences
    "audience_members",
    derived,
    Column("account_id", String, nullable=False),
    Column("audience", String, nullable=False),
)
plan_standings = Table(  # where the run that is deciding now sees the success plans
    "plan_standings",
    derived,
    Column("account_id", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("status", String, nullable=False),
    Column("goals", Integer, nullable=False),
    Column("goals_reached", Integer, nullable=False),
    Column("blockers", Text, nullable=False),
    Column("adoption_gap", Text, nullable=False),
)

# --- decisions --------------------------------------------------------------------------------------------------------

episodes = Table(
    "episodes",
    kept,
    Column("episode", String, primary_key=True),  # ULID
    Column("account_id", String, nullable=False),
    Column("playbook", String, nullable=False),
    Column("opened_as_of", Date, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("score_at_opening", Integer),
    Column("state_at_opening", String, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON list of component ids
    Column("previous_episode", String),  # the one that this is a relapse of
    Column("closed_as_of", Date),
    Column("closed_because", String),  # its outcome: recovered, renewed, completed ...; account_left
    Column("anchor", Date),  # the day that its steps count from; NULL on episodes older than this column: the opening
)
tasks = Table(
    "tasks",
    kept,
    Column("key", String, primary_key=True),  # {installation}:{episode}:{step}
    Column("episode", String, nullable=False),  # or the alert, touch or handoff: `opened_by` says which
    Column("step", Integer, nullable=False),
    Column("account_id", String, nullable=False),
    Column("system", String, nullable=False),  # the account's CRM of record when it was opened; it never moves
    Column("role", String, nullable=False),
    Column("owner_email", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("priority", String, nullable=False),  # high, normal, low
    Column("due_date", Date, nullable=False),
    Column("opened_as_of", Date, nullable=False),
    Column("closed_as_of", Date),
    Column("closed_because", String),  # done_by_person, condition_met, account_left, deleted_by_person
    Column("opened_by", String),  # episode, alert, touch, handoff: what `episode` is the id of
    Column("rule", String),  # name of the playbook, alert or cadence
    Column("colour", String),  # red, yellow, green; empty without
    Column("capped", Boolean),  # it counts for the cap of its owner's day; NULL on tasks older than this column
    Column("done_by", String),  # who completed it, as the CRM names the user; NULL where it does not say
)
episode_steps = Table(  # what was decided about each step of an episode, once (D18)
    "episode_steps",
    kept,
    Column("episode", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("decided_as_of", Date, nullable=False),
    Column("result", String, nullable=False),  # due, not_needed, missed
)
_index(episode_steps, "episode")
waiting_tasks = Table(  # tasks that the cap of D17 holds back, as of the last decided day
    "waiting_tasks",
    kept,
    Column("account_id", String, nullable=False),
    Column("playbook", String, nullable=False),
    Column("owner_email", String, nullable=False),
    Column("as_of", Date, nullable=False),
)
handoffs = Table(
    "handoffs",
    kept,
    Column("handoff", String, primary_key=True),  # ULID
    Column("key", String, nullable=False),  # {installation}:{handoff}
    Column("account_id", String, nullable=False),
    Column("opened_as_of", Date, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("system", String, nullable=False),  # the account's CRM of record; for a note where the opportunity is
    Column("note_on", String),  # id of the open expansion opportunity that it became a note on; NULL: a new opportunity
    Column("owner_email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON list of sentences
    Column("context", Text, nullable=False),  # the long text on the opportunity
    Column("amount_native", Amount),
    Column("currency", String),
    Column("close_date", Date, nullable=False),  # opening + 90 days, fixed
    Column("state", String, nullable=False),  # proposed, accepted, declined, won, lost
    Column("closed_as_of", Date),
    Column("accepted_as_of", Date),
    Column("declined_reason", String),
    Column("missing", Text),  # JSON list of the questions without an answer at the opening: budget, authority ...
)
handoff_contacts = Table(
    "handoff_contacts",
    kept,
    Column("handoff", String, nullable=False),
    Column("system", String, nullable=False),
    Column("contact_ref", String, nullable=False),
    Column("role", String, nullable=False),  # champion, sponsor, ...
)

situations = Table(  # what playbooks may ask about every scored account, on the day that is decided now
    "situations",
    derived,
    Column("account_id", String, primary_key=True),
    Column("name", String),
    Column("crm", String),
    Column("score", Integer),
    Column("tier", String, nullable=False),
    Column("state", String, nullable=False),
    Column("state_days", Integer, nullable=False),  # days since it entered the state
    Column("coverage_pct", Integer, nullable=False),
    Column("lifecycle", String, nullable=False),
    Column("segment", String),
    Column("status", String),
    Column("industry", String),
    Column("reasons", Text, nullable=False),
    Column("arr_reporting", Amount),
    Column("subscription_start", Date),
    Column("customer_days", Integer),  # since the first subscription's start
    Column("renewal_date", Date),
    Column("renewal_in_days", Integer),  # negative once it has passed
    Column("days_since_recovery", Integer),  # since an at-risk episode ended with it
    Column("handoff", String),  # state of the latest handoff: proposed, accepted, declined, won, lost
    Column("handoff_days", Integer),  # since it opened
    Column("questions_open", Integer, nullable=False),  # of budget, authority, need and timeline
)
standings = Table(  # how every open episode stands, on the day that is decided now
    "standings",
    derived,
    Column("episode", String, primary_key=True),
    Column("playbook", String, nullable=False),
    Column("account_id", String, nullable=False),  # the account that it is about now
    Column("opened_as_of", Date, nullable=False),
    Column("day", Integer, nullable=False),  # in the count of its playbook
    Column("score_at_opening", Integer),
    Column("score_gain", Integer),  # since the opening; NULL without a score
    Column("responded", Boolean),  # an inbound touch or a held meeting since the opening; NULL: nobody can tell today
    Column("meeting_held", Boolean),
    Column("progressed", Boolean),  # a step completed by a person
    Column("steps_done", Integer, nullable=False),  # completed by a person
    Column("renewed", Boolean, nullable=False),  # the renewal date has moved on by a term
    Column("contract_ended", Boolean, nullable=False),  # no renewal date is known any more
)

alerts = Table(  # what somebody should know of: one open one per account and rule
    "alerts",
    kept,
    Column("alert", String, primary_key=True),  # ULID
    Column("account_id", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("colour", String, nullable=False),  # red, yellow, green
    Column("opened_as_of", Date, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("says", Text, nullable=False),  # what happened, in one sentence
    Column("signals", Text, nullable=False),  # JSON: the signals by which it opened
    Column("closed_as_of", Date),
    Column("closed_because", String),  # recovered, window_passed, not_a_risk, snoozed, account_left, baseline, ...
    Column("false_since", Date),  # its cool-down: since when the condition has not been true; NULL while it is
    Column("snoozed_until", Date),
)
_index(alerts, "account_id")
touches = Table(  # a regular touch that was overdue: one row each, from the day on which it became a task
    "touches",
    kept,
    Column("touch", String, primary_key=True),  # ULID
    Column("account_id", String, nullable=False),
    Column("kind", String, nullable=False),  # the id of the touch in segments.yaml
    Column("due_day", Date, nullable=False),
    Column("opened_as_of", Date, nullable=False),
    Column("closed_as_of", Date),
    Column("closed_because", String),  # held, done_by_person, deleted_by_person, not_due, account_left
)
_index(touches, "account_id")
touch_history = Table(  # when the next regular touch of an account is due, as intervals
    "touch_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("last_day", Date),  # the last one that took place
    Column("due_day", Date, nullable=False),
)
_index(touch_history, "account_id")
audience_history = Table(  # who is in which audience, with entry and exit
    "audience_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
)
_index(audience_history, "account_id")
plan_history = Table(  # where the success plan of an account stands, as intervals
    "plan_history",
    kept,
    Column("account_id", String, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("plan", String, nullable=False),  # custom, template, none
    Column("status", String, nullable=False),  # on_track, stalled, blocked, reached, missing
    Column("goals", Integer, nullable=False),
    Column("goals_reached", Integer, nullable=False),
    Column("blockers", Text, nullable=False),  # JSON list of sentences
    Column("adoption_gap", Text, nullable=False),  # JSON list of features that the plan names and nobody uses
)
_index(plan_history, "account_id")

judged_steps = Table(  # every step of every open episode, on the day that is decided now
    "judged_steps",
    derived,
    Column("episode", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("playbook", String, nullable=False),
    Column("escalation", Boolean, nullable=False),
    Column("begun", Boolean, nullable=False),  # its first day has come
    Column("late", Boolean, nullable=False),  # its last day is over
    Column("wanted", Boolean),  # what `when` says; NULL: nobody can tell today
    Column("done", Boolean),  # what `done_when` says
)

# --- what goes out ----------------------------------------------------------------------------------------------------

approvals = Table(  # the first push of a mapping to a system needs one
    "approvals",
    kept,
    Column("system", String, nullable=False),
    Column("push", String, nullable=False),
    Column("approved_at", Instant, nullable=False),
)
changes = Table(  # the ledger: one row per planned record write and how it ended
    "changes",
    kept,
    Column("change_id", String, primary_key=True),  # ULID
    Column("run", String, nullable=False),
    Column("system", String, nullable=False),
    Column("push", String, nullable=False),  # the push mapping
    Column("object", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("row_key", String, nullable=False),  # our row: account_id, task key, handoff key
    Column("account_id", String, nullable=False),
    Column("external_id", String),
    Column("key", String),
    Column("why", String, nullable=False),
    Column("as_of", Date),
    Column("decision", String, nullable=False),  # hash of what D24 compares
    Column("definition", String, nullable=False),  # hash of the push mapping that named the fields
    Column("planned_at", Instant, nullable=False),
    Column("sent_at", Instant),  # committed before the request leaves; without an outcome it was cut off
    Column("outcome", String),
    Column("code", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("answered_at", Instant),
    Column("resolved_at", Instant),  # when an unknown outcome was looked up in the CRM and decided
    Column("associations", Text),  # JSON: their object -> ids that a new record hangs on; NULL: none
)
_index(changes, "run")
_index(changes, "system", "push", "row_key")
change_fields = Table(
    "change_fields",
    kept,
    Column("change_id", String, nullable=False),
    Column("field", String, nullable=False),
    Column("before", Text),  # JSON value; the before-image that an undo needs
    Column("after", Text),
    Column("why", String, nullable=False),
)
_index(change_fields, "change_id")
acknowledged = Table(  # what the CRM last confirmed, per row of ours; newest only
    "acknowledged",
    kept,
    Column("system", String, nullable=False),
    Column("push", String, nullable=False),
    Column("row_key", String, nullable=False),
    Column("object", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("fields", Text, nullable=False),  # JSON: vendor field -> value, as we sent it
    Column("decision", String, nullable=False),
    Column("as_of", Date),
    Column("definition", String, nullable=False),  # hash of the push mapping that named the fields
    Column("acknowledged_at", Instant, nullable=False),  # when the answer arrived: older sightings are ignored
    Column("verified_at", Instant),  # request time of the newest sighting that agreed with what was acknowledged
    Column("gone", Boolean, nullable=False),  # a person deleted it: never created again
)
_index(acknowledged, "system", "push", "row_key")

drifts = Table(  # foreign edits of fields that we own
    "drifts",
    kept,
    Column("run", String, nullable=False),
    Column("system", String, nullable=False),
    Column("object", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("field", String, nullable=False),
    Column("ours", Text),
    Column("theirs", Text),
    Column("seen_at", Instant, nullable=False),
)

definitions = Table(  # the derived tables and views as they stand; other definitions drop and rebuild them
    "definitions",
    kept,
    Column("name", String, primary_key=True),  # TABLE tickets, VIEW account_tickets
    Column("ordinal", Integer, nullable=False),  # the order in which they were made
    Column("hash", String, nullable=False),
)
leases = Table(
    "leases",
    kept,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("taken_at", Instant, nullable=False),
)

FACTS = {
    t.name: t
    for t in (
        account_records,
        contacts,
        users,
        opportunities,
        opportunity_contacts,
        tickets,
        touchpoints,
        task_feedback,
        subscriptions,
        goals,
        plan_features,
        surveys,
    )
}
"""Tables that conform fills from raw records, by the name that a pull mapping uses."""

DAY_GRAINED = {t.name: t for t in (usage_days, feature_days, limit_days)}
"""Tables that files fill directly, a day at a time, by the name that a pull mapping uses."""
