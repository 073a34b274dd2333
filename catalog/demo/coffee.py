"""Coffee, and what it is made with."""

from __future__ import annotations

from decimal import Decimal

from catalog.demo.goods import Drawing, Good, Offer, choice, one


def _sizes_and_grinds(
    *rows: tuple[str, int, int | None, int, tuple[int, ...]],
) -> tuple[Offer, ...]:
    """A row is size, price, price before, grams, and the stock of each grind."""
    grinds = ("Whole beans", "Jebena grind", "Filter grind")
    return tuple(
        Offer(
            Decimal(price), stock, Decimal(was) if was else None, (("Size", size), ("Grind", grind)), grams
        )
        for size, price, was, grams, stocks in rows
        for grind, stock in zip(grinds, stocks, strict=True)
    )  # fmt: skip


COFFEE = (
    Good(
        "yirgacheffe-coffee", "Yirgacheffe Coffee · ይርጋጨፌ ቡና", "roasted-beans", "Abol Roasters",
        "<p>Washed heirloom beans from smallholders around Yirgacheffe, grown at 1,900 to 2,200 metres. A light"
        " roast keeps what the place is loved for: jasmine, lemon and a tea-like body. Roasted on Tuesdays, sent on"
        " Wednesdays.</p>",
        ("coffee", "single origin", "washed", "light roast", "floral", "ቡና"),
        _sizes_and_grinds(
            ("250 g", 620, None, 250, (48, 36, 22)),
            ("500 g", 1160, 1240, 500, (40, 25, 12)),
            ("1 kg", 2190, 2480, 1000, (18, 9, 0)),
        ),
        Drawing("coffee_bag", "jasmine", "cherries"),
        "A bag of Yirgacheffe coffee beside red coffee cherries and green leaves",
    ),
    Good(
        "sidama-coffee", "Sidama Coffee · ሲዳማ ቡና", "roasted-beans", "Abol Roasters",
        "<p>A balanced cup from the hills above Lake Hawassa, with blueberry, milk chocolate and a clean, sweet finish."
        " Medium roast: at home in the jebena and in an espresso machine.</p>",
        ("coffee", "single origin", "washed", "medium roast", "fruity", "ቡና"),
        choice("Size", ("250 g", 580, 60), ("500 g", 1090, 44), ("1 kg", 2050, 20)),
        Drawing("coffee_bag", "forest", "beans"),
        "A bag of Sidama coffee with roasted beans",
    ),
    Good(
        "harar-coffee", "Harar Coffee · ሐረር ቡና", "roasted-beans", "Jegol Coffee House",
        "<p>Sun-dried longberry beans from the eastern highlands, traded through the walled city for centuries."
        " Heavy and winey, with blackberry, cardamom and dark cocoa.</p><p>The classic for three rounds: abol, tona"
        " and baraka.</p>",
        ("coffee", "single origin", "natural", "dark roast", "ቡና"),
        choice("Grind", ("Whole beans", 1240, 26, 1380), ("Jebena grind", 1240, 31, 1380)),
        Drawing("coffee_bag", "harar", "beans"),
        "A bag of Harar coffee with dark roasted beans",
    ),
    Good(
        "guji-natural-coffee", "Guji Natural Coffee, 500 g · ጉጂ ቡና", "roasted-beans", "Abol Roasters",
        "<p>Ripe cherries dried whole on raised beds for three weeks, turned by hand every hour. The cup is loud"
        " and sweet: strawberry, peach and honey.</p>",
        ("coffee", "single origin", "natural", "light roast", "fruity", "ቡና"),
        one(1320, 34, grams=500),
        Drawing("coffee_bag", "sunset", "cherries"),
        "A bag of Guji coffee beside red coffee cherries",
    ),
    Good(
        "limu-coffee", "Limu Coffee, 500 g · ሊሙ ቡና", "roasted-beans", "Canopy Coffee",
        "<p>Washed coffee from western Oromia, low in acidity, with a rounded body and notes of orange, spice and"
        " wine. A gentle cup for the afternoon.</p>",
        ("coffee", "single origin", "washed", "medium roast", "ቡና"),
        one(1020, 52, grams=500),
        Drawing("coffee_bag", "lake", "beans"),
        "A bag of Limu coffee with roasted beans",
    ),
    Good(
        "jimma-everyday-coffee", "Jimma Everyday Coffee, 1 kg · ጅማ ቡና", "roasted-beans", "Canopy Coffee",
        "<p>The household coffee of Addis Ababa: natural beans from Jimma, roasted medium dark for a thick, earthy"
        " cup. Good with sugar, better with salt and butter, as grandmother takes it.</p>",
        ("coffee", "natural", "medium dark roast", "everyday", "ቡና"),
        one(1480, 85, was=1650, grams=1000),
        Drawing("coffee_bag", "earth", "beans"),
        "A large bag of Jimma coffee with roasted beans",
    ),
    Good(
        "yirgacheffe-green-beans", "Yirgacheffe Green Beans, 1 kg · ጥሬ ይርጋጨፌ ቡና", "green-beans", "Abol Roasters",
        "<p>Grade 1 washed beans of this year's harvest, sorted by hand, at 11 per cent moisture. Roast them in a pan"
        " over charcoal until they crackle, and let the smoke go round the room.</p>",
        ("coffee", "green beans", "washed", "grade 1", "ቡና"),
        one(1350, 40, grams=1000),
        Drawing("sack", "leaf"),
        "A jute sack filled with green coffee beans",
    ),
    Good(
        "kaffa-forest-green-beans", "Kaffa Forest Green Beans, 1 kg · የካፋ ጫካ ጥሬ ቡና", "green-beans", "Canopy Coffee",
        "<p>Wild coffee gathered under the old trees of the Kaffa biosphere reserve, where the plant comes from. Small,"
        " uneven beans with a flavour no plantation has.</p>",
        ("coffee", "green beans", "wild", "forest", "ቡና"),
        one(1580, 3, grams=1000),
        Drawing("sack", "forest", "wild"),
        "A jute sack of wild green coffee beans in front of forest greens",
    ),
    Good(
        "clay-jebena", "Clay Jebena · የሸክላ ጀበና", "brewing", "Entoto Pottery",
        "<p>The round-bellied coffee pot with its long neck and straw stopper, shaped by hand and fired black."
        " Season it with coffee before the first ceremony; after a year it makes better coffee than you do.</p>",
        ("coffee ceremony", "jebena", "pottery", "handmade", "ጀበና"),
        choice("Size", ("Four cups", 680, 24), ("Eight cups", 890, 17), ("Twelve cups", 1150, 2)),
        Drawing("jebena", "ember"),
        "A black clay jebena coffee pot with a long neck",
    ),
    Good(
        "sini-coffee-cups", "Sini Coffee Cups, Set of Six · የቡና ሲኒ", "brewing", "Sheger Home",
        "<p>Six small porcelain cups without handles and their saucers, banded in green, yellow and red. Each holds"
        " 70 ml: enough for a round, small enough to ask for another.</p>",
        ("coffee ceremony", "cups", "porcelain", "ሲኒ"),
        one(1450, 38, grams=1100),
        Drawing("cups", "jasmine"),
        "Small white coffee cups banded in green, yellow and red",
    ),
    Good(
        "rekebot-coffee-table", "Rekebot Coffee Table · ረከቦት", "brewing", "Wanza Woodwork",
        "<p>The low carved table on which cups wait for the jebena, made of wanza wood with a drawer for saucers."
        " Delivered assembled; oiled, never varnished.</p>",
        ("coffee ceremony", "furniture", "wood", "handmade", "ረከቦት"),
        one(7800, 0, grams=6500),
        Drawing("rekebot", "ember"),
        "A carved wooden rekebot table set with small coffee cups",
    ),
)  # fmt: skip
