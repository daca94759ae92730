"""Pages: escaped, self-contained, well-formed, and shown by a browser without complaint."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from tf_dsae.core.errors import UserError
from tf_dsae.reports import html
from tf_dsae.reports.blocks import (
    Cell,
    Code,
    Facts,
    Figure,
    Listing,
    Notice,
    Report,
    Section,
    Settings,
    Table,
    Text,
    numeric_columns,
)

HOSTILE = "</title></style><script>alert('1')</script><img src=x onerror=\"a\"> & 'q' \"r\""
_VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, their text, and a check that they are nested."""

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A PNG and a GIF that moves."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 256, (30, 50, 3), np.uint8)) for _ in range(3)]
    frames[0].save(folder / "a.png")
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    return folder / "a.png", folder / "a.gif"


def full_page(files, text: str = "some words") -> str:
    """A page of every block, each with the text wherever there is one."""
    table = Table([text, text], [[text, Cell(text, text, best=True, shade=0.5)]], text, text)
    blocks = [
        *(Text(text), Notice(text), Facts([(text, text)]), table),
        *(Figure(files[0], text, text), Figure(files[0], text, text, files[1])),
        Settings({text: {text: [text, 1]}, "plain": text, "none": None, "on": True}, text),
        *(Listing([text, text]), Code(text)),
    ]
    return html.render_page(Report(text, blocks, [Section(text, blocks), Section("second", [])]))


def test_whatever_text_is_shown_as_it_is(files):
    page = Page(full_page(files, HOSTILE))
    harmless = Page(full_page(files))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert not page.all("script")
    assert page.text.count(HOSTILE) == harmless.text.count("some words") > 20
    attributes = [value for _, found in page.elements for value in found.values() if value]
    assert HOSTILE in attributes  # The text that describes a picture.
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]


def test_page_asks_for_nothing_from_outside(files):
    text = full_page(files)
    page = Page(text)
    assert not re.search(r"https?:|file:|//[a-z]|@import|url\(", text)
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert all(link["href"].startswith("#") for link in page.all("a"))
    targets = {found.get("id") for _, found in page.elements}
    assert {link["href"][1:] for link in page.all("a")} <= targets
    assert not page.all("link") and not page.all("iframe")
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )


def test_pictures_are_embedded_with_a_text(files):
    page = Page(full_page(files))
    images = page.all("img")
    assert len(images) == 6 and all(image["alt"].strip() for image in images)
    assert all((image["width"], image["height"]) == ("50", "30") for image in images)
    kind, content = images[1]["src"].removeprefix("data:image/").split(";base64,")
    assert kind == "gif" and base64.b64decode(content) == files[1].read_bytes()
    with pytest.raises(UserError, match="expected a text that describes the picture"):
        html.render_page(Report("a", [Figure(files[0], " ")], []))


def test_numbers_stand_to_the_right_and_the_best_is_marked():
    rows = [
        ["a", "1.5%", "word", "-3"],
        [Cell("b"), Cell("2", "1–3", True, 2.0), "9", "\N{EN DASH}"],
    ]
    table = Table(["name", "x", "y", "z"], rows)
    assert numeric_columns(table) == [False, True, False, True]
    page = Page(html.render_page(Report("a", [table], [])))
    right = [attributes.get("class") == "number" for attributes in page.all("td")]
    assert right == [True, False, True] * 2
    assert page.all("strong") == [{"class": "best"}]
    shaded = [cell["style"] for cell in page.all("td") if "style" in cell]
    assert shaded == ["--shade:1.000"]
    assert [cell["scope"] for cell in page.all("th")] == ["col"] * 4 + ["row"] * 2


def test_settings_are_shown_in_words():
    values = {"seed": 3, "model": {"sizes": (4, 5), "rnn": None, "xla": False, "a": {"b": 1}}}
    text = Page(html.render_page(Report("a", [Settings(values)], []))).text
    for words in ("seed3", "sizes4, 5", "rnnnone", "xlano", "ab: 1"):
        assert words in text


def test_a_picture_that_is_none_leaves_the_page_as_it_was(tmp_path):
    page, damaged = tmp_path / "page.html", tmp_path / "damaged.png"
    html.write_page(page, Report("before", [], []))
    before = page.read_bytes()
    damaged.write_text("no picture")
    for path in (tmp_path / "none.png", damaged):
        with pytest.raises(UserError, match=f"{path.name}: expected a PNG or GIF, received"):
            html.write_page(page, Report("after", [], [Section("a", [Figure(path, "words")])]))
    assert page.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", "damaged.png"}


class Browser:
    """A headless browser of the Chromium family, over its debugging pipe (file numbers 3 and 4)."""

    _START = (
        "import fcntl, os, sys\n"
        "ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]\n"
        "os.dup2(ends[0], 3), os.dup2(ends[1], 4)\n"
        "os.execv(sys.argv[3], sys.argv[3:])"
    )

    def __init__(self, program: str, folder):
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={folder}"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", self._START, str(commands), str(answers), program, *options],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands), os.close(answers)
        self.received, self.number, self.events, self.session = b"", 0, [], {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def _receive(self) -> dict:
        while b"\0" not in self.received:
            assert select.select([self.answers], [], [], 60)[0], "the browser does not answer"
            part = os.read(self.answers, 2**20)
            assert part, "the browser has ended"
            self.received += part
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def call(self, method: str, **params) -> dict:
        self.number += 1
        message = {"id": self.number, "method": method, "params": params, **self.session}
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self.number:
            self.events.append(answer)
        return answer["result"]

    def open(self, path, width: int, **media) -> list[dict]:
        """Shows a file in a window of some width; returns what the browser complains of."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": f"prefers-{key}", "value": value} for key, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events = []
        self.call("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())
        bad = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [event for event in self.events if event["method"] in bad]

    def value(self, expression: str):
        return self.call("Runtime.evaluate", expression=expression)["result"]["value"]

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        os.close(self.commands), os.close(self.answers)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(names)} is installed")
    opened = Browser(program, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def test_a_browser_shows_it_in_any_width_and_light(browser, files, tmp_path):
    path = tmp_path / "page.html"
    wide = Table(["name"] + ["a long head"] * 12, [["row"] + ["1234.567"] * 12], "wide")
    blocks = [Text("words " * 50), wide, Figure(files[0], "noise", "noise", files[1])]
    html.write_page(path, Report("A page", [Notice("w" * 200)], [Section("One", blocks)]))
    papers = set()
    for width in (390, 1200):
        for light in ("light", "dark"):
            assert browser.open(path, width, **{"color-scheme": light}) == []
            assert browser.value("document.documentElement.scrollWidth - innerWidth") <= 0
            assert browser.value("[...document.images].every(image => image.naturalWidth > 0)")
            papers.add(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert len(papers) == 2


def test_who_wants_no_motion_sees_the_frames(browser, files, tmp_path):
    path = tmp_path / "page.html"
    html.write_page(path, Report("A page", [Figure(files[0], "noise", "", files[1])], []))
    heights = (
        "[...document.images].map(image => image.checkVisibility({contentVisibilityAuto: true})"
    )
    shown = heights + " && image.getBoundingClientRect().height > 0).join()"
    browser.open(path, 800)
    assert browser.value(shown) == "true,false"
    browser.open(path, 800, **{"reduced-motion": "reduce"})
    assert browser.value(shown) == "false,true"
