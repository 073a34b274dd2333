"""Spices and herbs."""

from __future__ import annotations

from catalog.demo.goods import Drawing, Good, choice, one

SPICES = (
    Good(
        "berbere", "Berbere · በርበሬ", "spice-blends", "Merkato Spice House",
        "<p>Sun-dried chillies pounded with garlic, ginger, fenugreek, korerima and a dozen other spices, then"
        " dried and ground again. Deep red, warm rather than fierce: the heart of every wot.</p>",
        ("spice blend", "chilli", "hot", "በርበሬ"),
        choice("Weight", ("200 g", 290, 90), ("500 g", 650, 70), ("1 kg", 1220, 36, 1300)),
        Drawing("heap", "chilli"),
        "A tall cone of deep red berbere on a clay plate",
    ),
    Good(
        "mitmita", "Mitmita, 200 g · ሚጥሚጣ", "spice-blends", "Merkato Spice House",
        "<p>Bird's eye chillies, korerima, cloves and salt, ground to a fine orange powder. Small spoon: this is"
        " the one that makes kitfo bite back.</p>",
        ("spice blend", "chilli", "very hot", "ሚጥሚጣ"),
        one(340, 64, grams=200),
        Drawing("heap", "mitmita"),
        "A cone of bright orange mitmita in a small bowl",
    ),
    Good(
        "shiro-powder", "Shiro Powder · ሽሮ", "spice-blends", "Sheba Kitchen",
        "<p>Roasted chickpeas and broad beans milled with berbere, garlic and sacred basil. Whisk it into simmering"
        " oil and water, and a bubbling clay pot of shiro is on the table in twenty minutes.</p>",
        ("spice blend", "fasting food", "vegan", "ሽሮ"),
        choice("Kind", ("Mild, 1 kg", 520, 75), ("Hot (mitten), 1 kg", 560, 68)),
        Drawing("heap", "shiro"),
        "A golden cone of shiro powder on a clay plate",
    ),
    Good(
        "mekelesha", "Mekelesha, 100 g · መከለሻ", "spice-blends", "Merkato Spice House",
        "<p>The finishing touch: korerima, black cumin, long pepper, cinnamon and cloves, toasted and ground. A pinch"
        " goes into the pot when the fire is already out.</p>",
        ("spice blend", "finishing spice", "መከለሻ"),
        one(320, 41, grams=100),
        Drawing("heap", "bark"),
        "A cone of dark brown mekelesha in a small bowl",
    ),
    Good(
        "turmeric", "Ground Turmeric, 250 g · እርድ", "spice-blends", "Canopy Spices",
        "<p>Grown in the south-west around Sheka and Tepi, boiled, dried and milled within the season. Bright,"
        " earthy and a little bitter; indispensable for alicha.</p>",
        ("spice", "turmeric", "mild", "እርድ"),
        one(240, 83, was=280, grams=250),
        Drawing("heap", "turmeric"),
        "A bright yellow cone of turmeric in a small bowl",
    ),
    Good(
        "korerima", "Korerima Pods, 100 g · ኮረሪማ", "whole-spices", "Canopy Spices",
        "<p>Ethiopian cardamom, gathered in the shade of the southern forests. Milder and rounder than the green"
        " kind; crush the seeds for coffee, berbere and spiced butter.</p>",
        ("spice", "whole", "cardamom", "forest", "ኮረሪማ"),
        one(460, 57, grams=100),
        Drawing("seeds", "bark", "pods"),
        "Brown korerima pods in a woven dish",
    ),
    Good(
        "black-cumin", "Black Cumin Seeds, 250 g · ጥቁር አዝሙድ", "whole-spices", "Canopy Spices",
        "<p>Nigella from the highlands of Bale, clean and sharp, with a hint of oregano. Strew it over himbasha"
        " before it goes into the oven, or take a spoonful with honey.</p>",
        ("spice", "whole", "nigella", "ጥቁር አዝሙድ"),
        one(310, 72, grams=250),
        Drawing("seeds", "night", "grains"),
        "Small black cumin seeds in a woven dish",
    ),
    Good(
        "timiz-long-pepper", "Timiz Long Pepper, 50 g · ጥምዝ", "whole-spices", "Merkato Spice House",
        "<p>Wild long pepper, smoked slowly over the hearth. It smells of tobacco, mint and old wood, and turns a"
        " plain stew into a story.</p>",
        ("spice", "whole", "pepper", "smoked", "wild", "ጥምዝ"),
        one(380, 4, grams=50),
        Drawing("seeds", "earth", "sticks"),
        "Dark catkins of long pepper in a woven dish",
    ),
    Good(
        "besobela", "Besobela, Dried Sacred Basil, 50 g · በሶብላ", "whole-spices", "Sheba Kitchen",
        "<p>The purple flower heads of sacred basil, dried in the shade. They give shiro and spiced butter their"
        " sweet, clove-like scent.</p>",
        ("herb", "dried", "basil", "በሶብላ"),
        one(180, 0, grams=50),
        Drawing("herb", "plum"),
        "Stems of dried purple sacred basil",
    ),
)  # fmt: skip
