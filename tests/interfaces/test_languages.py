"""All that pages say is there in Spanish, and nothing is there that no page says."""

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

SOURCES = Path(__file__).parents[2] / "src/amparo/interfaces"
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]


def said_by_pages() -> set[object]:
    options = {"**/templates/**.html": {"trimmed": "true"}}
    found = extract_from_dir(SOURCES, METHODS, options)
    return {message for _, _, message, _, _ in found}


def test_nothing_is_left_in_english_and_nothing_is_left_over() -> None:
    with (SOURCES / "web/catalogues/es.po").open("rb") as file:
        spanish = read_po(file)
    translated = {each.id for each in spanish if each.id}
    assert translated == said_by_pages()
    for each in spanish:
        texts = each.string if isinstance(each.string, tuple) else (each.string,)
        assert all(texts), each.id
        assert not each.fuzzy
        assert not list(each.check(spanish)), each.id
