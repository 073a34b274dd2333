"""Teas, infusions and honey."""

from __future__ import annotations

from catalog.demo.goods import Drawing, Good, choice, one

TEA_AND_HONEY = (
    Good(
        "kaffa-black-tea", "Kaffa Highland Black Tea, 250 g · የካፋ ሻይ ቅጠል", "tea", "Kaffa Hills Tea",
        "<p>Loose leaf from gardens at 1,900 metres, picked by hand from October to May. Brisk and coppery; made"
        " for boiling with cinnamon, cloves and a lot of sugar.</p>",
        ("tea", "black tea", "loose leaf", "ሻይ"),
        one(260, 96, grams=250),
        Drawing("tea_glass", "amber"),
        "A glass of amber black tea with leaves beside it",
    ),
    Good(
        "tosign-thyme-tea", "Tosign, Wild Thyme Tea, 40 g · የጦስኝ ሻይ", "tea", "Simien Herbs",
        "<p>Wild thyme from above 3,000 metres, dried in the mountain wind. Two minutes in hot water against a"
        " cold, or simply against a cold evening.</p>",
        ("tea", "herbal", "caffeine free", "thyme", "ጦስኝ"),
        one(190, 54, grams=40),
        Drawing("herb", "leaf"),
        "Green sprigs of wild thyme",
    ),
    Good(
        "moringa-leaf-tea", "Moringa Leaf Tea, 20 Bags · የሽፈራው ሻይ", "tea", "Konso Terraces",
        "<p>Leaves of the cabbage tree that shades the terraces of Konso, dried and cut. Green and mild, a little"
        " like spinach and hay, with no caffeine at all.</p>",
        ("tea", "herbal", "caffeine free", "moringa", "ሽፈራው"),
        one(220, 47, was=250),
        Drawing("tea_glass", "leaf"),
        "A glass of green moringa tea with leaves beside it",
    ),
    Good(
        "hibiscus-tea", "Hibiscus Tea, 100 g · የከርከዴ ሻይ", "tea", "Sheba Kitchen",
        "<p>Whole dried hibiscus from the lowlands of Benishangul. Crimson and tart; hot with honey in the rainy"
        " season, over ice in the dry one.</p>",
        ("tea", "herbal", "caffeine free", "hibiscus", "ከርከዴ"),
        one(210, 62, grams=100),
        Drawing("tea_glass", "hibiscus"),
        "A glass of crimson hibiscus tea with petals beside it",
    ),
    Good(
        "white-honey", "White Honey of Tigray · ነጭ ማር", "honey", "Adi Mar Beekeepers",
        "<p>Raw honey from bees that forage on mountain sage and other highland flowers. It sets white and creamy,"
        " and tastes of flowers first and sugar last. Never heated, never filtered fine.</p>",
        ("honey", "raw", "white honey", "ማር"),
        choice("Weight", ("500 g", 890, 33), ("1 kg", 1690, 21, 1780)),
        Drawing("honey_jar", "cream", "white"),
        "A jar of creamy white honey",
    ),
    Good(
        "forest-honey", "Sheka Forest Honey, 1 kg · የጫካ ማር", "honey", "Canopy Honey",
        "<p>Dark, runny honey from log hives hung high in the forest trees of Sheka, where bees live on schefflera"
        " and wild coffee blossom. Malty, with a gentle bitterness; the right one for tej.</p>",
        ("honey", "raw", "forest", "tej", "ማር"),
        one(1240, 28, grams=1000),
        Drawing("honey_jar", "amber"),
        "A jar of dark amber forest honey",
    ),
)  # fmt: skip
