"""Places that languages of the region call by unlike names; one code stands for all of them in a search."""

from __future__ import annotations

PLACES = {
    "kz": "Kazakhstan Қазақстан Казахстан Qazaqstan Qozogʻiston Қозоғистон Қазоқистон Gazagystan قزاقستان",
    "kg": "Kyrgyzstan Кыргызстан Киргизия Kirgizia Qirgʻiziston Қирғизистон Қирғизистон Gyrgyzystan قرقیزستان",
    "tj": "Tajikistan Тоҷикистон Таджикистан Tojikiston Тожикистон Täjigistan Тәжікстан Тажикстан تاجیکستان",
    "tm": "Turkmenistan Түрікменстан Туркменистан Туркмения Türkmenistan Turkmaniston Туркманистон ترکمنستان",
    "uz": "Uzbekistan Ўзбекистон Oʻzbekiston Узбекистан Өзбекстан Өзбекистан Özbegistan Ӯзбекистон ازبکستان اوزبیکستان",
    "af": "Afghanistan Ауғанстан Афганистан Афғонистон Afgʻoniston Ooganystan Owganystan افغانستان",
    "ir": "Iran Иран Эрон Eron Eýran ایران",
    "ru": "Russia Россия Rossiya Ресей Орусия Русия Russiýa روسیه",
    "cn": "China Китай Қытай Кытай Xitoy Хитой Hytaý Чин چین",
    "ashgabat": "Ashgabat Ашхабад Ашгабат Aşgabat Ashxobod Ашхобод Ишқобод عشقآباد",
    "tashkent": "Tashkent Ташкент Toshkent Тошкент Daşkent تاشکند",
    "bishkek": "Bishkek Бишкек Бішкек Пишпек بیشکک",
    "dushanbe": "Dushanbe Душанбе Dushanba Duşenbe دوشنبه",
    "almaty": "Almaty Алматы Olmaota Олмаота آلماتی",
    "astana": "Astana Астана Ostona Остона آستانه",
    "kabul": "Kabul Кабул Кобул Kobul Қобул کابل",
    "samarkand": "Samarkand Самарканд Samarqand Самарқанд سمرقند",
    "asia": "Asia Азия Osiyo Осиё Азия Осиё Aziýa آسیا",
}
"""Names with spaces between, by code; their endings need not be written."""
