"""The languages and time zones a contact may have."""

LANGUAGES = (
    "ar", "bs", "bg", "ca", "cs", "cy-GB", "da", "de", "el", "en", "es", "es-LA", "et", "fi", "fil", "fr", "fr-CA",
    "he", "hr",
    "hu", "id", "is", "it", "ja-JP", "ko", "lt", "lv-LV", "ms", "nb-NO", "nl", "nn-NO", "pl", "pt-BR", "pt-PT", "ro",
    "ru-RU", "sk", "sl", "sq", "sr", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-HK", "zh-TW",
)  # fmt: skip
TIME_ZONES = (
    "International Date Line West", "Hawaii", "Alaska", "Pacific Time (US & Canada)", "Mountain Time (US & Canada)",
    "Central Time (US & Canada)", "Eastern Time (US & Canada)", "Atlantic Time (Canada)", "Buenos Aires", "Brasilia",
    "Azores",
    "UTC", "Dublin", "Edinburgh", "Lisbon", "London", "Casablanca", "Amsterdam", "Belgrade", "Berlin", "Bern",
    "Bratislava",
    "Brussels", "Budapest", "Copenhagen", "Ljubljana", "Madrid", "Paris", "Prague", "Rome", "Sarajevo", "Skopje",
    "Stockholm",
    "Vienna", "Warsaw", "West Central Africa", "Zagreb", "Athens", "Bucharest", "Cairo", "Helsinki", "Istanbul",
    "Jerusalem",
    "Kyiv", "Riga", "Sofia", "Tallinn", "Vilnius", "Moscow", "Abu Dhabi", "Chennai", "Kolkata", "Mumbai", "New Delhi",
    "Bangkok", "Beijing", "Hong Kong", "Singapore", "Seoul", "Tokyo", "Sydney", "Auckland",
)  # fmt: skip
