"""Names, places and products of the seeded account; nobody real, and every address ends in example.com."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Person:
    """One customer as a person."""

    name: str
    email: str
    phone: str
    address: dict[str, str | None]
    currency: str
    locale: str


class Place(NamedTuple):
    """A town, with what follows from it."""

    city: str
    country: str
    state: str | None
    postal_code: str
    street: str
    dialling: str
    currency: str
    locale: str


class Entry(NamedTuple):
    """A product for sale; `interval` "" is a one-time price, `amount` in minor units."""

    name: str
    key: str
    amount: int
    interval: str = ""
    unit: str | None = None
    description: str | None = None


PLACES = (
    Place("San Francisco", "US", "CA", "94103", "Market Street", "+1 415 555 01", "usd", "en-US"),
    Place("Austin", "US", "TX", "78701", "Congress Avenue", "+1 512 555 01", "usd", "en-US"),
    Place("New York", "US", "NY", "10013", "Canal Street", "+1 212 555 01", "usd", "en-US"),
    Place("Berlin", "DE", None, "10969", "Lindenstraße", "+49 30 23125 0", "eur", "de-DE"),
    Place("München", "DE", None, "80331", "Sendlinger Straße", "+49 89 99998 0", "eur", "de-DE"),
    Place("Paris", "FR", None, "75011", "Rue Oberkampf", "+33 1 99 00 00 ", "eur", "fr-FR"),
    Place("London", "GB", None, "E1 6AN", "Brick Lane", "+44 20 7946 00", "gbp", "en-GB"),
    Place("Tokyo", "JP", "Tokyo", "150-0001", "Jingumae", "+81 3 5550 00", "jpy", "ja-JP"),
    Place("Zürich", "CH", None, "8004", "Langstrasse", "+41 44 555 00 ", "chf", "de-CH"),
    Place("Toronto", "CA", "ON", "M5V 2T6", "Queen Street West", "+1 416 555 01", "cad", "en-CA"),
)
_FIRST_NAMES = (
    "Ada Bruno Chiara Deniz Emeka Farah Grace Hiro Ines Jonas Kavya Liam Marta Noor Olga Priya Quentin Rosa Sven "
    "Tomás Uma Víctor Wen Ximena Yusuf Zoë"
)
_LAST_NAMES = (
    "Abbott Brandt Castillo Dubois Eriksen Fischer García Haddad Ito Jensen Kowalski Laurent Müller Nakamura Okafor "
    "Patel Quinn Rossi Sato Tanaka O'Neill Vargas Weber Young Zimmermann"
)
_FIRST, _LAST = _FIRST_NAMES.split(), _LAST_NAMES.split()
_PLAIN = str.maketrans("áàäéëíóöúüß'", "aaaeeioouus_")

PRODUCTS = (
    Entry("Starter plan", "starter", 900, "month", "seat", "For one person."),
    Entry("Team plan", "team", 2900, "month", "seat", "Shared workspaces and roles."),
    Entry("Business plan", "business", 9900, "month", "seat", "Single sign-on and audit log."),
    Entry("Starter plan, yearly", "starter_yearly", 9000, "year", "seat"),
    Entry("Team plan, yearly", "team_yearly", 29000, "year", "seat"),
    Entry("Extra storage 100 GB", "storage_100", 500, "month"),
    Entry("Priority support", "support", 4900, "month", None, "Answers within four hours."),
    Entry("Onboarding workshop", "workshop", 75000),
    Entry("Data migration", "migration", 120000, "", None, "Once, by our engineers."),
    Entry("T-shirt", "shirt", 1999, "", "piece", "Soft cotton & bright print."),
    Entry("Hoodie", "hoodie", 4999, "", "piece"),
    Entry("Sticker set", "stickers", 499, "", "set"),
    Entry("Notebook A5", "notebook", 1299, "", "piece", "Dotted, 192 pages."),
    Entry("Enamel mug", "mug", 1499, "", "piece"),
    Entry("Poster", "poster", 1799, "", "piece"),
    Entry("Gift card 25", "gift_25", 2500),
    Entry("Gift card 50", "gift_50", 5000),
    Entry("Gift card 100", "gift_100", 10000),
    Entry("Course: SQL basics", "course_sql", 3900),
    Entry("Course: Pandas", "course_pandas", 5900),
    Entry("Course: Statistics", "course_stats", 5900),
    Entry("Newsletter", "newsletter", 300, "month"),
    Entry("Newsletter, weekly edition", "newsletter_weekly", 200, "week"),
    Entry("Podcast membership", "podcast", 600, "month"),
    Entry("Conference ticket", "ticket", 34900, "", "ticket"),
    Entry("Conference ticket, student", "ticket_student", 9900, "", "ticket"),
    Entry("API calls, 10,000", "calls_10k", 1000, "", "pack"),
    Entry("API calls, 100,000", "calls_100k", 8000, "", "pack"),
    Entry("Classic plan", "classic", 700, "month", "seat", "No longer sold."),
    Entry("Desk calendar 2024", "calendar_2024", 1599, "", "piece"),
)


@cache
def person(number: int) -> Person:
    """Return the same person for the same number."""
    first, last = _FIRST[number % len(_FIRST)], _LAST[number * 7 // 3 % len(_LAST)]
    place = PLACES[number * 3 % len(PLACES)]
    login = f"{first}.{last}".lower().translate(_PLAIN)
    address: dict[str, str | None] = {
        "city": place.city,
        "country": place.country,
        "line1": f"{number % 140 + 1} {place.street}",
        "line2": f"Apt {number % 30}" if number % 5 == 0 else None,
        "postal_code": place.postal_code,
        "state": place.state,
    }
    return Person(
        name=f"{first} {last}",
        email=f"{login}{number}@example.com",
        phone=f"{place.dialling}{number % 100:02d}",
        address=address,
        currency=place.currency,
        locale=place.locale,
    )
