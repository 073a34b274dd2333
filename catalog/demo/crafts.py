"""What is plaited, forged, carved and sewn by hand."""

from __future__ import annotations

from catalog.demo.goods import Drawing, Good, choice, one

CRAFTS = (
    Good(
        "mesob-table", "Mesob Table with Lid · መሶብ", "baskets", "Harar Basket Circle",
        "<p>The hourglass basket around which a family eats, coiled from dyed grass over many weeks. Lined with"
        " leather, so that injera stays soft; the pointed lid keeps it warm.</p>",
        ("basket", "handmade", "dining", "መሶብ"),
        choice("Width", ("45 cm", 5600, 5), ("60 cm", 8200, 3)),
        Drawing("mesob", "harar"),
        "A tall woven mesob basket with a pointed lid in red, gold and green",
    ),
    Good(
        "harari-wall-basket", "Harari Wall Basket · የሐረር ስፌት", "baskets", "Harar Basket Circle",
        "<p>A flat coiled plate, 35 cm across, of the kind that covers the walls of Harar's houses from floor to"
        " ceiling. The star in the middle is the maker's signature.</p>",
        ("basket", "handmade", "wall art", "ስፌት"),
        choice("Pattern", ("Star", 2100, 10), ("Wheel", 2100, 8), ("Wave", 1950, 12)),
        Drawing("plate", "sunset", "star"),
        "A round coiled basket with a star in warm colours",
    ),
    Good(
        "sefed-tray", "Sefed Winnowing Tray · ሰፌድ", "baskets", "Lalibela Women's Workshop",
        "<p>A light, shallow tray of grass and palm leaf, 42 cm across: for sorting lentils, cooling roasted"
        " coffee, or serving popcorn at the ceremony.</p>",
        ("basket", "handmade", "kitchen", "ሰፌድ"),
        one(890, 31, grams=420),
        Drawing("plate", "leaf", "rings"),
        "A round woven tray with green rings",
    ),
    Good(
        "lalibela-cross-pendant", "Lalibela Cross Pendant · የላሊበላ መስቀል", "jewellery", "Axum Silversmiths",
        "<p>Cast in 925 silver by the lost-wax method after a processional cross of Lalibela, then pierced and"
        " filed by hand. 4 cm high, on a black cotton cord.</p>",
        ("silver", "pendant", "cross", "handmade", "መስቀል"),
        one(3400, 18, was=3900, grams=14),
        Drawing("cross", "silver"),
        "A pierced silver Lalibela cross on a dark background",
    ),
    Good(
        "filigree-earrings", "Silver Filigree Earrings · የብር ጉትቻ", "jewellery", "Axum Silversmiths",
        "<p>Silver wire, thinner than a hair in places, twisted into rosettes and soldered grain by grain. Light on"
        " the ear; hooks of solid silver.</p>",
        ("silver", "earrings", "filigree", "handmade", "ጉትቻ"),
        one(2650, 11, grams=7),
        Drawing("earrings", "plum"),
        "A pair of round silver filigree earrings",
    ),
    Good(
        "bead-necklace", "Omo Valley Bead Necklace · የጨሌ ሐብል", "jewellery", "Omo Bead Collective",
        "<p>Seven strands of glass beads in earth red, sun yellow and sky blue, strung by women in Turmi and Jinka."
        " They set the price, and nine tenths of it goes to them.</p>",
        ("beads", "necklace", "handmade", "fair trade", "ጨሌ"),
        one(1250, 25, grams=90),
        Drawing("necklace", "earth"),
        "A necklace of many strands of coloured beads",
    ),
    Good(
        "leather-satchel", "Leather Satchel · የቆዳ ቦርሳ", "leather", "Sheger Leather",
        "<p>Full-grain Ethiopian cowhide, cut in one piece and saddle-stitched, with brass buckles. Fits a 14-inch"
        " laptop and the day's bread.</p>",
        ("bag", "leather", "handmade", "unisex", "ቦርሳ"),
        choice("Colour", ("Tan", 6900, 9), ("Chestnut", 6900, 6), ("Black", 6900, 4)),
        Drawing("satchel", "saffron"),
        "A tan leather satchel with two buckles",
    ),
    Good(
        "sheepskin-wallet", "Sheepskin Wallet · የቆዳ ገንዘብ ቦርሳ", "leather", "Sheger Leather",
        "<p>Highland sheepskin is among the strongest glove leathers there are, and thin besides. Six cards, two"
        " pockets for notes, no lining to wear through.</p>",
        ("wallet", "leather", "gift", "የቆዳ"),
        one(1480, 44, was=1750, grams=70),
        Drawing("wallet", "earth"),
        "A folded brown leather wallet with a stitched edge",
    ),
    Good(
        "krar-lyre", "Krar, Six-String Lyre · ክራር", "music-and-games", "Azmari Workshop",
        "<p>The bowl-shaped lyre of the azmari, with a goatskin belly and six tuned strings. Ready to play in"
        " tizita; a spare set of strings and a plectrum are included.</p>",
        ("music", "instrument", "handmade", "ክራር"),
        one(4900, 6, grams=1600),
        Drawing("krar", "ember"),
        "A krar lyre with six strings and a round belly",
    ),
    Good(
        "gebeta-board", "Gebeta Board Game · ገበጣ", "music-and-games", "Wanza Woodwork",
        "<p>Mancala as it is played under Ethiopian trees: three rows of six hollows, carved from one plank, with"
        " polished seeds for counters and the rules on a card. For two players and any number of advisers.</p>",
        ("game", "wood", "handmade", "family", "ገበጣ"),
        one(1750, 22, grams=1300),
        Drawing("gebeta", "earth"),
        "A carved wooden board with three rows of hollows and seeds",
    ),
)  # fmt: skip
