"""The words the believable company is made of: names, towns, trades of a dozen European countries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """One country's words. The landline takes a number below 1,000, the mobile one below 10,000 (GB 1,000)."""

    name: str
    code: str
    language: str
    time_zone: str
    landline: str
    mobile: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]
    trades: tuple[str, ...]
    legal_forms: tuple[str, ...]


def _country(
    heading: str, phones: tuple[str, str], first: str, last: str, towns: str, streets: str, trades: str, legal: str
) -> Country:
    name, code, language, time_zone = heading.split("/")
    pairs = tuple((town.split("=")[0], town.split("=")[1]) for town in _words(towns))
    return Country(
        name, code, language, time_zone, *phones, _words(first), _words(last), pairs,
        _words(streets), _words(trades), _words(legal),
    )  # fmt: skip


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


# Published drama numbers where a regulator names them (DE, FR, GB, IE), elsewhere area codes nobody has (99, 999).
COUNTRIES = (
    _country(
        "Germany/DE/de/Berlin", ("+49 30 23125{:03d}", "+49 199 555{:04d}"),
        "Jürgen, Anna, Lukas, Mara, Sören, Käthe, Björn, Heike, Matthias, Ulrike, Jörg, Friederike, Emre, Zeynep, "
        "Dörte, Malte",
        "Groß, Müller, Schmidt, Weiß, Köhler, Schäfer, Lind, von der Heide, Öztürk, Böhm, Jäger, Strauß, "
        "Vogt, Zöllner, "
        "Freiherr von Stein, Meyer-Landrut, Hübner, Krüger, Petersen, Aydın",
        "Kiel=24103, Hamburg=20457, Berlin=10115, Köln=50667, München=80331, Lübeck=23552, Görlitz=02826, "
        "Düsseldorf=40213",
        "Hafenweg, Bahnhofstraße, Am Güterbahnhof, Lange Straße, Schloßallee, Dorfstr., Industriestraße",
        "Maschinenbau, Werkzeuge, Hydraulik, Fördertechnik, Metallbau, Bäckereitechnik, Lacke, Schiffstechnik",
        "GmbH, GmbH & Co. KG, AG, e.K., KG",
    ),
    _country(
        "Poland/PL/pl/Warsaw", ("+48 99 555 {:04d}", "+48 999 55{:04d}"),
        "Łukasz, Małgorzata, Paweł, Agnieszka, Grzegorz, Żaneta, Stanisław, Bożena, Wojciech, Świętosława, Michał, "
        "Zofia",
        "Żółć, Kowalski, Wiśniewska, Wójcik, Dąbrowski, Brzęczyszczykiewicz, Szczepański, Łoś, Ćwik, Nowak, "
        "Kaczmarek, Zięba",
        "Gdańsk=80-831, Łódź=90-001, Kraków=30-002, Wrocław=50-101, Poznań=61-701, Bydgoszcz=85-005",
        "ul. Długa, ul. Świętego Ducha, al. Niepodległości, ul. Mickiewicza, os. Złotego Wieku",
        "Narzędzia, Maszyny, Transport, Budownictwo, Hurtownia, Łożyska",
        "Sp. z o.o., S.A., s.c.",
    ),
    _country(
        "Spain/ES/es/Madrid", ("+34 999 55 {:04d}", "+34 599 55 {:04d}"),
        "María-José, José Ángel, Íñigo, Begoña, Lucía, Joaquín, Concepción, Andrés, Núria, Ignacio, Ainhoa, Raúl",
        "de la Cruz, García Pérez, Núñez, Ibáñez, López de Haro, Muñoz, Peña, Ortega y Gasset, Fernández, "
        "Rodríguez, Etxeberria, Puig",
        "A Coruña=15001, Cádiz=11001, Logroño=26001, Sevilla=41001, Donostia=20001, Castellón=12001",
        "Calle Mayor, Avenida de la Constitución, Plaza de España, Paseo de Gràcia, C/ Ñuñoa",
        "Talleres, Suministros, Ingeniería, Construcciones, Logística, Conservas",
        "S.L., S.A., S.Coop.",
    ),
    _country(
        "France/FR/fr/Paris", ("+33 1 99 00 {:04d}", "+33 6 39 98 {:04d}"),
        "Anne-Sophie, François, Hélène, Jérôme, Chloé, Gaël, Noël, Loïc, Maëlys, Benoît, Cécile, Jean-Baptiste",
        "d'Artagnan, Lefèvre, de La Rochefoucauld, Le Goff, Garçon, Béranger, L'Hôte, Dubois, Müntz, Çelik, Nguyễn, "
        "Moreau",
        "Orléans=45000, Nîmes=30000, Saint-Étienne=42000, L'Haÿ-les-Roses=94240, Besançon=25000, Lyon=69001",
        "rue de l'Église, boulevard Saint-Germain, place d'Armes, avenue du Général-Leclerc, impasse des Érables",
        "Mécanique, Outillage, Bâtiment, Équipements, Fromagerie, Transports",
        "SARL, SAS, S.A.",
    ),
    _country(
        "United Kingdom/GB/en/London", ("+44 20 7946 0{:03d}", "+44 7700 9{:05d}"),
        "Oliver, Siân, Callum, Zoë, Rhys, Imogen, Angus, Priya, Mohammed, Fiona, Tariq, Harriet",
        "Smith, MacDonald, O'Neill, Fitz-Gerald, Llewellyn, St. John-Smythe, Patel, Khan, McCarthy, Ng, Jones, Ap Rhys",
        "Leeds=LS1 4AP, Bristol=BS1 5TR, Stoke-on-Trent=ST1 1NP, Glasgow=G1 3SQ, Cardiff=CF10 1EP, "
        "King's Lynn=PE30 1EQ",
        "High Street, Station Road, St. Mary's Lane, Queen's Parade, The Old Mill Yard",
        "Engineering, Tools, Fabrication, Supplies, Brewing, Instruments",
        "Ltd, PLC, LLP",
    ),
    _country(
        "Sweden/SE/sv-SE/Stockholm", ("+46 99 555 {:04d}", "+46 999 55{:04d}"),
        "Åsa, Björn, Märta, Göran, Linnéa, Håkan, Sören, Ebba, Torbjörn, Freja",
        "Åkesson, Öberg, af Ugglas, Lindström, Sjögren, Bergqvist, Nyström, von Essen, Ängström, Hedlund",
        "Malmö=211 19, Göteborg=411 03, Växjö=352 30, Örebro=702 10, Luleå=972 31",
        "Storgatan, Drottninggatan, Järnvägsgatan, Åvägen",
        "Verkstad, Stål, Skog, Industri, Maskin",
        "AB, HB",
    ),
    _country(
        "Italy/IT/it/Rome", ("+39 999 555 {:04d}", "+39 299 555 {:04d}"),
        "Niccolò, Giuseppe, Maria Grazia, Pierpaolo, Annalisa, Ludovica, Giosuè, Beatrice, Matteo, Zita",
        "D'Angelo, De Luca, Dell'Acqua, Rossi, Lo Presti, Esposito, Pavarotti-Bianchi, Caffè, Di Stefano, Fumagalli",
        "Forlì=47121, Torino=10121, Reggio nell'Emilia=42121, Bari=70121, L'Aquila=67100",
        "Via Garibaldi, Corso d'Italia, Piazza della Libertà, Via dell'Università",
        "Officine, Meccanica, Utensili, Costruzioni, Oleifici",
        "S.r.l., S.p.A., S.n.c.",
    ),
    _country(
        "Netherlands/NL/nl/Amsterdam", ("+31 99 555 {:04d}", "+31 699 55{:04d}"),
        "Daniël, Fenna, Joris, Marijke, Noor, Reinier, Sanne, Thijs, Zoë, Wout",
        "van den Berg, de Vries, 't Hart, van 't Hoff, Ten Brink, van der Meulen-de Jong, IJzerman, Bakker, "
        "in 't Veld, Smit",
        "'s-Hertogenbosch=5211 AA, Utrecht=3511 AB, Zwolle=8011 BC, Den Haag=2511 CV",
        "Kerkstraat, 't Zand, Keizersgracht, IJsselkade",
        "Gereedschap, Techniek, Handelsmaatschappij, Kaas, Scheepswerf",
        "B.V., N.V., V.O.F.",
    ),
    _country(
        "Denmark/DK/da/Copenhagen", ("+45 00 55 {:04d}", "+45 01 55 {:04d}"),
        "Søren, Bodil, Jørgen, Åse, Mikkel, Signe, Børge, Freja",
        "Sørensen, Østergård, Bjerregaard, Kjær, Nørgaard, Åbye, Mikkelsen, Rasmussen",
        "Århus=8000, København=1050, Sønderborg=6400, Helsingør=3000",
        "Strandvejen, Nørregade, Åboulevarden",
        "Maskiner, Værktøj, Byg, Møller",
        "A/S, ApS",
    ),
    _country(
        "Czechia/CZ/cs/Prague", ("+420 999 55{:04d}", "+420 699 55{:04d}"),
        "Jiří, Žofie, Ondřej, Kateřina, Tomáš, Růžena, Šimon, Věra",
        "Dvořák, Novotná, Šťastný, Kříž, Řehoř, Ježek, Hájková, Žižka",
        "Plzeň=301 00, Brno=602 00, České Budějovice=370 01, Ústí nad Labem=400 01",
        "Náměstí Míru, Dlouhá, Hlavní třída, Křižíkova",
        "Strojírny, Nářadí, Sklárny, Doprava",
        "s.r.o., a.s.",
    ),
    _country(
        "Austria/AT/de/Vienna", ("+43 999 555 {:04d}", "+43 699 55{:04d}"),
        "Franz-Josef, Elfriede, Günther, Theresia, Wolfgang, Hannelore, Xaver, Roswitha",
        "Gruber, Weißenböck, Prinz zu Löwenstein, Hofstätter, Öllinger, Rübezahl, Huber, Pölzl",
        "Wien=1010, Graz=8010, St. Pölten=3100, Mürzzuschlag=8680",
        "Mariahilfer Straße, Ringstraße, Kirchengasse, Am Graben",
        "Maschinen, Seilbahnen, Holzbau, Optik",
        "GmbH, OG, AG",
    ),
    _country(
        "Ireland/IE/en/Dublin", ("+353 20 910 {:04d}", "+353 20 919 {:04d}"),
        "Siobhán, Pádraig, Caoimhe, Seán, Aoife, Ruairí, Gráinne, Tadhg",
        "O'Brien, Ó Súilleabháin, MacGowan, Ní Dhomhnaill, O'Sullivan-Beare, Byrne, Kelly, D'Arcy",
        "Dublin=D02 X285, Dún Laoghaire=A96 H2X7, Galway=H91 E2K3",
        "O'Connell Street, Sráid na Siopaí, Main Street",
        "Dairies, Instruments, Logistics, Metalworks",
        "Ltd, DAC, Teo",
    ),
)  # fmt: skip

