"""The web app in a browser: boxes of leads are moved with a pointer and with keys."""

import io
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from PIL import Image

from ecgpaper.app.serve import Desk, Worker, make_app
from tests import browser
from tests.app.archive.toy_reader import task_for

uvicorn = pytest.importorskip("uvicorn", reason="an optional extra")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.PROGRAM is None, reason="Chromium is not installed"),
]
V1 = {"row": 0, "column": 2}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def address(out):
    """Serve on a free port, as the command does, with a toy reader."""
    start = partial(ThreadPoolExecutor, 1)
    desk = Desk(task_for(out), Worker(start=start), Worker(start=start))
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(desk), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
def tab(address):
    with browser.Browser(width_px=1280, height_px=1000) as tab:
        tab.open(address)
        tab.run(f"({SEND})({json.dumps(page_bytes())})")
        tab.open(f"{address}/?again")
        tab.wait("document.querySelectorAll('.box').length === 12")
        tab.wait("document.getElementById('frame').clientHeight > 400")
        yield tab


SEND = """async (bytes) => {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(bytes)], "a.png"));
  await fetch("/digitize?wait_s=30", { method: "POST", body: form });
}"""


REFUSED = """async (bytes, boxes) => {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(bytes)], "b.png"));
  form.append("boxes", JSON.stringify(boxes));
  const told = await (await fetch("/digitize?wait_s=30", { method: "POST", body: form })).json();
  return told.pages[0].key;
}"""


def page_bytes(level=100):
    content = io.BytesIO()
    Image.fromarray(np.full((600, 800), level, np.uint8)).save(content, "PNG")
    return list(content.getvalue())


def edge(lead, name):
    return f"[aria-label^='{name} edge of the box of lead {lead},']"


def wait_for(is_so):
    end_s = time.monotonic() + 20
    while not is_so() and time.monotonic() < end_s:
        time.sleep(0.05)


def kept(out):
    """Wait for corrections, and return them."""
    file = out / "a.corrections.json"
    wait_for(file.exists)
    return json.loads(file.read_text())


def test_an_edge_that_is_dragged_states_the_box_of_its_lead_and_no_other(tab, out):
    assert tab.run("document.querySelector('.boxes').hidden")
    tab.click("#boxes")
    width_px = tab.run("document.getElementById('frame').clientWidth")
    tab.drag(edge("V1", "right"), -0.1 * width_px, 30)
    assert tab.run("document.querySelectorAll('.box.changed').length") == 1
    assert "1 box is stated" in tab.run("document.getElementById('hint').textContent")
    tab.click("#read")
    (box,) = kept(out)["boxes"]
    assert box == pytest.approx(
        V1 | {"left": 0.5, "top": 0.2, "right": 0.65, "bottom": 0.35}, abs=0.005
    )
    # It was read so: it is shown so, and is still stated when nothing else is done.
    tab.wait("document.getElementById('kept').textContent.includes('a.corrections.json')")
    tab.wait("document.querySelectorAll('.box.changed').length === 1")
    answer = json.loads((out / "a.json").read_text())
    told = {(each["row"], each["column"]): each for each in answer["boxes"]}
    assert told[0, 2]["right"] == box["right"]
    assert told[0, 3]["left"] == 0.75


def test_arrow_keys_move_what_is_selected_and_delete_takes_it_back(tab, out):
    tab.click("#boxes")
    tab.run(f'document.querySelector("{edge("V1", "left")}").focus()')
    tab.press("ArrowRight", browser.SHIFT)
    tab.press("ArrowRight")
    # Across, nothing moves.
    tab.press("ArrowDown", browser.SHIFT)
    tab.run(f'document.querySelector("{edge("V2", "top")}").focus()')
    tab.press("ArrowUp", browser.SHIFT)
    name = "[aria-label^='the box of lead V3'][aria-label$='as a whole']"
    tab.run(f'document.querySelector("{name}").focus()')
    tab.press("ArrowDown", browser.SHIFT)
    tab.run(f'document.querySelector("{edge("I", "left")}").focus()')
    tab.press("ArrowRight", browser.SHIFT)
    tab.press("Delete")
    assert tab.run("document.querySelectorAll('.box.changed').length") == 3
    tab.click("#read")
    boxes = {box["row"]: box for box in kept(out)["boxes"]}
    assert sorted(boxes) == [0, 1, 2]
    assert {box["column"] for box in boxes.values()} == {2}
    assert boxes[0]["left"] == pytest.approx(0.511, abs=0.001)
    assert [boxes[0][key] for key in ("top", "right", "bottom")] == [0.2, 0.75, 0.35]
    assert 0.38 < boxes[1]["top"] < 0.4
    assert boxes[2]["bottom"] - boxes[2]["top"] == pytest.approx(0.15, abs=1e-4)
    assert boxes[2]["top"] > 0.6


