"""How the goods of the demo shop are described, grouped and said in Amharic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog import attributes, groupings, texts
from catalog.attributes import Choice, Use
from catalog.demo.goods import Good
from catalog.models import Attribute, Collection, Product, ProductType, Term

AMHARIC = "am"
_COFFEE_SHELVES = frozenset({"roasted-beans", "green-beans"})
_CLOTH_SHELVES = frozenset({"clothing", "home-textiles"})
# Metres above the sea where the beans grew, and the first day of their harvest.
_GROWN: Mapping[str, tuple[int, str]] = {
    "yirgacheffe-coffee": (2000, "2025-11-10"),
    "sidama-coffee": (1850, "2025-11-03"),
    "harar-coffee": (1700, "2025-10-20"),
    "guji-natural-coffee": (2100, "2025-11-24"),
    "limu-coffee": (1600, "2025-11-17"),
    "jimma-everyday-coffee": (1500, "2025-10-27"),
    "yirgacheffe-green-beans": (2050, "2025-11-12"),
    "kaffa-forest-green-beans": (1650, "2025-10-06"),
}
WORDS: Mapping[str, str] = {
    "Size": "መጠን", "Grind": "አፈጫጨት", "Whole beans": "ያልተፈጨ", "Jebena grind": "ለጀበና የተፈጨ",
    "Filter grind": "ለማጣሪያ የተፈጨ", "Age": "ዕድሜ", "Border": "ጥለት", "Roast": "አቆላል", "light": "ለስላሳ",
    "medium": "መካከለኛ", "dark": "ጥቁር", "Process": "አዘገጃጀት", "washed": "የታጠበ", "natural": "በፀሐይ የደረቀ",
    "wild": "የጫካ", "Altitude": "ከፍታ", "m": "ሜትር", "Harvest": "የመኸር ቀን", "Material": "ጨርቅ",
    "Handwoven": "በእጅ የተሸመነ", "cotton": "ጥጥ", "wool": "ሱፍ", "handwoven": "በእጅ የተሸመነ", "coffee": "ቡና",
}  # fmt: skip
GENNA = "gifts-for-genna"
_GIFTS = (
    "habesha-kemis", "children-habesha-dress", "netela-shawl", "clay-jebena", "sini-coffee-cups",
    "yirgacheffe-coffee",
)  # fmt: skip


def build_types() -> dict[str, ProductType]:
    """Make what is missing of attributes and types; by name."""
    roast = _attribute("roast", "Roast", "choice", "light", "medium", "dark")
    process = _attribute("process", "Process", "choice", "washed", "natural", "wild")
    altitude = _attribute("altitude", "Altitude", "number", unit="m")
    harvest = _attribute("harvest", "Harvest", "date")
    material = _attribute("material", "Material", "choice", "cotton", "wool")
    handwoven = _attribute("handwoven", "Handwoven", "boolean")
    wanted = {
        "Coffee beans": [Use(process, is_required=True), Use(roast), Use(altitude), Use(harvest)],
        "Cloth": [Use(material, is_required=True), Use(handwoven)],
    }
    known = {row.name: row for row in ProductType.objects.filter(name__in=wanted)}
    return known | {
        name: attributes.create_type(name=name, uses=uses)
        for name, uses in wanted.items()
        if name not in known
    }


def build_words() -> None:
    """Translate the words that nobody has translated, if the shop can be read in Amharic."""
    if reads_amharic():
        known = set(Term.objects.filter(text__in=WORDS).values_list("text", flat=True))
        new = [
            {"text": text, "translations": {AMHARIC: word}}
            for text, word in WORDS.items()
            if text not in known
        ]
        texts.put_terms(terms=new)


def build_collection() -> None:
    """Put gifts together, unless there is such a collection, as its owner may have changed it."""
    if Collection.objects.filter(slug=GENNA).exists():
        return
    gifts = {
        product.slug: product.pk
        for product in Product.objects.unarchived().filter(slug__in=_GIFTS).only("slug")
    }
    made = groupings.create_collection(
        name="Gifts for Genna",
        slug=GENNA,
        description="<p>For the seventh of January: what is worn, poured and unwrapped.</p>",
        translations={AMHARIC: {"name": "የገና ስጦታዎች"}} if reads_amharic() else None,
    )
    ids = [gifts[slug] for slug in _GIFTS if slug in gifts]
    groupings.set_products(collection_id=made.pk, product_ids=ids)


def reads_amharic() -> bool:
    """Whether Amharic is one of the shop's further languages."""
    return AMHARIC in texts.codes()[1:]


def in_amharic(name: str) -> dict[str, dict[str, str]] | None:
    """The translation that a bilingual name such as `Honey · ማር` holds."""
    _, sign, amharic = name.partition(" · ")
    return {AMHARIC: {"name": amharic}} if sign and reads_amharic() else None


def type_of(good: Good) -> str:
    """The name of its product type; empty for most."""
    if good.shelf in _COFFEE_SHELVES:
        return "Coffee beans"
    return "Cloth" if good.shelf in _CLOTH_SHELVES else ""


def said_of(good: Good) -> dict[str, Any]:
    """What a good says by the attributes of its type; its tags know most of it."""
    tags = set(good.tags)
    if good.shelf in _COFFEE_SHELVES:
        altitude, harvest = _GROWN[good.slug]
        roast = next((r for r in ("light", "medium", "dark") if f"{r} roast" in tags), None)
        process = next((p for p in ("washed", "natural") if p in tags), "wild")
        said = {"process": process, "altitude": altitude, "harvest": harvest}
        return said if roast is None else {**said, "roast": roast}
    if good.shelf in _CLOTH_SHELVES:
        material = "wool" if "wool" in tags else "cotton"
        return {"material": material, "handwoven": "handwoven" in tags}
    return {}


def _attribute(code: str, name: str, kind: str, *choices: str, unit: str = "") -> Attribute:
    found = Attribute.objects.filter(code=code).first()
    return found or attributes.create_attribute(
        code=code, name=name, kind=kind, unit=unit, choices=[Choice(value) for value in choices]
    )
