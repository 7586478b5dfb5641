"""The rules every notebook keeps, one function each; `lint` applies them all.

A rule takes a notebook and the path it lies at, and yields a sentence for each thing that is wrong.
"""

import ast
import re
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

import nbformat
from machinery import build

CHAPTER_PARTS = (
    "Goals",
    "Notation",
    "Derive",
    "Build",
    "Play",
    "When this fails",
    "Exercises",
    "Recap",
    "Quiz",
    "Sources",
)
INDEX_PARTS = ("Chapters", "Notation", "How to work here", "How to teach")
FORBIDDEN_NAMES = {"Output", "interact", "interactive", "interactive_output", "interact_manual"}
MOST_LINES = 12
MOST_SECONDS = 30
MOST_UNCOMPARED = 2
RULES = []


def rule(function):
    """Add a rule to the list."""
    RULES.append(function)
    return function


def lint(notebook, path):
    """Apply all rules; return what is wrong, each with the rule's name before it."""
    return [f"{each.__name__}: {problem}" for each in RULES for problem in each(notebook, path)]


class Heading(NamedTuple):
    """A heading and where it stands."""

    level: int
    text: str
    cell: int

    @property
    def anchor(self):
        """What a link to it says after the #, as JupyterLab makes it."""
        return re.sub(r"[`*]", "", self.text).replace(" ", "-")


def headings(notebook):
    """List the headings of a notebook, none from inside fenced code."""
    found = []
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            prose = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            found += [
                Heading(len(h[1]), h[2].strip(), i)
                for h in re.finditer(r"^(#{1,6}) (.+)$", prose, re.MULTILINE)
            ]
    return found


def code_cells(notebook):
    """List the code cells, each with its number."""
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def pictures(notebook):
    """List the outputs with a picture, each with the number of its cell."""
    return [
        (i, output)
        for i, cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]


def prose(notebook):
    """Join all markdown."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def waiting_cells(notebook, path):
    """Number the cells of a student's copy that wait to be run after a prediction."""
    if path.parent == build.SOLUTIONS:
        return []
    waiting = {cell.id for cell in build.waiting(notebook)}
    return [i for i, cell in code_cells(notebook) if cell.id in waiting]


def is_index(path):
    """Tell the index from the chapters."""
    return path.stem == "index"


# Form


@rule
def is_valid(notebook, path):
    """The file follows the notebook format, and its metadata is the little that build.py keeps."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield str(error).splitlines()[0]
    if surplus := set(notebook.metadata) - {"kernelspec", "language_info", "minikan"}:
        yield f"the notebook's metadata also hold {', '.join(sorted(surplus))}"


@rule
def writes_no_control_characters(notebook, path):
    """A tab in a formula is left where a string with a backslash was not raw."""
    for i, cell in enumerate(notebook.cells):
        if found := re.findall(r"[\x00-\x09\x0b-\x1f]", cell.source):
            yield f"cell {i} holds {found[0]!r}"


@rule
def has_one_title(notebook, path):
    """There is one H1, and it opens the first cell."""
    titles = [heading for heading in headings(notebook) if heading.level == 1]
    if len(titles) != 1:
        yield f"{len(titles)} headings of level 1 instead of one"
    if not notebook.cells[0].source.startswith("# "):
        yield "the first cell does not open with the title"


@rule
def skips_no_heading_level(notebook, path):
    """A heading is at most one level below the one before it."""
    for before, after in pairwise(headings(notebook)):
        if after.level > before.level + 1:
            yield f"level {after.level} ({after.text!r}) follows level {before.level}"


@rule
def was_run_in_order(notebook, path):
    """Every code cell was executed, from top to bottom, but for those that wait; and none is empty."""
    waiting = waiting_cells(notebook, path)
    for count, (i, cell) in enumerate(code_cells(notebook), start=1):
        if not cell.source.strip():
            yield f"cell {i} is empty"
        if i not in waiting and cell.execution_count != count:
            yield f"cell {i} has execution count {cell.execution_count}, not {count}"


@rule
def spoils_no_prediction(notebook, path):
    """In a student's copy, a cell that answers a prediction shows nothing until it is run."""
    for i in waiting_cells(notebook, path):
        cell = notebook.cells[i]
        if cell.outputs or cell.execution_count is not None:
            yield f"cell {i} shows what the reader is asked to predict"


