"""data/README.md is what the tables, the enums and the SQL headers say."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from analysis import dictionary
from analysis.dictionary import BEGIN, END, PAGE, VOCABULARIES, page
from analysis.stats import ORDER
from analysis.warehouse import view_files
from crawler.tables import TABLES

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_dictionary_is_fresh() -> None:
    assert page(TEXT) == TEXT, "python -m analysis.dictionary"
    assert dictionary.main(["--check"]) == 0


def test_every_column_and_every_value_is_described() -> None:
    generated = TEXT[TEXT.index(BEGIN) :]
    for table in TABLES.values():
        section = generated.split(f"### {table.TABLE}\n")[1].split("###")[0]
        assert [f"`{f.name}`" for f in fields(table)] == [
            line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| `")
        ]
    for vocabulary in VOCABULARIES:
        section = generated.split(f"### {vocabulary.__name__}\n")[1].split("###")[0]
        assert all(f"| `{member.value}` |" in section for member in vocabulary)
    assert all(f"### {name}\n" in generated for name in [*ORDER, *(file.stem for file in view_files())])


def test_what_is_written_by_hand_stays() -> None:
    assert page(f"mine {BEGIN} old {END} too").startswith(f"mine {BEGIN}\n")
    assert page(f"mine {BEGIN} old {END} too").endswith(f"{END} too")


def test_a_page_without_its_marks_is_refused() -> None:
    for text in ("", BEGIN, f"{BEGIN}{BEGIN}{END}"):
        with pytest.raises(ValueError, match="marks"):
            page(text)


def test_check_tells_that_the_page_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "README.md"
    old.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    monkeypatch.setattr(dictionary, "PAGE", old)
    assert dictionary.main(["--check"]) == 1
    assert "not fresh" in capsys.readouterr().err
    assert dictionary.main([]) == 0
    assert dictionary.main(["--check"]) == 0
    assert dictionary.main(["--what"]) == 2
