"""Export the quiz bank: `python tutorial/instructor/quiz_export.py` writes it for Moodle and for Canvas.

- `moodle/chapter_01.gift.txt` and so on: import it into Moodle's question bank, format "GIFT".
- `canvas/chapter_01.zip` and so on: import it in Canvas as a "QTI .zip file".

Every question becomes an essay question. Its answer is shown to the students as general feedback, when the
settings of the quiz allow it. Formulas come out as the two systems set them. It needs the two packages
of `pip install -e ".[quiz]"`.
"""

import argparse
import re
import textwrap
from html import escape
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Quiz

HERE = Path(__file__).resolve().parent
BANK = HERE / "quiz_bank.md"
OUTPUT = HERE.parents[1] / "build" / "quiz"
QUESTION = re.compile(
    r"^### (?P<id>(?P<chapter>\d\d)\.b\d+) (?P<stars>★+) (?P<title>[^\n]+)\n(?P<question>.*?)"
    r"<details><summary>Answer</summary>\n(?P<answer>.*?)</details>",
    re.MULTILINE | re.DOTALL,
)


class Question(NamedTuple):
    """A question of the bank; `question` and `answer` are Markdown with formulas between dollars."""

    id: str
    chapter: str
    stars: str
    title: str
    question: str
    answer: str


def questions():
    """List the questions of the bank."""
    text = BANK.read_text(encoding="utf-8")
    return [
        Question(**{name: part.strip() for name, part in found.groupdict().items()})
        for found in QUESTION.finditer(text)
    ]


# Moodle: GIFT, https://docs.moodle.org/en/GIFT_format


def html(markdown):
    r"""Turn Markdown into HTML, formulas as Moodle's MathJax filter wants them: \( … \) and \[ … \]."""

    def formula(content, options):
        content = escape(content, quote=False)
        return rf"\[{content}\]" if options["display_mode"] else rf"\({content}\)"

    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    return renderer.use(dollarmath_plugin, renderer=formula, double_inline=True).render(markdown).strip()


def escaped(text):
    r"""Escape what means something in GIFT; a new line is written \n."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", r"\n")


def gift(chosen):
    """Write questions as one GIFT text, with a category of Moodle's question bank for each chapter."""
    lines, category = [], None
    for each in chosen:
        if each.chapter != category:
            category = each.chapter
            lines.append(f"$CATEGORY: $course$/minikan/Chapter {category}\n")
        name, question, answer = map(
            escaped, (f"{each.id} {each.title}", html(each.question), html(each.answer))
        )
        lines.append(f"::{name}::[html]{question}{{####{answer}}}\n")
    return "\n".join(lines)


# Canvas: a QTI 1.2 package, made by text2qti, https://github.com/gpoore/text2qti


def qti(chosen, title):
    """Pack questions as a quiz that Canvas imports; return the bytes of the zip."""
    parts = [f"Quiz title: {title}"]
    for number, each in enumerate(chosen, start=1):
        question = indented(f"{number}.", each.question)
        feedback = indented("...", each.answer)
        parts.append(
            f"Title: {each.id} {each.title}\nPoints: {len(each.stars)}\n{question}\n{feedback}\n____"
        )
    return QTI(Quiz("\n\n".join(parts), config=Config())).zip_bytes()


def indented(mark, markdown):
    """Put text2qti's mark before a Markdown text, and indent what follows; a listing becomes an indented one."""
    listing = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
    plain = listing.sub(lambda found: textwrap.indent(found[1], " " * 4), markdown)
    return textwrap.indent(plain, " " * 4).replace("    ", mark.ljust(4), 1)


def main():
    """Write the files of all chapters, or of those named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 02; all if none is given")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder, build/quiz if not given")
    args = parser.parse_args()
    bank = questions()
    known = sorted({each.chapter for each in bank})
    if unknown := set(args.chapters) - set(known):
        parser.error(f"no questions for chapter {', '.join(sorted(unknown))}")
    for folder in ("moodle", "canvas"):
        (args.output / folder).mkdir(parents=True, exist_ok=True)
    for chapter in args.chapters or known:
        chosen = [each for each in bank if each.chapter == chapter]
        moodle = args.output / "moodle" / f"chapter_{chapter}.gift.txt"
        canvas = args.output / "canvas" / f"chapter_{chapter}.zip"
        moodle.write_text(gift(chosen), encoding="utf-8", newline="\n")
        canvas.write_bytes(qti(chosen, f"minikan, chapter {chapter}"))
        print(f"chapter {chapter}: {len(chosen)} questions")


if __name__ == "__main__":
    main()