@rule
def shows_no_errors(notebook, path):
    """No cell ends in an error or writes a warning."""
    for i, cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {i} raises {output.ename}"
            if output.get("name") == "stderr":
                yield f"cell {i} writes to stderr: {output.text.strip()[:60]!r}"


@rule
def saves_no_widget_state(notebook, path):
    """Widgets live in a kernel; their state has no place in the file."""
    if "widgets" in notebook.metadata:
        yield "the metadata hold widget state"
    for i, cell in code_cells(notebook):
        if any(build.WIDGET_VIEW in output.get("data", {}) for output in cell.outputs):
            yield f"cell {i} holds a widget view"


# Code


@rule
def keeps_cells_short(notebook, path):
    """A cell that is read, not an exercise, has at most twelve lines of code."""
    for i, cell in code_cells(notebook):
        lines = [
            line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")
        ]
        if len(lines) > MOST_LINES and cell not in build.exercises(notebook):
            yield f"cell {i} has {len(lines)} lines of code, more than {MOST_LINES}"


@rule
def ends_no_cell_with_semicolon(notebook, path):
    """nbval runs cells without history, where a trailing semicolon hides nothing."""
    for i, cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"cell {i} ends with a semicolon"


@rule
def uses_only_plain_python(notebook, path):
    """No magics, and none of the ipywidgets whose output cannot be compared or leaves no still picture."""
    for i, cell in code_cells(notebook):
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:
            yield f"cell {i} is not plain Python"
            continue
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        used |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        used |= {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
        if bad := used & FORBIDDEN_NAMES:
            yield f"cell {i} uses {', '.join(sorted(bad))}: make an Explorer instead"


@rule
def compares_nearly_all_outputs(notebook, path):
    """At most two cells are exempt from the comparison of outputs."""
    markers = ("nbval-ignore-output", "nbval-skip", "nbval_ignore_output", "nbval_skip", "raises-exception")
    exempt = [
        i
        for i, cell in code_cells(notebook)
        if any(marker in f"{cell.metadata.get('tags')} {cell.source}".lower() for marker in markers)
    ]
    if len(exempt) > MOST_UNCOMPARED:
        yield f"the outputs of cells {exempt} are not compared; {MOST_UNCOMPARED} may be"


# Pictures and links


@rule
def describes_every_picture(notebook, path):
    """Each picture has a text that says in 20 to 400 characters what one sees."""
    for i, output in pictures(notebook):
        alt = output.metadata.get("image/png", {}).get("alt", "")
        if not 20 <= len(alt) <= 400:
            yield f"the alt text of cell {i} has {len(alt)} characters, not 20 to 400"
        if re.match(
            r"(an? |the )?(figure|plot|image|picture|graph|chart|diagram) (of|showing|shows|with)\b",
            alt,
            re.IGNORECASE,
        ):
            yield f"the alt text of cell {i} names the kind of picture, not what it shows: {alt[:40]!r}"
        if output.data.get("text/plain") != alt:
            yield f"the text of the picture in cell {i} is not its alt text, so nbval compares something else"
    if re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]{20,})", prose(notebook)):
        yield "a picture in the text has no alt text, or a very short one"


@rule
def folds_words_away(notebook, path):
    """What a picture shows is no answer to read before one has predicted it: its words are folded, and only they."""
    for i, cell in code_cells(notebook):
        folded = build.FOLDED in cell.metadata.get("tags", [])
        is_words = re.fullmatch(r"alt = ([\"']|\().*", cell.source, re.DOTALL) is not None
        if folded and not is_words:
            yield f"cell {i} is folded away, and has more in it than the words of a picture"
        if not folded and re.search(r"^alt = |^show\(.*[\"']\)$", cell.source, re.MULTILINE):
            yield f"cell {i} has the words of a picture in it; put them into a cell before it, tagged {build.FOLDED}"


@rule
def folds_answers_away(notebook, path):
    """The answers to questions are no text to read before one has thought: they, too, are folded."""
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and re.search(r"^\W*Answers?\b", cell.source, re.MULTILINE):
            yield f"cell {i} has answers in the open; put them into <details>"


