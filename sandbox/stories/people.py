"""The vendor's own people in the story org: who looks after accounts, who sells, who leads, and who has left."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from sandbox.stories.ids import named_id


@dataclass(frozen=True, slots=True)
class Colleague:
    name: str
    title: str
    manager: str | None
    active: bool = True

    @property
    def email(self) -> str:
        return self.name.lower().replace(" ", ".") + "@ours.example"

    @property
    def id(self) -> str:
        return named_id("User", self.email)


PEOPLE = {
    "mira": Colleague("Mira Castellan", "VP Customer Success", None),
    "helga": Colleague("Helga Brandt", "Manager Customer Success", "mira"),
    "oscar": Colleague("Oscar Nkemelu", "Manager Customer Success", "mira"),
    "ines": Colleague("Ines Duarte", "Customer Success Manager", "helga"),
    "tomas": Colleague("Tomas Vrba", "Customer Success Manager", "helga"),
    "priya": Colleague("Priya Raman", "Customer Success Manager", "helga"),
    "jonas": Colleague("Jonas Lindqvist", "Customer Success Manager", "helga"),
    "amara": Colleague("Amara Okoye", "Customer Success Manager", "oscar"),
    "felix": Colleague("Felix Moreau", "Customer Success Manager", "oscar"),
    "noor": Colleague("Noor Haddad", "Customer Success Manager", "oscar"),
    "wanda": Colleague("Wanda Kowalczyk", "Customer Success Manager", "oscar"),
    "rolf": Colleague("Rolf Aebischer", "Head of Sales", None),
    "dario": Colleague("Dario Conti", "Account Executive", "rolf"),
    "kim": Colleague("Kim Tran", "Account Executive", "rolf"),
    "lena": Colleague("Lena Sorensen", "Account Executive", "rolf"),
    "gus": Colleague("Gus Pereira", "Customer Success Manager", "oscar", active=False),
    "petra": Colleague("Petra Novotna", "Account Executive", "rolf", active=False),
    "sven": Colleague("Sven Aalto", "Founder, Sales", None, active=False),
}
CSMS = ("ines", "tomas", "priya", "jonas", "amara", "felix", "noor", "wanda")
SALES = ("dario", "kim", "lena")
GIVEN = ("Alma", "Bruno", "Chidi", "Dagny", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jun", "Katya", "Luis", "Maeve")
FAMILY = ("Abara", "Bosch", "Castro", "Dunne", "Eriksen", "Fontaine", "Greco", "Hoang", "Ivanov", "Jansen", "Kaya")


def csm_of(company: str) -> str:
    """The CSM of a company whose story does not name one: always the same one."""
    return CSMS[_number(company) % len(CSMS)]


def owner_of(company: str) -> str:
    """The account owner, a sales person, of a company whose story does not name one."""
    return SALES[_number(company) % len(SALES)]


def contact_name(company: str, role: str) -> tuple[str, str]:
    """Given and family name of a company's contact."""
    number = _number(f"{company} {role}")
    return GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big")
