"""Make slides of a chapter: `python tutorial/instructor/slides.py 04_training` writes build/slides/04_training.html.

The slides follow from the notebook by rule, so no notebook has to be edited for them:

- A heading of level 2 begins a slide, one of level 3 and every picture a sub-slide (arrow down). What is
  higher than a slide goes on on the next sub-slide.
- On the slide: headings, the first paragraph below each, what is printed bold, formulas, lists, tables and
  quotes, and the words that lead up to them. All other prose goes into the speaker's notes (key S).
- Code is shown where it defines something or prints something; the code of a figure is not. What is printed
  waits for a key press, and so do folded answers: first predict.
- Explorables are shown by their storyboards. Imports, facts, exercises and sources are left out.
- The tag `slide` on a cell begins a slide there, `skip-slide` leaves the cell out.

nbconvert writes the page. reveal.js and MathJax are taken from npm once and written into it, so that it is a
single file that needs no network.
"""

import argparse
import base64
import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from nbconvert.exporters import SlidesExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("tutorial_build", HERE.parent / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

OUTPUT = HERE.parents[1] / "build" / "slides"
PACKAGES = {"reveal.js": "5.2.1", "mathjax": "3.2.2"}
SCRIPTS = ("reveal.js/dist/reveal.js", "reveal.js/plugin/notes/notes.js", "mathjax/es5/tex-svg-full.js")
STYLES = ("reveal.js/dist/reset.css", "reveal.js/dist/reveal.css")
SKIPPED_PARTS = ("Exercises", "Sources")
WIDTH, HEIGHT = 1280, 720  # of a slide, in pixels
ROOM = 560  # of its height, for what stands below the running title
LINE, LETTERS = 38, 92  # height of a line of text, and how many letters it holds
SOURCE_LINES = 22  # a longer listing cannot be read from the last row


# ------------------------------------------------------------------------------------ from text to blocks

BLOCKS = re.compile(
    r"(?P<details><details>.*?</details>)"
    r"|(?P<fence>^```.*?^```[^\n]*)"
    r"|(?P<formula>^\$\$.*?\$\$[^\n]*)"
    r"|(?P<heading>^\#{1,6}[^\n]*)"
    r"|(?P<quote>(?:^>[^\n]*\n?)+)"
    r"|(?P<table>(?:^\|[^\n]*\n?)+)"
    r"|(?P<image>^<img.*?>)"
    r"|(?P<list>^(?:[-*]|\d+\.) .*?(?=\n\n(?! )|\n(?:\$\$|\#|```|<)|\Z))"
    r"|(?P<text>[^\s].*?(?=\n\n|\n(?:\$\$|\#|```|<details|<img|\||>|[-*] |\d+\. )|\Z))",
    re.DOTALL | re.MULTILINE,
)


def blocks(markdown):
    """Cut markdown into (kind, text): headings, formulas, lists, tables, quotes, …, and plain text."""
    return [(match.lastgroup, match[0].strip()) for match in BLOCKS.finditer(markdown)]


def is_kept(kind, text, before, after):
    """Tell whether a block belongs on the slide; the others are for the speaker."""
    if kind != "text":
        return True
    leads_up = text.endswith(":") or (after == "formula" and not text.endswith("."))
    return before == "heading" or "**" in text or leads_up or text.startswith("Answers")


def height(kind, text):
    """Estimate the height of a block on a slide, in pixels."""
    if kind == "table":
        return LINE * 1.15 * len(text.splitlines())
    if kind == "fence":
        return 27 * len(text.splitlines())
    if kind == "formula":
        return 96 + 40 * text.count(r"\\")
    if kind == "image":
        return 420
    lines = sum(max(1, -(-len(line) // LETTERS)) for line in text.splitlines() if line.strip())
    return LINE * lines + 20


# ------------------------------------------------------------------------------------ from cells to slides


class Deck:
    """Slides in the making: a list of cells, each with its place in nbconvert's `slideshow` metadata."""

    def __init__(self):
        self.cells, self.title, self.left, self.opens = [], "", ROOM, "slide"

    def begin(self, kind, title=None):
        """Begin a slide or a sub-slide with the next cell; an empty one is not begun twice."""
        self.opens = "slide" if "slide" in (kind, self.opens) else kind
        self.title, self.left = self.title if title is None else title, ROOM

    def add(self, cell, needs, fragment=False):
        """Put a cell on the slide, or on the next one if there is no room for it."""
        if needs > self.left and not self.opens:
            self.begin("subslide")
        if self.opens:
            start, self.opens = self.opens, ""
            running = f'<p class="running">{self.title}</p>' if self.title else ""
            self._place(new_markdown_cell(running), start)
        self._place(cell, "fragment" if fragment else "-")
        self.left -= needs

    def note(self, text):
        """Put a text into the speaker's notes of the slide."""
        if self.opens:
            self.add(new_markdown_cell(""), 0)
        self._place(new_markdown_cell(text), "notes")

    def _place(self, cell, kind):
        cell.metadata["slideshow"] = {"slide_type": kind}
        self.cells.append(cell)


def derive(notebook):
    """Derive the slides of a chapter: a notebook with `slideshow` metadata, ready for nbconvert."""
    deck, part = Deck(), ""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if {"skip-slide", "facts", "map", "solution-only"} & set(tags):
            continue
        if "slide" in tags:
            deck.begin("slide")
        if cell.cell_type == "markdown":
            part = _add_text(deck, cell.source, part)
        elif cell.cell_type == "code" and not part.startswith(SKIPPED_PARTS):
            _add_code(deck, cell)
    return new_notebook(cells=deck.cells, metadata=notebook.metadata)


def _add_text(deck, markdown, part):
    parts, before = blocks(markdown), ""
    for i, (kind, text) in enumerate(parts):
        after = parts[i + 1][0] if i + 1 < len(parts) else ""
        if kind == "image":
            text = re.sub(r'src="([^"]+\.png)"', _embedded, text)
        if kind == "heading":
            level, words = text.split(" ", 1)
            if len(level) < 3:
                part = words
            if part.startswith(SKIPPED_PARTS):
                continue
            deck.begin("subslide" if len(level) > 2 else "slide", words if len(level) > 1 else "")
            if len(level) == 1:
                deck.add(new_markdown_cell(text), 220)
                deck.title = words
        elif part.startswith(SKIPPED_PARTS):
            continue
        elif kind == "details":
            for _, piece in blocks(re.sub(r"</?details>|<summary>.*?</summary>", "", text)):
                deck.add(new_markdown_cell(piece), height("text", piece), fragment=True)
        elif is_kept(kind, text, before, after):
            if re.match(r"\*\*\d+\.\*\*", text) and part.startswith("Quiz"):
                deck.begin("subslide")
            if kind == "list" and height(kind, text) > ROOM / 2:
                for item in re.split(r"\n(?=(?:[-*]|\d+\.) )", text):
                    deck.add(new_markdown_cell(item), height(kind, item))
            else:
                room = height(kind, text)
                leads = kind == "text" and after in ("formula", "list", "table", "fence", "quote")
                if leads and room + height(*parts[i + 1]) > deck.left and not deck.opens:
                    deck.begin("subslide")  # words that lead up to something stay with it
                deck.add(new_markdown_cell(text), room, fragment=text.startswith("Answers"))
        else:
            deck.note(text)
        before = kind
    return part


def _embedded(source):
    png = base64.b64encode((build.SOLUTIONS / source[1]).read_bytes()).decode()
    return f'src="data:image/png;base64,{png}"'


def _add_code(deck, cell):
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    listings = [output for output in cell.outputs if "text/markdown" in output.get("data", {})]
    if pictures:
        deck.begin("subslide")
        deck.add(_output_cell(pictures[:1], "picture"), ROOM)
        deck.left = 0
        return
    if listings:
        for listing in listings:
            source = listing.data["text/markdown"]
            if len(source.splitlines()) <= SOURCE_LINES:
                deck.add(new_markdown_cell(source), height("fence", source))
        return
    printed = [output for output in cell.outputs if output.output_type in ("stream", "execute_result")]
    lines = cell.source.splitlines()
    defines = re.search(r"^(def|class) ", cell.source, re.MULTILINE)
    if (printed or defines) and "import " not in cell.source:
        code = f"```python\n{cell.source}\n```"
        deck.add(new_markdown_cell(code), 27 * len(lines) + 30)
    for output in printed:
        text = output.get("text") or output.data["text/plain"]
        shown = new_markdown_cell(f"```text\n{text.rstrip()}\n```")
        deck.add(shown, 27 * len(text.splitlines()) + 30, fragment=True)


def _output_cell(outputs, kind):
    png, alt = outputs[0].data["image/png"], outputs[0].metadata.get("image/png", {}).get("alt", "")
    alt = alt.replace("&", "&amp;").replace('"', "&quot;").replace("\n", " ")
    picture = f'<img class="{kind}" alt="{alt}" src="data:image/png;base64,{png.strip()}">'
    return new_markdown_cell(picture)


# ------------------------------------------------------------------------------------ from slides to a page

TEMPLATE = """{% extends 'reveal/index.html.j2' %}
{% block header %}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
STYLES
</head>{% endblock header %}
{% block body_header %}<body><div class="reveal" role="main"><div class="slides">{% endblock body_header %}
{% block body_footer %}</div></div></body>{% endblock body_footer %}
{% block markdowncell scoped %}
<div class="cell">{{ cell.source | markdown2html | strip_files_prefix }}</div>{% endblock markdowncell %}
{% block footer_js %}SCRIPTS{% endblock footer_js %}"""

MATHJAX = r"""window.MathJax = {startup: {typeset: false},
  tex: {inlineMath: [["$", "$"], ["\\(", "\\)"]]}, options: {enableMenu: false, enableAssistiveMml: true}};"""

START = (
    f"const [width, height] = [{WIDTH}, {HEIGHT}];"
    + """
const deck = new Reveal({hash: true, slideNumber: 'c/t', width, height, margin: 0.04, center: false,
  transition: 'none', plugins: [RevealNotes]});
// Estimates of sizes can be wrong: a formula that came out too wide, or a slide too high, is made smaller.
function fit() {
  const slides = [...document.querySelectorAll('.slides section')].filter(s => !s.querySelector('section'));
  for (const slide of slides) {
    const shown = [slide.style.display, slide.parentElement.style.display];
    slide.style.display = slide.parentElement.style.display = 'block';
    for (const formula of slide.querySelectorAll('mjx-container[display="true"]')) {
      const [inner, outer] = [formula.querySelector('svg'), formula].map(e => e.getBoundingClientRect().width);
      if (inner > outer) formula.style.fontSize = `${98 * outer / inner}%`;
    }
    slide.style.zoom = 1;
    for (let tries = 0; tries < 4 && slide.scrollHeight * slide.style.zoom > height; tries++)
      slide.style.zoom = 0.98 * height / slide.scrollHeight;
    slide.dataset.zoom = slide.style.zoom;
    [slide.style.display, slide.parentElement.style.display] = shown;
  }
}
deck.initialize().then(() => MathJax.startup.promise).then(() => MathJax.typesetPromise()).then(() => {
  fit(); deck.layout(); document.body.dataset.ready = 'yes'; });"""
)


def assets(folder):
    """Fetch the packages that the slides are made with from npm, unless they are there."""
    for name, version in PACKAGES.items():
        if (folder / f"{name}-{version}" / "package").exists():
            continue
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is needed once, to fetch reveal.js and MathJax: install Node.js")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "pack", f"{name}@{version}", "--silent"], cwd=folder, check=True, capture_output=True
        )
        with tarfile.open(folder / f"{name}-{version}.tgz") as archive:
            members = [m for m in archive.getmembers() if m.name.endswith((".js", ".css", "LICENSE"))]
            archive.extractall(folder / f"{name}-{version}", members=members, filter="data")


def asset(folder, name):
    """Read a file of one of the packages, such as `reveal.js/dist/reveal.js`."""
    package, _, path = name.partition("/")
    return (folder / f"{package}-{PACKAGES[package]}" / "package" / path).read_text(encoding="utf-8")


def page(source, folder):
    """Make the page with a chapter's slides: a string of HTML that refers to no other file."""
    notebook = derive(build.read(source))
    styles = [asset(folder, name) for name in STYLES]
    styles += [HtmlFormatter(style="default").get_style_defs(".highlight")]
    styles += [(HERE / "slides.css").read_text(encoding="utf-8")]
    scripts = [MATHJAX, *(asset(folder, name).replace("</script", r"<\/script") for name in SCRIPTS), START]
    exporter = SlidesExporter(raw_template=TEMPLATE)
    body, _ = exporter.from_notebook_node(notebook)
    # Put in last, so that no brace in a script is taken for the template's.
    body = body.replace("TITLE", build.title(build.read(source)), 1)
    body = body.replace("STYLES", "".join(f"<style>{text}</style>\n" for text in styles), 1)
    return body.replace("SCRIPTS", "".join(f"<script>{text}</script>\n" for text in scripts), 1)


def main():
    """Write the slides of the chapters named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", help="such as 04_training")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder, build/slides if not given")
    args = parser.parse_args()
    known = {path.stem: path for path in build.chapters()}
    if unknown := set(args.names) - set(known):
        parser.error(f"no such chapter: {', '.join(sorted(unknown))}")
    assets(args.output / "assets")
    for name in args.names:
        path = args.output / f"{name}.html"
        path.write_text(page(known[name], args.output / "assets"), encoding="utf-8", newline="\n")
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
