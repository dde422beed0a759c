"""Where the stories' records are kept: in one CRM, in two under different ids, with or without a support tool.

A company that is not named here lives in Salesforce alone. Where its records lie changes nothing of what should come
out, so the same hand-worked expectations hold for every system and for every way in which systems are joined.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.stories.words import Home

HUBSPOT_ONLY = Home("hubspot")
HUBSPOT_AND_DESK = Home("hubspot", desk="domain")
TWIN_BY_KEY, TWIN_BY_DOMAIN = Home(twin="key"), Home(twin="domain")
DESK_BY_KEY, DESK_BY_DOMAIN = Home(desk="key"), Home(desk="domain")
NOBODYS_TICKETS = Home(desk="requester")

HOMES: Mapping[str, Home] = {
    # HubSpot alone
    "Brightwater Logistics": HUBSPOT_ONLY,
    "Larkspur Foods": HUBSPOT_ONLY,
    "Easterly Hotels": HUBSPOT_ONLY,
    "Hollow Oak Furniture": HUBSPOT_ONLY,
    "Coldwater Canning": HUBSPOT_ONLY,
    "Hobnail Tools": HUBSPOT_ONLY,
    "Marlstone Quarries": HUBSPOT_ONLY,
    "Alderbrook Capital": HUBSPOT_ONLY,
    "Cedar and Salt": HUBSPOT_ONLY,
    "Jutland Bakeries": HUBSPOT_ONLY,
    "Tansy Cosmetics": HUBSPOT_ONLY,
    'Köhler & Söhne "Fördertechnik" GmbH': HUBSPOT_ONLY,
    # HubSpot, and Zendesk for its tickets
    "Elmswell Brewing": HUBSPOT_AND_DESK,
    "Nettlebed Games": HUBSPOT_AND_DESK,
    "Fallow Creek Dairy": HUBSPOT_AND_DESK,
    "Thistledown Yarns": HUBSPOT_AND_DESK,
    # Salesforce and HubSpot, one account
    "Halden Robotics": TWIN_BY_KEY,
    "Tidewater Marine": TWIN_BY_DOMAIN,
    "Emberline Steel": TWIN_BY_KEY,
    "Glasswing Biotech": TWIN_BY_KEY,
    "Zażółć Gęślą 🚀 Labs": TWIN_BY_DOMAIN,
    # Salesforce, and Zendesk for its tickets
    "Inkwell Press": DESK_BY_KEY,
    "Bellwether Farms": DESK_BY_KEY,
    "Jackdaw Security": DESK_BY_KEY,
    "Sandpiper Resorts": DESK_BY_KEY,
    "Nightjar Audio": DESK_BY_DOMAIN,
    "Pebble Lane Toys": DESK_BY_DOMAIN,
    "Wagtail Couriers": DESK_BY_DOMAIN,
    "Oxbow Rentals": NOBODYS_TICKETS,
    # all three
    "Rookery Books": Home(twin="key", desk="key"),
    "Heronsgate Legal": Home(twin="domain", desk="domain"),
}
