"""The book: made without a network, read without a network, and no link in it leads nowhere."""

import re
import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

import minikan

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "tutorial"
NOTEBOOKS = sorted(
    path.relative_to(TUTORIAL).with_suffix("").as_posix() for path in TUTORIAL.rglob("*.ipynb")
)

# Python tells this hook whenever it is about to look up or to call another machine.
OFFLINE = """
import runpy, sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError(f"the network was asked for: {event} {args}")

sys.addaudithook(refuse)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Page(HTMLParser):
    """What a page is made of: what it loads, where it leads, its anchors, its pictures."""

    def __init__(self, path):
        super().__init__()
        self.path, self.loads, self.links, self.anchors, self.pictures = path, [], [], {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and not {"next", "prev"} & set(attributes["rel"].split()):
            self.loads.append(attributes["href"])
        elif "src" in attributes:
            self.loads.append(attributes["src"])
        if tag == "img":
            self.pictures.append(attributes)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Build the book as its command does, offline; give the folder."""
    folder = tmp_path_factory.mktemp("built") / "book"
    command = [sys.executable, "-c", OFFLINE, str(ROOT / "book" / "build.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


@pytest.fixture(scope="module")
def pages(book):
    return {path: Page(path) for path in book.rglob("*.html") if "_static" not in path.parts}


def external(address):
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme not in ("", "data")


def test_every_notebook_every_module_and_every_public_name_has_its_place(book, pages):
    for name in NOTEBOOKS:
        assert book / f"{name}.html" in pages
    for path in (ROOT / "minikan").rglob("*.py"):
        page = book / "code" / path.relative_to(ROOT / "minikan").with_suffix(".html")
        first = path.read_text(encoding="utf-8").splitlines()[0].strip('"')
        assert escape(first, quote=False) in page.read_text(encoding="utf-8")
    assert {f"minikan.{name}" for name in minikan.__all__} <= pages[book / "names.html"].anchors


def test_the_margin_of_the_index_leads_to_every_page(book, pages):
    seen, ahead = set(), [book / "index.html"]
    while ahead:
        page = ahead.pop()
        if page not in seen:
            seen.add(page)
            found = [page.parent / urlsplit(link).path for link in pages[page].links if not external(link)]
            ahead += [path for link in found if (path := link.resolve()) in pages]
    assert {book / f"{name}.html" for name in NOTEBOOKS} <= seen


def test_the_source_stands_in_the_order_in_which_it_is_read(book, pages):
    links = [link.split("#")[0] for link in pages[book / "code" / "index.html"].links]
    seen = list(
        dict.fromkeys(link[:-5] for link in links if (book / "code" / link).is_file() and "/" not in link)
    )
    places = [
        seen.index(name) for name in ("superposition", "bspline", "kan_layer", "kan", "training", "formulas")
    ]
    assert places == sorted(places)


def test_internal_links_resolve(pages):
    broken, checked = [], 0
    for page in pages.values():
        for link in page.links + page.loads:
            if external(link) or link.startswith("data:"):
                continue
            parts = urlsplit(link)
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
            if not target.is_file() or (
                target in pages and unquote(parts.fragment) not in pages[target].anchors
            ):
                broken.append((page.path.name, link))
            checked += 1
    assert broken == []
    assert checked > 1000


def test_nothing_is_loaded_from_elsewhere(book, pages):
    assert [(page.path.name, load) for page in pages.values() for load in page.loads if external(load)] == []
    styles = list(book.rglob("*.css"))
    assert len(styles) > 3
    for style in styles:
        for address in re.findall(
            r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", style.read_text(encoding="utf-8")
        ):
            assert not external(address), f"{style.name}: {address}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_figures_and_storyboards_stand_on_the_page_with_their_descriptions(book, pages, name):
    solved = Path(name).name  # a student's copy does not show what answers a prediction, the book shows all
    cells = nbformat.read(TUTORIAL / "solutions" / f"{solved}.ipynb", as_version=4).cells
    outputs = [
        output
        for cell in cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    page = pages[book / f"{name}.html"]
    drawn = [picture["alt"] for picture in page.pictures if len(Path(picture["src"]).stem) == 64]  # a digest
    assert drawn == [output.metadata["image/png"].alt for output in outputs]
    assert "jupyter.widget" not in page.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*NOTEBOOKS, "names"])
def test_a_page_needs_no_server_and_fits_the_screen(book, new_page, name):
    page = new_page(viewport={"width": 390, "height": 800})
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto((book / f"{name}.html").as_uri())
    if name != "names":
        page.evaluate("MathJax.startup.promise.then(() => null)")
        formulas = page.locator(".math").count()
        assert formulas > 10
        assert page.locator("mjx-container").count() == formulas
        assert page.locator("mjx-merror").count() == 0
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