def test_boxes_of_another_layout_are_none(tab):
    """A layout that is only stated has no boxes yet: the page must be read first."""
    tab.click("#boxes")
    tab.run("""(() => { const layout = document.getElementById("layout");
      layout.value = "6x2"; layout.dispatchEvent(new Event("change")); })()""")
    assert tab.run("document.querySelector('.boxes').hidden")
    assert tab.run("document.getElementById('boxes').disabled")


def test_boxes_of_a_page_without_an_answer_stay_stated_as_long_as_their_layout(tab, address, out):
    box = V1 | {"left": 0.5, "top": 0.2, "right": 0.65, "bottom": 0.35}
    key = tab.run(f"({REFUSED})({json.dumps(page_bytes(255))}, {json.dumps([box])})")
    file = out / "b.corrections.json"
    tab.open(f"{address}/?refused#{key}")
    tab.wait("document.getElementById('kept').textContent.includes('b.corrections.json')")
    assert "1 box is stated" in tab.run("document.getElementById('hint').textContent")
    tab.wait("!document.getElementById('read').disabled")
    tab.run(f"({STATE})('gain_mm_per_mv', '5')")
    wait_for(lambda: json.loads(file.read_text())["gain_mm_per_mv"] == 5)
    assert json.loads(file.read_text())["boxes"] == [box]
    tab.wait("!document.getElementById('read').disabled")
    tab.run(f"({STATE})('layout', '6x2')")
    wait_for(lambda: json.loads(file.read_text())["layout"] == "6x2")
    assert json.loads(file.read_text())["boxes"] == []


# At once: what is shown is filled in again when a page was read.
STATE = """(name, value) => {
  const field = document.getElementById(name);
  field.value = value;
  field.dispatchEvent(new Event(name === "layout" ? "change" : "input"));
  document.getElementById("read").click();
}"""
TURNED = """(edge) => {
  const frame = document.createElement("div");
  Object.assign(frame.style, { position: "relative", width: "800px", height: "400px" });
  document.body.append(frame);
  const boxes = ecgBoxes.over(frame, () => {});
  const told = { row: 0, column: 0, lead: "I", tilt_deg: 20 };
  boxes.fill([{ ...told, left: 0.3, top: 0.3, right: 0.6, bottom: 0.7 }], []);
  const key = { key: edge === "top" ? "ArrowUp" : "ArrowRight", shiftKey: true };
  frame.querySelector("." + edge).dispatchEvent(new KeyboardEvent("keydown", key));
  return boxes.stated()[0];
}"""


def ends_px(box):
    """The middles of the left, upper, right and lower side as the box is drawn, in px."""
    left, right = (800 * box[key] for key in ("left", "right"))
    top, bottom = (400 * box[key] for key in ("top", "bottom"))
    cos, sin = np.cos(np.radians(20)), np.sin(np.radians(20))
    middle = np.array([left + right, top + bottom]) / 2
    along = (right - left) / 2 * cos * np.array([cos, sin])
    down = (bottom - top) / 2 * cos * np.array([-sin, cos])
    return np.array([middle - along, middle - down, middle + along, middle + down])


@pytest.mark.parametrize(("edge_name", "moved"), [("right", 2), ("top", 1)])
def test_an_edge_of_a_lead_that_is_turned_moves_along_it_and_the_one_across_stays(
    tab, edge_name, moved
):
    before = ends_px({"left": 0.3, "top": 0.3, "right": 0.6, "bottom": 0.7})
    after = ends_px(tab.run(f"({TURNED})({json.dumps(edge_name)})"))
    step = after - before
    assert step[(moved + 2) % 4] == pytest.approx(0, abs=0.05)
    assert np.linalg.norm(step[moved]) == pytest.approx(8 * np.cos(np.radians(20)), abs=0.05)
