"""The report of the README: it runs as a script, and says what was published of these customers."""

import subprocess
import sys
from html import escape
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "docs" / "examples" / "quickstart.py"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report") / "report.html"


@pytest.fixture(scope="module")
def report(page: Path) -> str:
    """Run the script once, as a user does who wants the page too."""
    command = [sys.executable, "-W", "error", str(SCRIPT), "--html", str(page)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(report: str, start: str) -> list[str]:
    """Return the words of the first line that starts so."""
    return next(x.split() for x in report.splitlines() if x.strip().startswith(start))


@pytest.mark.parametrize(
    ("name", "published"),
    [  # Fader, Hardie, Lee (2005), Marketing Science 24(2), table 2; Fader, Hardie (2013), note 025
        ("r ", 0.243),
        ("alpha ", 4.414),
        ("a  ", 0.793),
        ("b  ", 2.426),
        ("p  ", 6.25),
        ("q  ", 3.74),
        ("gamma ", 15.44),
    ],
)
def test_the_published_parameters(report: str, name: str, published: float) -> None:
    digits = len(f"{published}".split(".")[1])
    assert round(float(words(report, name)[1]), digits) == published


def test_the_published_likelihood_and_repeat_buyers(report: str) -> None:
    assert "log-likelihood  -9,582.4" in report
    assert "customers       946" in report


def test_every_section_is_there(report: str) -> None:
    assert "6,919 orders of 2,357 customers" in report
    # 2,357 customers came in the first quarter, and are 100 % of whoever there is in each
    assert words(report, "1997 Q1  2357")[:4] == ["1997", "Q1", "2357", "2357"]
    for heading in (
        "lifecycle stage",
        "Growth accounting",
        "cohort retention",
        "Repurchase rate",
        "RFM segments",
        "ten best customers",
        "How good was it?",
    ):
        assert heading in report


def test_what_was_bought_in_the_weeks_kept_back(report: str) -> None:
    rows = (SCRIPT.parent / "data" / "cdnow_sample.csv").read_text().splitlines()[1:]
    days = {tuple(row.split(",")[:2]) for row in rows}
    later = sum(day > "1997-09-30" for _, day in days)
    assert f"{later:,} bought" in report


def test_the_page_says_the_same_and_stands_alone(report: str, page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    for line in report.splitlines():
        if line.startswith("--"):
            continue
        for cell in line.strip().removesuffix(f"{page}: the same with pictures").split("  "):
            assert escape(cell.strip()) in html
    assert html.count("<svg") == html.count("<figure>") == 7
    for fetched in ("src=", "<link", "<script", "@import", "url(http"):
        assert fetched not in html