@rule
def links_resolve(notebook, path):
    """Relative links lead to a file, and anchors to a heading."""
    for _, link in build.LINK.findall(prose(notebook)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve()
        if not target.exists():
            yield f"{link} leads nowhere"
        elif anchor and (not file or target.suffix == ".ipynb"):
            there = build.read(target) if file else notebook
            if anchor not in {heading.anchor for heading in headings(there)}:
                yield f"{link} leads to no heading"


@rule
def names_the_one_address(notebook, path):
    """Links to the project itself use the address in pyproject.toml; Binder's use its short form."""
    project = build.public_address().removeprefix("https://github.com/")
    for link in re.findall(r"https?://[^\s)\"'>]+", prose(notebook)):
        if "mybinder.org" in link and f"/v2/gh/{project}/" not in link:
            yield f"{link} opens another project"
        if (
            re.search(r"github\.(com|io)|githubusercontent\.com", link)
            and "minikan" in link
            and f"/{project}" not in link
        ):
            yield f"{link} is not at {build.public_address()}"


# Content


@rule
def has_its_parts(notebook, path):
    """A chapter has the parts that every chapter has, and so has the index."""
    texts = [heading.text.casefold() for heading in headings(notebook) if heading.level > 1]
    for part in INDEX_PARTS if is_index(path) else CHAPTER_PARTS:
        if not any(text.startswith(part.casefold()) for text in texts):
            yield f"no heading begins with {part!r}"
    tag = "map" if is_index(path) else "facts"
    if len(build.tagged(notebook, tag)) != 1:
        yield f"{len(build.tagged(notebook, tag))} cells are tagged {tag!r} instead of one"
    about = notebook.metadata.get("minikan", {})
    needed = () if is_index(path) else ("chapter", "minutes", "minutes_all", "seconds", "difficulty")
    if missing := [key for key in needed if key not in about]:
        yield f"metadata.minikan does not say {', '.join(missing)}"


@rule
def runs_quickly(notebook, path):
    """A chapter runs in less than half a minute, so that nobody minds to run it again."""
    seconds = notebook.metadata.get("minikan", {}).get("seconds", 0)
    if seconds > MOST_SECONDS:
        yield f"it needs up to {seconds} s, more than {MOST_SECONDS}"


@rule
def opens_with_a_picture(notebook, path):
    """A chapter's question comes with a picture, before its goals."""
    goals = [heading.cell for heading in headings(notebook) if heading.text.startswith("Goals")]
    if not is_index(path) and goals and not any(i < goals[0] for i, _ in pictures(notebook)):
        yield "no picture stands before the goals"


@rule
def asks_before_it_answers(notebook, path):
    """A chapter has at least three predictions, and a heading "Play" for every explorable."""
    if is_index(path):
        return
    if (count := prose(notebook).count("**Predict**")) < 3:
        yield f"only {count} prompts say **Predict**"
    plays = sum(heading.text.startswith("Play") for heading in headings(notebook))
    explorables = sum(output.output_type == "execute_result" for _, output in pictures(notebook))
    if plays != explorables:
        yield f"{explorables} explorables, but {plays} headings that begin with 'Play'"


@rule
def exercises_are_complete(notebook, path):
    """Three to six exercises; each has a starred heading, a hint, and its check right after it."""
    if is_index(path):
        return
    chapter = path.stem[:2]
    cells = build.exercises(notebook)
    if not 3 <= len(cells) <= 6:
        yield f"{len(cells)} exercises, not three to six"
    for number, cell in enumerate(cells, start=1):
        id, i = f"{chapter}.{number}", notebook.cells.index(cell)
        starred = [h for h in headings(notebook) if re.match(rf"{re.escape(id)} ★{{1,3}} \S", h.text)]
        after = notebook.cells[i + 1] if i + 1 < len(notebook.cells) else None
        if len(starred) != 1 or starred[0].cell > i:
            yield f"no heading '{id} ★ …' before exercise {id}"
        elif not any("<details>" in c.source for c in notebook.cells[starred[0].cell : i]):
            yield f"exercise {id} has no hint in <details>"
        if (
            after is None
            or f'check("{id}"' not in after.source
            or not after.metadata.get("nbgrader", {}).get("grade")
        ):
            yield f'exercise {id} is not followed by a graded cell with check("{id}", …)'


@rule
def quiz_has_answers(notebook, path):
    """The quiz has three to five questions, each with a folded answer."""
    if is_index(path):
        return
    text = prose(notebook)
    quiz = re.search(r"^#+ Quiz.*?(?=^#{1,2} |\Z)", text, re.MULTILINE | re.DOTALL)
    count = quiz[0].count("<details>") if quiz else 0
    if quiz and not 3 <= count <= 5:
        yield f"{count} answers below the heading Quiz, not three to five"
