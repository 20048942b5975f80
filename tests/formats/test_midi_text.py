"""Text of no stated encoding: what programs of the west and of Japan write."""

from __future__ import annotations

import pytest

from composer.formats.midi_text import decode_text, encode_text


@pytest.mark.parametrize("text", ["", "Flöte", "箏", "Klavier (rechte Hand)"])
def test_round_trip(text: str) -> None:
    assert decode_text(encode_text(text)) == text


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("utf-8", "Flöte|ピアノ|Čello|Élan|‘Lead’|ﾋﾟｱﾉ"),
        ("cp932", "ピアノ|曲|琴 koto|Piano ピアノ 右手|ドラム1|ギター(L)|主旋律|ベースBass|ﾋﾟｱﾉ|笛"),
        ("latin-1", "Flöte|Flûte à bec|Größe|Café|São João|Coração|Señor Piñón|É|ß|Åse|© 1998"),
        ("cp1252", "Peter’s solo|‘Lead’|Strings – 1|Œuvre – “x”|Motto…"),
    ],
)
def test_what_fits_the_bytes_is_taken(codec: str, names: str) -> None:
    for name in names.split("|"):
        assert decode_text(name.encode(codec).decode("latin-1")) == name


def test_any_bytes_become_one_line() -> None:
    assert decode_text("Fl\xf6te\0\0") == "Flöte"  # padded with zeros
    assert decode_text(" a\nb\x1b ") == "ab"
    assert decode_text("".join(map(chr, range(256)))).isprintable()
