"""Things with a plug, a battery or a solar panel."""

from __future__ import annotations

from catalog.demo.goods import Drawing, Good, choice, one

ELECTRONICS = (
    Good(
        "electric-mitad", "Electric Injera Mitad, 60 cm · የኤሌክትሪክ ምጣድ", "kitchen-appliances", "Sheger Appliances",
        "<p>A clay baking plate of 58 cm with an even heating coil and an insulated aluminium lid. Hot in eight"
        " minutes, then an injera every two, with a third less electricity than the old stove.</p><p>220 V, 3.5 kW;"
        " two years' warranty.</p>",
        ("injera", "kitchen", "appliance", "ምጣድ"),
        one(11800, 13, was=12900, grams=21000),
        Drawing("mitad", "silver"),
        "A round electric injera stove with its domed lid",
    ),
    Good(
        "coffee-grinder", "Electric Coffee Grinder · የኤሌክትሪክ ቡና መፍጫ", "kitchen-appliances", "Sheger Appliances",
        "<p>Steel burrs, eighteen settings from jebena-fine to filter, and a lid that keeps the smell for the"
        " kitchen. Grinds 100 g in under a minute. 220 V, 150 W.</p>",
        ("coffee", "kitchen", "appliance", "grinder", "ቡና መፍጫ"),
        one(4350, 19, grams=1800),
        Drawing("grinder", "ember"),
        "An electric coffee grinder filled with beans",
    ),
    Good(
        "electric-kettle", "Electric Kettle, 1.7 l · የኤሌክትሪክ ማንቆርቆሪያ", "kitchen-appliances", "Sheger Appliances",
        "<p>Brushed steel inside and out, with a long spout for tea and coffee, and a switch-off that listens for"
        " the boil. 220 V, 1.8 kW; safe when the power comes back at night.</p>",
        ("kitchen", "appliance", "tea", "ማንቆርቆሪያ"),
        one(2450, 36, grams=1050),
        Drawing("kettle", "lake"),
        "A steel electric kettle with a long spout",
    ),
    Good(
        "solar-lantern", "Solar Lantern with Phone Charging · የፀሐይ ፋኖስ", "power-and-light", "Tsehay Solar",
        "<p>A day in the sun gives twelve hours of reading light or two full telephones. Rainproof, drop-proof from"
        " a metre, and it hangs from any nail.</p>",
        ("solar", "light", "charger", "ፋኖስ"),
        choice("Power", ("3 W", 1650, 58), ("6 W", 2380, 33)),
        Drawing("lantern", "gold"),
        "A glowing solar lantern with a handle",
    ),
    Good(
        "power-bank", "Power Bank, USB-C · ፓወር ባንክ", "power-and-light", "Tsehay Solar",
        "<p>Honest capacity, measured and printed. Charges two devices at once, up to 22.5 W, and itself in four"
        " hours.</p>",
        ("charger", "battery", "usb-c", "ፓወር ባንክ"),
        choice("Capacity", ("10,000 mAh", 1950, 66), ("20,000 mAh", 3280, 41, 3600)),
        Drawing("power_bank", "night"),
        "A slim power bank with a charge indicator",
    ),
    Good(
        "voltage-protector", "Voltage Protector for Fridge and TV · የቮልቴጅ መከላከያ", "power-and-light", "Sheger Appliances",
        "<p>Cuts off below 180 and above 250 volts and waits three minutes before it trusts the line again. Saves a"
        " compressor the first time the neighbourhood comes back at once.</p>",
        ("power", "protection", "appliance", "ቮልቴጅ"),
        one(1380, 73, grams=380),
        Drawing("protector", "lake"),
        "A plug-in voltage protector with a digital gauge",
    ),
    Good(
        "bluetooth-speaker", "Bluetooth Speaker Addis · ብሉቱዝ ስፒከር", "audio", "Addis Audio",
        "<p>A speaker the size of a jebena and the voice of a minibus, only clearer. Fourteen hours of battery,"
        " splash-proof, and the grille carries a woven tibeb band.</p>",
        ("music", "wireless", "speaker", "ስፒከር"),
        choice("Colour", ("Charcoal", 4200, 17, 4800), ("Terracotta", 4200, 12, 4800)),
        Drawing("speaker", "night"),
        "A cylindrical speaker with a woven band",
    ),
    Good(
        "wireless-earbuds", "Wireless Earbuds · ገመድ አልባ የጆሮ ማዳመጫ", "audio", "Addis Audio",
        "<p>Small, light and quiet to the outside, with 28 hours of music in the case. Calls stay clear on Meskel"
        " Square at rush hour: two microphones listen to you, one to the traffic.</p>",
        ("music", "wireless", "earbuds", "የጆሮ ማዳመጫ"),
        one(2890, 0, grams=55),
        Drawing("earbuds", "jasmine"),
        "A pair of white earbuds above their open case",
    ),
    Good(
        "shortwave-radio", "Shortwave Radio · ራዲዮ", "audio", "Addis Audio",
        "<p>FM, medium and short wave, with a dial that can be read without glasses. Runs on mains, batteries or"
        " its crank; the handle folds flat.</p>",
        ("radio", "battery", "ራዲዮ"),
        one(2150, 24, grams=980),
        Drawing("radio", "sunset"),
        "A portable radio with a dial, a handle and an aerial",
    ),
)  # fmt: skip
