"""The quiz bank arrives in Moodle and in Canvas as it is: what is exported is read back."""

import html
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile

import pytest
from machinery import ROOT

SCRIPT = ROOT / "tutorial" / "instructor" / "quiz_export.py"
_spec = importlib.util.spec_from_file_location("instructor_quiz_export", SCRIPT)
export = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(export)

BANK = export.questions()
CHAPTERS = sorted({each.chapter for each in BANK})
QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def test_every_question_of_the_bank_is_exported():
    headings = re.findall(
        r"^### (\d\d\.b\d) (★+) (.+)$", export.BANK.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [(each.id, each.stars, each.title) for each in BANK] == headings


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Export everything by the command."""
    folder = tmp_path_factory.mktemp("quiz")
    subprocess.run([sys.executable, SCRIPT, "--output", folder], check=True, capture_output=True)
    return folder


# ------------------------------------------------------------------------------------------- Moodle


@pytest.fixture(scope="module")
def moodle(files, tmp_path_factory):
    """Read the GIFT files with a parser that others wrote: chapter -> what it found."""
    if not shutil.which("npm"):
        pytest.fail("no npm") if os.environ.get("CI") else pytest.skip(
            "npm is not installed: GIFT was not parsed"
        )
    folder = tmp_path_factory.mktemp("parser")
    install = [shutil.which("npm"), "install", "--silent", "--no-audit", "--no-fund", "gift-pegjs@1.0.2"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    script = "console.log(JSON.stringify(require('gift-pegjs').parse(require('fs').readFileSync(0, 'utf8'))))"
    found = {}
    for chapter in CHAPTERS:
        text = (files / "moodle" / f"chapter_{chapter}.gift.txt").read_bytes()
        run = subprocess.run(["node", "-e", script], cwd=folder, input=text, check=True, capture_output=True)
        found[chapter] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_moodle_gets_each_question_with_its_answer(moodle, chapter):
    category, *items = moodle[chapter]
    assert (category["type"], category["title"]) == ("Category", f"$course$/minikan/Chapter {chapter}")
    chosen = [each for each in BANK if each.chapter == chapter]
    assert [item["title"] for item in items] == [f"{each.id} {each.title}" for each in chosen]
    for item, each in zip(items, chosen, strict=True):
        assert item["type"] == "Essay"
        assert item["stem"] == {"format": "html", "text": export.html(each.question)}
        assert item["globalFeedback"]["text"] == export.html(each.answer)


def test_moodle_gets_formulas_in_its_own_marks():
    assert export.html("If $a < b$:\n\n$$x_1 = 2$$").replace("\n", "") == (
        r'<p>If <span class="math inline">\(a &lt; b\)</span>:</p><div class="math block">\[x_1 = 2\]</div>'
    )
    for each in BANK:
        assert "$" not in re.sub(
            r"<pre>.*?</pre>", "", export.html(each.question + "\n\n" + each.answer), flags=re.S
        )


# ------------------------------------------------------------------------------------------- Canvas


def read_qti(path):
    """Read a package: for each question its kind, title, points, text and feedback, both in HTML."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as package:
        assert package.testzip() is None
        manifest = ET.fromstring(package.read("imsmanifest.xml"))
        (name,) = [
            each.get("href")
            for each in manifest.iter()
            if each.tag.endswith("}file") and not each.get("href").endswith("assessment_meta.xml")
        ]
        quiz = ET.fromstring(package.read(name))
    for item in quiz.iter(f"{QTI}item"):
        fields = [node.text for node in item.iter() if node.tag in (f"{QTI}fieldlabel", f"{QTI}fieldentry")]
        about = dict(zip(fields[::2], fields[1::2], strict=True))
        question, feedback = (node.text for node in item.iter(f"{QTI}mattext"))
        yield about["question_type"], item.get("title"), about["points_possible"], question, feedback


def formulas(markdown):
    """List the formulas of a Markdown text, outside of its code."""
    prose = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return [found.strip("$").strip() for found in re.findall(r"\$\$.+?\$\$|\$.+?\$", prose, re.DOTALL)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_canvas_gets_each_question_with_its_answer(files, chapter):
    chosen = [each for each in BANK if each.chapter == chapter]
    items = list(read_qti(files / "canvas" / f"chapter_{chapter}.zip"))
    for (kind, title, points, question, feedback), each in zip(items, chosen, strict=True):
        assert (kind, title, points) == ("essay_question", f"{each.id} {each.title}", str(len(each.stars)))
        for shown, text in ((question, each.question), (feedback, each.answer)):
            sent = [html.unescape(found) for found in re.findall(r'data-equation-content="(.*?)"', shown)]
            assert sent == formulas(text)
            for listing in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
                assert f"<pre><code>{html.escape(listing, quote=False)}</code></pre>" in shown
            assert "```" not in shown and not re.search(
                r"\$\S", re.sub(r"<pre>.*?</pre>", "", shown, flags=re.S)
            )
