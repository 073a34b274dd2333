# ruff: noqa: E501 (one product a line)
"""What people type, and what they expect to find, over a small fixed shop.

The benchmark (`benchmarks/search.py`) reports recall over the same set. `first` stands at the top; all of `finds` are found;
nothing of `but_not` is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Products by a short key. `am` is the name in Amharic, `options` values of one option, one variant each.
PRODUCTS: dict[str, dict[str, Any]] = {
    "yirgacheffe": {"name": "Yirgacheffe Coffee", "am": "ይርጋጨፌ ቡና", "brand": "Abyssinia Roasters", "tags": ["arabica", "single origin"],
                    "category": "coffee", "sku": "YIR-250-WH", "description": "<p>Floral &amp; citrus, washed at the station.</p>",
                    "attributes": {"roast": "Light", "weight": "250", "organic": True}},
    "sidamo": {"name": "Sidamo Coffee Beans", "am": "ሲዳሞ ቡና", "brand": "Abyssinia Roasters", "tags": ["arabica"], "category": "coffee",
               "sku": "SID-500", "description": "<p>Berries and wine.</p>", "attributes": {"roast": "Dark", "weight": "500"}},
    "harar": {"name": "ሐረር ቡና", "category": "coffee", "sku": "HAR-1", "attributes": {"roast": "Dark"}},
    "blend": {"name": "Buna House Blend", "category": "coffee", "sku": "BHB-1", "description": "For every day."},
    "cup": {"name": "Coffee Cup", "am": "የቡና ስኒ", "brand": "Négus", "category": "kitchen", "sku": "CUP-12"},
    "jebena": {"name": "Clay Jebena", "am": "የሸክላ ጀበና", "category": "kitchen", "sku": "JEB-2", "options": ("Small", "Large")},
    "mug": {"name": "Happy ☕ Mug", "category": "kitchen", "sku": "MUG-7", "description": "Holds tea, milk or coffee."},
    "mesob": {"name": "መሶብ", "category": "kitchen", "sku": "MES-3", "description": "Woven by hand."},
    "teff": {"name": "ነጭ ጤፍ", "category": "spices", "sku": "TEF-W"},
    "flour": {"name": "Brown Teff Flour", "category": "spices", "sku": "TEF-B", "attributes": {"weight": "1000"}},
    "berbere": {"name": "በርበሬ", "category": "spices", "sku": "BER-1", "description": "Hot and red."},
    "mitmita": {"name": "Mitmita", "am": "ሚጥሚጣ", "category": "spices", "sku": "MIT-1", "description": "Hotter than berbere."},
    "shiro": {"name": "የሽሮ ዱቄት", "category": "spices", "sku": "SHI-1"},
    "injera": {"name": "እንጀራ", "category": "spices", "sku": "INJ-10"},
    "honey": {"name": "Wildflower Honey", "am": "የአበባ ማር", "category": "spices", "sku": "HON-1"},
    "kemis": {"name": "ሐበሻ ቀሚስ", "category": "clothing", "sku": "KEM-1", "options": ("S", "M")},
    "gabi": {"name": "ጋቢ", "category": "clothing", "sku": "GAB-1"},
    "netela": {"name": "ነጠላ", "category": "clothing", "sku": "NET-1"},
    "tibeb": {"name": "የጥበብ ሻርፕ", "category": "clothing", "sku": "TIB-1"},
    "scarf": {"name": "Cotton Scarf", "category": "clothing", "sku": "SCA-1", "options": ("Red", "White"), "tags": ["gift"]},
    "shirt": {"name": "Linen Shirt", "category": "clothing", "sku": "SHT-1", "options": ("Blue",)},
    "bag": {"name": "Leather Bag", "brand": "Entoto", "category": "clothing", "sku": "BAG-1", "description": "With a red lining."},
    "charger": {"name": "Wireless Charger", "category": "electronics", "sku": "CHG-QI15", "attributes": {"power": "15"}},
    "bank": {"name": "Power Bank", "am": "የኃይል ባንክ", "category": "electronics", "sku": "PWB-20K"},
    "necklace": {"name": "Silver Cross Necklace", "am": "የብር መስቀል", "category": "jewellery", "sku": "NEC-9", "collections": ["genna"]},
    "ring": {"name": "Golden Ring", "category": "jewellery", "sku": "RNG-9", "collections": ["genna"]},
    "salam": {"name": "ሰላም ሻይ", "category": "tea", "sku": "SLM-1"},
    "szalam": {"name": "ሠላም ሻይ", "category": "tea", "sku": "SLM-2"},
    "fish": {"name": "የዓሣ ሾርባ", "category": "spices", "sku": "FSH-1"},
    "sunglasses": {"name": "ፀሐይ መነጽር", "category": "clothing", "sku": "SUN-1"},
    "limu": {"name": "Limu Coffeemaker", "category": "kitchen", "sku": "LIM-1"},
}  # fmt: skip
CATEGORIES = {  # slug: name, Amharic, parent
    "food": ("Groceries", "ምግብ", None), "coffee": ("Coffee", "ቡና", "food"), "spices": ("Spices", "ቅመማ ቅመም", "food"),
    "tea": ("Tea", "ሻይ", "food"), "kitchen": ("Kitchenware", "የወጥ ቤት ዕቃ", None), "clothing": ("Clothing", "አልባሳት", None),
    "electronics": ("Electronics", "ኤሌክትሮኒክስ", None), "jewellery": ("Jewellery", "ጌጣጌጥ", None),
}  # fmt: skip
TERMS = {"Red": "ቀይ", "White": "ነጭ", "Dark": "ጥቁር", "gift": "ስጦታ", "Entoto": "እንጦጦ"}


@dataclass(frozen=True, slots=True)
class Query:
    """Words as typed.

    Attributes:
        kind: english, amharic, latin (Amharic in Latin letters), across (Amharic for a Latin name), sku, attribute, typo.
        first: the product that stands first; empty: the order does not matter.
        but_not: products that must not be found.
    """

    kind: str
    words: str
    first: str = ""
    finds: tuple[str, ...] = ()
    but_not: tuple[str, ...] = ()

    @property
    def expected(self) -> set[str]:
        """All that must be found."""
        return {*self.finds, *([self.first] if self.first else [])}


QUERIES = [
    Query("english", "coffee", "cup", ("yirgacheffe", "sidamo", "limu", "mug", "harar", "blend"), ("honey", "scarf")),
    Query("english", "coffee cup", "cup", (), ("yirgacheffe", "mug")),
    Query("english", "Yirgacheffe", "yirgacheffe", (), ("sidamo",)),
    Query("english", "yirga", "yirgacheffe"),
    Query("english", "HONEY", "honey"),
    Query("english", "wildflower", "honey", (), ("flour",)),
    Query("english", "wildf", "honey"),
    Query("english", "citrus", "yirgacheffe", (), ("sidamo",)),
    Query("english", "negus", "cup"),
    Query("english", "Négus", "cup"),
    Query("english", "abyssinia coffee", "", ("yirgacheffe", "sidamo"), ("cup", "blend")),
    Query("english", "single origin", "yirgacheffe", (), ("sidamo",)),
    Query("english", "clothing", "", ("kemis", "gabi", "netela", "scarf", "bag"), ("charger",)),
    Query("english", "groceries", "", ("yirgacheffe", "honey", "teff", "salam"), ("charger", "cup")),
    Query("english", "genna", "", ("necklace", "ring"), ("bag",)),
    Query("english", "coffee for every day", "blend"),
    Query("english", "mug", "mug"),
    Query("english", "☕", "mug"),
    Query("english", "berbere hot", "", ("mitmita",)),
    Query("amharic", "ቡና", "", ("harar", "yirgacheffe", "sidamo", "cup", "blend"), ("honey",)),
    Query("amharic", "ይርጋጨፌ", "yirgacheffe"),
    Query("amharic", "ይርጋ", "yirgacheffe"),
    Query("amharic", "ማር", "honey"),
    Query("amharic", "ሰላም", "salam", ("szalam",)),
    Query("amharic", "ሠላም", "szalam", ("salam",)),
    Query("amharic", "ሀረር", "harar"),
    Query("amharic", "ኀረር ቡና", "harar"),
    Query("amharic", "ሃበሻ", "kemis"),
    Query("amharic", "የአሳ", "fish"),
    Query("amharic", "ዓሳ", "fish"),
    Query("amharic", "የማር", "honey"),
    Query("amharic", "የኣሣ ሾርባ", "fish"),
    Query("amharic", "ጸሀይ", "sunglasses"),
    Query("amharic", "ጸሃይ፡መነፅር", "sunglasses"),
    Query("amharic", "የሀይል ባንክ", "bank"),
    Query("amharic", "የሐይል", "bank"),
    Query("amharic", "ቀይ", "", ("scarf",), ("shirt",)),
    Query("amharic", "ስጦታ", "scarf"),
    Query("amharic", "አልባሳት", "", ("kemis", "scarf", "shirt"), ("cup",)),
    Query("amharic", "እንጦጦ", "bag"),
    Query("amharic", "ምግብ", "", ("honey", "harar"), ("cup",)),
    Query("latin", "buna", "blend", ("harar", "yirgacheffe", "sidamo"), ("honey",)),
    Query("latin", "bunna", "", ("harar", "yirgacheffe")),
    Query("latin", "tef", "flour", ("teff",)),
    Query("latin", "teff", "flour", ("teff",)),
    Query("latin", "berbere", "mitmita", ("berbere",)),
    Query("latin", "shiro", "", ("shiro",)),
    Query("latin", "yeshiro", "shiro"),
    Query("latin", "injera", "injera"),
    Query("latin", "enjera", "injera"),
    Query("latin", "jebena", "jebena"),
    Query("latin", "jebbena", "jebena"),
    Query("latin", "habesha kemis", "kemis"),
    Query("latin", "habesha", "kemis"),
    Query("latin", "gabi", "gabi"),
    Query("latin", "netela", "netela"),
    Query("latin", "tibeb", "", ("tibeb",)),
    Query("latin", "mesob", "mesob"),
    Query("latin", "harar", "harar"),
    Query("latin", "harrar buna", "harar"),
    Query("latin", "selam", "", ("salam", "szalam")),
    Query("latin", "sidamo buna", "sidamo"),
    Query("across", "ቡና ብሌንድ", "blend"),
    Query("across", "ሊሙ", "limu"),
    Query("across", "ጤፍ", "teff", ("flour",)),
    Query("across", "ኮቶን", "scarf"),
    Query("across", "ሚትሚታ", "mitmita"),
    Query("sku", "YIR-250-WH", "yirgacheffe", (), ("sidamo",)),
    Query("sku", "yir 250", "yirgacheffe"),
    Query("sku", "chg-qi15", "charger"),
    Query("sku", "QI15", "charger"),
    Query("sku", "pwb-20", "bank"),
    Query("attribute", "250g", "yirgacheffe", (), ("sidamo",)),
    Query("attribute", "coffee 500 g", "sidamo", (), ("yirgacheffe",)),
    Query("attribute", "dark coffee", "sidamo", ("harar",), ("yirgacheffe", "cup")),
    Query("attribute", "organic", "yirgacheffe", (), ("sidamo",)),
    Query("attribute", "15W", "charger"),
    Query("attribute", "red scarf", "scarf"),
    Query("attribute", "red", "scarf", ("bag", "berbere")),
    Query("attribute", "jebena large", "jebena"),
    Query("attribute", "ጥቁር ቡና", "", ("sidamo", "harar"), ("yirgacheffe",)),
    Query("typo", "yirgachefe", "yirgacheffe"),
    Query("typo", "yergacheffe", "yirgacheffe"),
    Query("typo", "yirgachffee", "yirgacheffe"),
    Query("typo", "sidmo", "sidamo"),
    Query("typo", "cofee", "", ("cup", "yirgacheffe", "sidamo")),
    Query("typo", "cofffee cup", "cup"),
    Query("typo", "scraf", "scarf"),
    Query("typo", "hnoey", "honey"),
    Query("typo", "wireles charger", "charger"),
    Query("typo", "wireless chragre", "charger"),
    Query("typo", "leathr bag", "bag"),
    Query("typo", "abysinia", "", ("yirgacheffe", "sidamo")),
    Query("typo", "necklase", "necklace"),
    Query("typo", "jebna", "jebena"),
    Query("typo", "ይርጋጨፈ", "yirgacheffe"),
    Query("typo", "በበርሬ", "berbere"),
    Query("typo", "lether bga", "bag"),
    Query("typo", "quantum bicycle", "", (), ("cup", "bag", "honey")),
]  # fmt: skip