TITLES = (
    "Head of Purchasing", "Einkauf", "Geschäftsführerin", "CEO", "Werkstattleiter", "Responsable des achats",
    "Responsable de compras",
    "Kierownik produkcji", "IT Manager", "Assistant to the Board", "Inköpare", "Direttore tecnico", "Service Engineer",
    "Buchhaltung",
)  # fmt: skip
DEPARTMENTS = ("Purchasing", "Production", "IT", "Finance", "Service", "Management", "R&D", "Logistics")
INDUSTRIES = (
    "Manufacturing",
    "Machinery",
    "Construction",
    "Food & Beverage",
    "Transportation",
    "Chemicals",
    "Retail",
    "Engineering",
)
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
TAGS = ("vip", "newsletter", "trade-fair-2025", "beta", "spare parts", "Händler", "do-not-call")

# First name, last name, e-mail name: each has tripped an import somewhere.
CELEBRATED = (
    ("Łukasz", "Żółć", "lukasz.zolc"),
    ("María-José", "de la Cruz", "mariajose.delacruz"),
    ("Siobhán", "O'Brien", "siobhan.o'brien"),
    ("Jürgen", "Groß", "juergen.gross"),
    ("Ludwig", "van den Berg", "l.vandenberg"),
    ("Þórunn", "Guðmundsdóttir", "thorunn"),
    ("Αθηνά", "Παπαδοπούλου", "athina.papadopoulou"),
    ("Олена", "Шевченко-Гриценко", "olena.shevchenko"),
    ("Thị Minh Khai", "Nguyễn", "khai.nguyen"),
    ("José", "Núñez", "jose.nunez"),
    ("", "Björk", "bjork"),
    ("Li", "Ng", "li.ng"),
    ('Renée "Ren"', "Dubois", "ren"),
    ("John", "Smith, Jr.", "john.smith.jr"),
    ("Null", "Null", "null"),
    ("Aoife", "Ní Dhomhnaill", "aoife+crm"),
    (
        "Jean-Baptiste-Emmanuel-Marie-Alphonse",
        "de Montmorency-Luxembourg et de Villeneuve-Bargemont d'Esclapon de la Tour",
        "jb",
    ),
    ("Svante", "Sjö & Söner", "svante"),
    ("Ana", "=Sum(A1)", "ana.sum"),
    ("Zoë 🛠", "Müller", "zoe.mueller"),
)
