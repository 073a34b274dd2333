"""For the house, the skin and the hair."""

from __future__ import annotations

from catalog.demo.goods import Drawing, Good, choice, one

HOME_AND_BEAUTY = (
    Good(
        "clay-stew-pot", "Clay Stew Pot with Lid · የሸክላ ድስት", "home", "Entoto Pottery",
        "<p>Doro wot tastes of the pot it is made in. Hand-coiled clay, burnished with a river stone and seasoned"
        " with oil; 3 litres, for gas and charcoal.</p>",
        ("kitchen", "pottery", "handmade", "ድስት"),
        one(1350, 20, grams=3200),
        Drawing("pot", "earth"),
        "A round black clay pot with a lid and two handles",
    ),
    Good(
        "jimma-stool", "Jimma Three-Legged Stool · የጅማ በርጩማ", "home", "Wanza Woodwork",
        "<p>Carved from a single block of wanza wood, so that there is no joint to come loose. The dished seat is"
        " more comfortable than it has any right to be.</p>",
        ("furniture", "wood", "handmade", "በርጩማ"),
        one(4600, 7, grams=5200),
        Drawing("stool", "leaf"),
        "A three-legged stool carved from one piece of wood",
    ),
    Good(
        "incense-burner", "Clay Incense Burner · የዕጣን ማጨሻ", "home", "Entoto Pottery",
        "<p>A small pierced brazier for a few coals and a few tears of frankincense. No coffee ceremony starts"
        " without its smoke.</p>",
        ("incense", "pottery", "coffee ceremony", "handmade", "ማጨሻ"),
        one(420, 39, grams=600),
        Drawing("burner", "plum"),
        "A small clay burner with rising smoke",
    ),
    Good(
        "frankincense", "Frankincense Tears, 200 g · ዕጣን", "home", "Metema Resins",
        "<p>Resin of Boswellia papyrifera, tapped by hand in the north-western lowlands and sorted by size. Pale,"
        " lemony, and slow to burn out.</p>",
        ("incense", "resin", "coffee ceremony", "ዕጣን"),
        one(560, 48, grams=200),
        Drawing("seeds", "gold", "tears"),
        "Pale golden tears of frankincense in a woven dish",
    ),
    Good(
        "beeswax-candles", "Beeswax Candles, Pack of Twelve · የሰም ሻማ", "home", "Adi Mar Beekeepers",
        "<p>Thin, dark, hand-dipped tapers, such as are lit in every church, and useful at every power cut. They"
        " burn for two hours and smell of honey.</p>",
        ("candles", "beeswax", "handmade", "ሻማ"),
        one(380, 61, was=430, grams=300),
        Drawing("candles", "night"),
        "Three burning beeswax candles in the dark",
    ),
    Good(
        "black-seed-oil", "Black Seed Oil · የጥቁር አዝሙድ ዘይት", "beauty", "Enat Botanicals",
        "<p>Cold-pressed from Bale black cumin on the day the bottle is filled. For hair and skin, or a teaspoon"
        " before breakfast; peppery, and proud of it.</p>",
        ("oil", "hair", "skin", "cold pressed", "ጥቁር አዝሙድ"),
        choice("Volume", ("100 ml", 480, 37), ("250 ml", 1040, 25)),
        Drawing("bottle", "amber"),
        "A brown glass bottle of oil with a dropper",
    ),
    Good(
        "shea-butter", "Gambela Shea Butter, 250 g · የሺአ ቅቤ", "beauty", "Enat Botanicals",
        "<p>Unrefined butter, churned by a women's co-operative on the Baro river. Smells faintly of nuts, melts in"
        " the palm, and forgives dry elbows.</p>",
        ("butter", "skin", "hair", "unrefined", "ቅቤ"),
        one(520, 29, grams=250),
        Drawing("tub", "cream"),
        "An open tub of creamy shea butter",
    ),
    Good(
        "coffee-scrub-soap", "Coffee Scrub Soap · የቡና ሳሙና", "beauty", "Enat Botanicals",
        "<p>Olive and coconut oil, with spent coffee from the roastery for grip. Cured for six weeks; the smell of"
        " breakfast fades, the smooth hands stay.</p>",
        ("soap", "skin", "coffee", "handmade", "ሳሙና"),
        one(180, 110, grams=120),
        Drawing("soap", "earth"),
        "A stack of brown soap bars with coffee beans",
    ),
    Good(
        "moringa-oil", "Moringa Face Oil, 30 ml · የሽፈራው ዘይት", "beauty", "Enat Botanicals",
        "<p>Pressed from the winged seeds of Konso's moringa trees. A light, golden oil that leaves no shine; three"
        " drops are enough for face and neck.</p>",
        ("oil", "skin", "face", "moringa", "ሽፈራው"),
        one(690, 5, was=780, grams=60),
        Drawing("bottle", "leaf"),
        "A green glass bottle of moringa oil with a dropper",
    ),
    Good(
        "henna-powder", "Henna Powder, 100 g · ሂና", "beauty", "Merkato Spice House",
        "<p>Leaves from the gardens of Dire Dawa and Harar, sifted through silk. Stains hands a warm brick red for a"
        " week, hair for much longer.</p>",
        ("henna", "hair", "powder", "ሂና"),
        one(160, 76, grams=100),
        Drawing("heap", "leaf"),
        "A green cone of henna powder in a small bowl",
    ),
)  # fmt: skip
