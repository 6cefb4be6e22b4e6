"""Amounts, dates, times and measures as they are spoken."""

import pytest

from workers.providers.spoken_text import parse_number, write_out


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("es", "Cuesta $300.", "Cuesta 300 dólares."),
        ("es", "20 € o €1", "20 euros o 1 euro"),
        ("fr", "£5,50 seulement", "5 livres et 50 seulement"),
        ("it", "$3 milioni", "3 milioni di dollari"),
        ("es", "$3 mil", "3 mil dólares"),
        ("en", "$3 million", "3 million dollars"),
        ("pt-BR", "a 12 km/h", "a 12 quilômetros por hora"),
        ("es", "a 1 km", "a 1 kilómetro"),
        ("es", "R$ 5 o US$ 5", "5 reales o 5 dólares"),
        ("es", "20 kmh y 5 mmap", "20 kmh y 5 mmap"),
        ("es", "us$ 5", "5 dólares"),
        ("es", "el 2026-11-25", "el 25 de noviembre de 2026"),
        ("es", "el 3/4/2026", "el 3 de abril de 2026"),
        ("en", "on 3/4/2026", "on 3/4/2026"),
        ("es", "el 99/99/2026", "el 99/99/2026"),
        ("pt", "às 15h30", "às 15 horas e 30"),
        ("es", "Nada que cambiar, 1984 y 25%.", "Nada que cambiar, 1984 y 25%."),
        ("tlh", "$5", "$5"),
    ],
)
def test_text_is_written_as_it_is_spoken(language, text, spoken):
    assert write_out(text, language) == spoken


@pytest.mark.parametrize(
    ("text", "number"),
    [("300", 300), ("1.250,50", 1250.5), ("1,250.50", 1250.5), ("1,250", 1250), ("2,5", 2.5)],
)
def test_numbers_are_read_as_any_language_writes_them(text, number):
    assert parse_number(text) == number
