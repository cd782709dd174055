"""Which columns hold personal data, by heading and by content; and texts with what is personal in them hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from mmm.data.cells import is_no_value, parse_number

if TYPE_CHECKING:
    from mmm.data.read import RawTable

LOOK_ROWS = 200  # filled cells of a column that are looked at
PERSONAL_SHARE = 0.3  # of those cells; exports leave many blank or write "guest"
CARD_SHARE = 0.9  # card numbers are told by their check digit, which one number in ten has by chance
HIDDEN = "•••"

_EMAIL = r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[A-Za-z]{2,}"
_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV6 = r"(?:[0-9A-Fa-f]{1,4}:){3,7}:?[0-9A-Fa-f]{1,4}"
_IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?"
_PHONE = r"(?:\+|\(\+?)?\d[\d ()/.\-]{6,}\d"
_IN_TEXT = re.compile(
    rf"(?P<email>{_EMAIL})|\b(?P<iban>{_IBAN})\b|(?<![\w.])(?P<ip>{_IPV4}|{_IPV6})(?![\w.])"
    rf"|(?<![\w.])(?P<phone>{_PHONE})(?!\w)"
)
_DATE = re.compile(r"^\d{1,4}([-/.])\d{1,2}\1\d{1,4}")

_THINGS = (
    "campaign campaigns ad ads adset adgroup channel market product products item lineitem account platform source "
    "medium creative keyword store shop brand sku event page list audience asset placement kampagne anzeige produkt "
    "artikel konto produit article producto anuncio campagne campana publisher advertiser variant vendor discount "
    "tax currency spend cost costs clicks impressions impr sessions sends opens orders revenue sales"
)
_NOT_A_PERSON = frozenset(_THINGS.split())
"""Words of a heading that tell of a thing, not of a person."""

_HOLDERS = "user|customer|client|visitor|device|cookie|member|subscriber|person|contact|shopper|patient|loyalty"
_FOREIGN_HOLDERS = "kunden|nutzer|cliente|usuario|utilisateur"
_NAMED = "first|last|full|family|given|middle|billing|shipping|buyer|recipient|cardholder|owner|employee"
_HEADINGS = (
    ("e-mail", r"e ?mail|mail|mail ?address|e ?mail ?adresse|courriel|correo|correo electronico"),
    ("IP address", r"ip|ip ?address|ip ?adresse|adresse ip|direccion ip|client ip|user ip|remote addr"),
    ("phone", r"phone|tele?phone|telefon|telefono|telefonnummer|tel|mobile|mobile phone|mobil|handy|handynummer|movil"),
    ("phone", r"(?:phone|telephone|mobile|cell|fax|tel|telefon|handy) (?:number|no|nr|nummer)|portable|rufnummer|fax"),
    ("phone", r"(?:billing|shipping|customer|home|work) phone"),
    ("birth date", r".*\b(?:birth|birthday|birthdate|dob|geburtsdatum|geburtstag|geboren|naissance|nacimiento)\b.*"),
    ("payment", r".*\b(?:iban|kontonummer|kreditkarte|kreditkartennummer|credit ?card|card ?number|tarjeta)\b.*"),
    ("payment", r".*\b(?:carte bancaire|bank account|account number|cvv|cvc|payment reference|payment id)\b.*"),
    ("user id", rf".*\b(?:{_HOLDERS}|{_FOREIGN_HOLDERS})s? ?(?:id|ids|no|nr|number|nummer|key|guid|uuid|pseudo id)"),
    ("user id", r"user|username|login|userid|id (?:client|cliente|usuario|utilisateur)|kundennr|kundennummer"),
    ("user id", r"idfa|gaid|gclid|fbclid|ssn|social security.*|passport.*|steuer ?id|nif|dni"),
    ("address", r".*\b(?:address ?\d?|adresse|anschrift|strasse|street|calle|direccion|rue|hausnummer|addr)\b.*"),
    ("address", r"(?:billing|shipping|delivery|home|customer) (?:zip|postcode|postal code|plz|company)"),
    ("name", rf".*\b(?:{_NAMED}|{_HOLDERS}) ?names?\b.*"),
    ("name", r".*\b(?:surname|forename|vorname|nachname|familienname|kundenname|prenom|apellidos?)\b.*"),
    ("name", r"nom|nom de famille|nom complet|nom client|nombre y apellidos?|nombre completo|nombre cliente"),
)
"""Kinds of personal data and the headings that tell them, as `_plain` writes them; the first that fits decides."""


def personal_columns(raw: RawTable) -> dict[str, str]:
    """Columns that look like personal data, each with its kind: "e-mail", "phone", "name", "address", "user id", …

    Told by the heading in several languages, or by what the first filled cells hold. A column of numbers under a
    heading such as "email" is the spend of a channel; the name of a campaign, ad, product or market is no person's.
    """
    found: dict[str, str] = {}
    for column in raw.columns:
        cells = _filled(raw, column)
        kind = _by_content(cells) or _by_heading(column, cells)
        if kind is not None:
            found[column] = kind
    return found


def masked(text: str) -> str:
    """The text with e-mail addresses, IP addresses, telephone and account numbers in it hidden."""

    def hide(match: re.Match[str]) -> str:
        phone = match["phone"]
        if phone is not None and not (_is_phone(phone.strip()) or _is_card(phone.strip())):
            return match[0]
        return HIDDEN

    return _IN_TEXT.sub(hide, text)


def _filled(raw: RawTable, column: str) -> list[str]:
    cells = raw.frame[column]
    head = [str(cell).strip() for cell in cells.iloc[: 5 * LOOK_ROWS]]
    return [cell for cell in head if not is_no_value(cell)][:LOOK_ROWS]


def _by_content(cells: list[str]) -> str | None:
    tests: tuple[tuple[str, Callable[[str], bool], float], ...] = (
        ("e-mail", lambda cell: re.fullmatch(_EMAIL, cell) is not None, PERSONAL_SHARE),
        ("IP address", lambda cell: re.fullmatch(f"{_IPV4}|{_IPV6}", cell) is not None, PERSONAL_SHARE),
        ("payment", lambda cell: re.fullmatch(_IBAN, cell) is not None, PERSONAL_SHARE),
        ("payment", _is_card, CARD_SHARE),
        ("phone", _is_phone, PERSONAL_SHARE),
    )
    for kind, test, share in tests:
        if cells and sum(map(test, cells)) >= share * len(cells):
            return kind
    return None


def _by_heading(column: str, cells: list[str]) -> str | None:
    heading = _plain(column)
    kind = next((kind for kind, pattern in _HEADINGS if re.fullmatch(pattern, heading)), None)
    if kind is None or set(heading.split()) & _NOT_A_PERSON:
        return None
    amounts = bool(cells) and sum(parse_number(cell) is not None for cell in cells) > 0.5 * len(cells)
    if amounts and kind in ("e-mail", "name", "address", "IP address"):
        return None
    if amounts and kind == "phone":  # the spend or the orders of a channel called "mobile"
        return kind if sum(len(re.sub(r"\D", "", cell)) >= 8 for cell in cells) > 0.5 * len(cells) else None
    return kind


def _plain(heading: str) -> str:
    """A heading as lower-case words without accents: `E-Mail_Adresse` is "e mail adresse"."""
    split = re.sub(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", heading).lower().replace("ß", "ss")
    bare = "".join(c for c in unicodedata.normalize("NFKD", split) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", bare)).replace("e mail", "email")


def _is_phone(cell: str) -> bool:
    """A number to call: digits set apart as telephone numbers are; no date, no amount, no bare digits."""
    if not re.fullmatch(_PHONE, cell) or cell.isdigit() or _DATE.match(cell):
        return False
    digits = sum(character.isdigit() for character in cell)
    if not 9 <= digits <= 15:
        return False
    return cell.startswith(("+", "(+")) or (parse_number(cell) is None and parse_number(cell, ",") is None)


def _is_card(cell: str) -> bool:
    """Fifteen or sixteen digits, set apart or not, whose check digit is right (Luhn)."""
    if not re.fullmatch(r"\d{4}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{4})?", cell):
        return False
    digits = [int(character) for character in cell if character.isdigit()]
    if len(digits) not in (15, 16):
        return False
    doubled = [2 * digit - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
