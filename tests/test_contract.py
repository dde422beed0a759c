"""The battery that every connector passes: what it brings is complete, comes once, and survives crashes and bad answers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.base import ConfigError, Page, Record, Stream, Unavailable
from tests.vendors import NOW, WEB, FilesVendor, Vendor, WebVendor


def _vendor(kind: str, folder: Path, count: int) -> Vendor:
    return WEB[kind](count) if kind in WEB else FilesVendor(folder, count)


@pytest.fixture(params=[*WEB, "files"])
def vendor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vendor]:
    """Few records, so that a test may pull as often as it likes."""
    made = _vendor(request.param, tmp_path, 30)
    yield made
    made.close()


@pytest.fixture(params=[*WEB, "files"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vendor]:
    """So many records that they come in several pages."""
    made = _vendor(request.param, tmp_path, 12_500 if request.param == "files" else WEB[request.param].many)
    yield made
    made.close()


@pytest.fixture(params=list(WEB))
def web(request: pytest.FixtureRequest) -> Iterator[WebVendor]:
    """A vendor behind HTTP, that can answer badly."""
    made = WEB[request.param](2_500)
    yield made
    made.close()


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def ids(pages: list[Page]) -> list[str]:
    return [record.id for record in records(pages)]


def everything(vendor: Vendor) -> set[str]:
    return {id for some in vendor.source().ids(vendor.stream) for id in some}


def test_a_first_pull_brings_every_record_once_with_its_key(large: Vendor) -> None:
    """What the vendor says exists is what arrives, and each record carries the stream's fields only."""
    pages = large.pull()
    assert len(pages) > 2
    assert len(ids(pages)) == len(set(ids(pages))) == len(everything(large))
    assert set(ids(pages)) == everything(large)
    assert all(record.fields[large.stream.key] == record.id for record in records(pages))
    assert all(set(record.fields) == set(large.stream.fields) for record in records(pages))
    assert all(page.requested_at == NOW for page in pages)


def test_a_pull_resumes_behind_any_page(large: Vendor) -> None:
    """A crash after page N costs nothing and repeats nothing: bookmark N brings exactly the rest."""
    whole = large.pull()
    for n, page in enumerate(whole[:-1]):
        rest = large.pull(page.bookmark)
        assert ids(whole[: n + 1]) + ids(rest) == ids(whole)


def test_a_pull_without_changes_is_one_empty_page(large: Vendor) -> None:
    """Nothing new is said by one page without records, from which the next pull starts."""
    again = large.pull(large.pull()[-1].bookmark)
    assert [len(page.records) for page in again] == [0]
    assert ids(large.pull(again[-1].bookmark)) == []


def test_a_change_arrives_once(vendor: Vendor) -> None:
    """After a full pull one record changes: it arrives with its new values, and then no more."""
    first = vendor.pull()
    changed = vendor.change(7)
    second = vendor.pull(first[-1].bookmark)
    assert changed in ids(second)
    third = vendor.pull(second[-1].bookmark)
    assert ids(third) == []


def test_what_vanished_is_missing_from_the_ids(vendor: Vendor) -> None:
    """The nightly proof: ids() no longer names it."""
    gone = vendor.remove(3)
    assert gone not in everything(vendor)
    assert len(everything(vendor)) == 29


def test_memory_does_not_grow_with_the_number_of_records(tmp_path: Path) -> None:
    """Four times as many lines need no more memory: pages are let go."""
    peaks = []
    for count in (10_500, 42_000):
        folder = tmp_path / str(count)
        folder.mkdir()
        files = FilesVendor(folder, count)
        files.stream = Stream("usage", "subscriptions/*", ("id", "name", "plan"), key="", day="id")
        peaks.append(_peak(files))
    assert peaks[1] < peaks[0] * 1.3


@pytest.mark.parametrize("kind", WEB)
def test_memory_does_not_grow_with_the_number_of_pages(kind: str) -> None:
    """The same behind HTTP; the stand-in's own memory is allocated before."""
    peaks = []
    for count in (WEB[kind].many * 2 // 3, WEB[kind].many * 8 // 3):
        vendor = WEB[kind](count)
        peaks.append(_peak(vendor))
        vendor.close()
    assert peaks[1] < peaks[0] * 1.5


def _peak(vendor: Vendor) -> int:
    """Bytes at the highest point of a pull whose pages nobody keeps."""
    source = vendor.source()
    next(iter(source.pull(vendor.stream, None)))  # what is loaded once, and what the stand-in itself keeps
    tracemalloc.start()
    for _ in source.pull(vendor.stream, None):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_vendor_is_waited_for_and_nothing_is_skipped(web: WebVendor, status: int) -> None:
    """Busy in the middle of the pages: all records arrive all the same, once."""
    web.misbehave(status=status, body=[], path=web.pages, after_calls=1, times=2, headers={"Retry-After": "1"})
    assert sorted(ids(web.pull())) == sorted(web.ids)


@pytest.mark.parametrize(
    "fault", [{"truncate": True}, {"drop": "before"}, {"drop": "after"}, {"status": 200, "body": "<html>"}]
)
def test_a_broken_answer_is_asked_for_again(web: WebVendor, fault: dict[str, Any]) -> None:
    """A body that is cut off, missing or no JSON is never data and never the end."""
    web.misbehave(path=web.pages, after_calls=1, times=2, **fault)
    assert sorted(ids(web.pull())) == sorted(web.ids)


def test_a_200_that_holds_an_error_is_not_data(web: WebVendor) -> None:
    """An error under status 200 ends the pull with the vendor's words, instead of an empty stream."""
    web.misbehave(path=web.pages, times=0, status=200, body=web.refusal)
    with pytest.raises(ConfigError, match="Nope"):
        web.pull()


@pytest.mark.parametrize("kind", [kind for kind, vendor in WEB.items() if vendor.renews])
def test_an_expired_token_is_renewed_in_the_middle(kind: str) -> None:
    """A 401 between two pages costs one login and no record."""
    web = WEB[kind](2_500)
    web.misbehave(path=web.pages, after_calls=1, times=1, expire_tokens=True)
    assert sorted(ids(web.pull())) == sorted(web.ids)
    web.close()


def test_a_lasting_401_is_a_clear_configuration_error(web: WebVendor) -> None:
    """Two answers are enough: the error names the variables to look at, and no secret."""
    web.misbehave(path=web.calls, times=0, status=401, body=web.expired)
    with pytest.raises(ConfigError, match="CRM_") as caught:
        web.pull()
    secrets = [value for name, value in web.env.items() if name in ("CRM_CLIENT_SECRET", "CRM_ACCESS_TOKEN")]
    assert secrets
    assert not any(secret in str(caught.value) for secret in secrets)
    calls = requests.get(f"{web.sandbox.control}/calls", timeout=10).json()
    assert calls["total"] <= 4


def test_a_vendor_that_stays_down_is_left_for_the_next_run(web: WebVendor) -> None:
    """It is tried for seconds, and the bookmark of the pages before is still good."""
    web.misbehave(path=web.pages, after_calls=2, times=0, status=503, body="down")
    got: list[Page] = []
    with pytest.raises(Unavailable):
        got.extend(web.source().pull(web.stream, None))
    requests.delete(f"{web.sandbox.control}/faults", timeout=10)
    rest = web.pull(got[-1].bookmark)
    assert sorted(ids(got) + ids(rest)) == sorted(web.ids)
