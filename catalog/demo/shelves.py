"""The category tree of the demo shop, parents before their children."""

from __future__ import annotations

from catalog.demo.goods import Shelf

SHELVES = (
    Shelf("coffee", "Coffee · ቡና", "Single-origin coffee from its birthplace, and everything a coffee ceremony needs."),
    Shelf("roasted-beans", "Roasted Beans · የተቆላ ቡና", "Roasted in Addis Ababa every week, whole or ground.", "coffee"),
    Shelf("green-beans", "Green Beans · ጥሬ ቡና", "Unroasted beans for those who roast at home.", "coffee"),
    Shelf("brewing", "Brewing · የቡና ዕቃዎች", "Jebena, cups and tools for the ceremony.", "coffee"),
    Shelf("spices", "Spices · ቅመማ ቅመም", "Sun-dried, stone-ground and blended after family recipes."),
    Shelf("spice-blends", "Spice Blends · ድብልቅ ቅመሞች", "Berbere, mitmita and other blends, ready for the pot.", "spices"),
    Shelf("whole-spices", "Herbs and Whole Spices · ያልተፈጨ ቅመም", "Seeds, pods and herbs, as they were harvested.", "spices"),
    Shelf("tea-and-honey", "Tea and Honey · ሻይ እና ማር", "Highland teas, herbal infusions and raw honey."),
    Shelf("tea", "Tea · ሻይ", "Black tea and herbal infusions from the highlands.", "tea-and-honey"),
    Shelf("honey", "Honey · ማር", "Raw honey from forests and mountain villages.", "tea-and-honey"),
    Shelf("textiles", "Textiles · ጨርቃ ጨርቅ", "Cotton spun by hand and woven on wooden looms."),
    Shelf("clothing", "Clothing · አልባሳት", "Dresses and shawls for feasts and every day.", "textiles"),
    Shelf("home-textiles", "Home Textiles · የቤት ጨርቃ ጨርቅ", "Blankets, runners and cushions with woven tibeb.", "textiles"),
    Shelf("crafts", "Crafts · የእጅ ሥራዎች", "Made by hand by weavers, silversmiths, carvers and tanners."),
    Shelf("baskets", "Baskets · ስፌት", "Coiled grass baskets in the patterns of Harar and the highlands.", "crafts"),
    Shelf("jewellery", "Jewellery · ጌጣጌጥ", "Silver, beads and filigree.", "crafts"),
    Shelf("leather", "Leather · የቆዳ ውጤቶች", "Vegetable-tanned sheepskin and cowhide.", "crafts"),
    Shelf("music-and-games", "Music and Games · ሙዚቃ እና ጨዋታ", "Instruments and board games.", "crafts"),
    Shelf("electronics", "Electronics · ኤሌክትሮኒክስ", "Useful things with a plug, a battery or a solar panel."),
    Shelf("kitchen-appliances", "Kitchen Appliances · የኩሽና መሣሪያዎች", "Made for injera, coffee and stew.", "electronics"),
    Shelf("power-and-light", "Power and Light · ኃይል እና መብራት", "For evenings when the lights go out.", "electronics"),
    Shelf("audio", "Audio · ድምፅ", "Speakers, earbuds and radios.", "electronics"),
    Shelf("home", "Home · ቤት", "Clay, wood, incense and candlelight."),
    Shelf("beauty", "Beauty · ውበት", "Plant oils, butters and soaps."),
)  # fmt: skip
