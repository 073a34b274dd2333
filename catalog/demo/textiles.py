"""What is spun and woven."""

from __future__ import annotations

from decimal import Decimal

from catalog.demo.goods import Drawing, Good, Offer, choice, one

TEXTILES = (
    Good(
        "habesha-kemis", "Habesha Kemis, Axum Border · ሀበሻ ቀሚስ", "clothing", "Shiro Meda Weavers",
        "<p>A floor-length dress of menen cotton, with an embroidered cross panel from neck to hem and matching"
        " cuffs. The netela of the same weave is included.</p><p>Each takes a weaver and an embroiderer nine days.</p>",
        ("dress", "women", "handwoven", "cotton", "wedding", "ቀሚስ"),
        choice("Size", ("S", 9800, 4), ("M", 9800, 7), ("L", 9800, 5), ("XL", 10400, 0)),
        Drawing("dress", "gold"),
        "A white habesha kemis dress with a golden woven border",
    ),
    Good(
        "children-habesha-dress", "Children's Habesha Dress · የልጆች ሀበሻ ቀሚስ", "clothing", "Shiro Meda Weavers",
        "<p>Soft white cotton with a bright border at hem and neck, made for Enkutatash mornings and for twirling."
        " Washable at 30 degrees, with room to grow at the seams.</p>",
        ("dress", "children", "handwoven", "cotton", "holiday", "ቀሚስ"),
        choice("Age", ("2 to 3 years", 2900, 9), ("4 to 5 years", 3200, 12), ("6 to 8 years", 3500, 6)),
        Drawing("dress", "meskel"),
        "A child's white dress with a yellow and green woven border",
    ),
    Good(
        "netela-shawl", "Netela Shawl · ነጠላ", "clothing", "Dorze Looms",
        "<p>Two layers of gauze-thin cotton with a woven tibeb at both ends, worn over the shoulders to church, to"
        " market and to weddings. Choose the colour of the border.</p>",
        ("shawl", "women", "handwoven", "cotton", "ነጠላ"),
        choice("Border", ("Green, yellow, red", 2400, 18), ("Indigo", 2400, 11), ("Wine", 2400, 2)),
        Drawing("shawl", "flag"),
        "A folded white netela shawl with a green, yellow and red border",
    ),
    Good(
        "cotton-scarf", "Handwoven Cotton Scarf · የእጅ ሽመና ሻርፕ", "clothing", "Entoto Lane Studio",
        "<p>Hand-spun cotton dyed with plants and woven in a loose basket weave, 60 by 190 cm. Light enough for"
        " noon, warm enough for the bus at six in the morning.</p>",
        ("scarf", "unisex", "handwoven", "cotton", "plant dyed", "ሻርፕ"),
        choice("Colour", ("Saffron", 1850, 14, 2200), ("Indigo", 1850, 19, 2200), ("Clay", 1850, 8, 2200)),
        Drawing("shawl", "saffron", "stripes"),
        "A folded saffron scarf with woven stripes",
    ),
    Good(
        "gabi-blanket", "Gabi Blanket · ጋቢ", "home-textiles", "Dorze Looms",
        "<p>Four layers of hand-spun cotton, heavy as a hug, 240 by 160 cm. Fathers wear it on the veranda, guests"
        " sleep under it, and it becomes softer every year.</p>",
        ("blanket", "handwoven", "cotton", "ጋቢ"),
        one(5200, 16, was=5900, grams=1900),
        Drawing("folded", "cream"),
        "A thick folded white cotton gabi with a narrow border",
    ),
    Good(
        "tibeb-table-runner", "Tibeb Table Runner · የጥበብ ጠረጴዛ ልብስ", "home-textiles", "Shiro Meda Weavers",
        "<p>A cotton runner, 40 by 180 cm, with a broad tibeb of diamonds and crosses at either end. The pattern is"
        " counted thread by thread; no two weavers count alike.</p>",
        ("table", "handwoven", "cotton", "tibeb", "ጥበብ"),
        one(1650, 27, grams=320),
        Drawing("weave", "harar"),
        "A close view of woven diamonds and crosses in red and gold",
    ),
    Good(
        "dorze-cushion-cover", "Dorze Cushion Cover · የትራስ ልብስ", "home-textiles", "Dorze Looms",
        "<p>Thick cotton, 45 by 45 cm, in the zigzags that Dorze weavers have carried from the Guge mountains to"
        " every market of the country. Hidden zip, washable.</p>",
        ("cushion", "handwoven", "cotton", "ትራስ"),
        choice("Colour", ("Turquoise", 980, 22), ("Coral", 980, 15), ("Natural", 920, 30)),
        Drawing("cushion", "lake"),
        "A turquoise cushion with woven zigzags",
    ),
    Good(
        "buluko-blanket", "Buluko Winter Blanket · ቡሉኮ", "home-textiles", "Dorze Looms",
        "<p>The heaviest of the handwoven blankets: eight layers of cotton, for nights in Debre Berhan and draughty"
        " flats elsewhere. Comes with a carrying strap.</p>",
        ("blanket", "handwoven", "cotton", "winter", "ቡሉኮ"),
        (Offer(Decimal("8400.00"), 3, None, (), 3600),),
        Drawing("folded", "meskel"),
        "A thick folded blanket with wide coloured stripes",
    ),
)  # fmt: skip
