"""The web app with a toy reader: what it serves, keeps and refuses."""

import io
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from PIL import Image

from ecgpaper.app.serve import Desk, Worker, make_app, reporter
from ecgpaper.app.serve import app as app_module
from ecgpaper.app.serve import desk as desk_module
from tests.app.archive.toy_reader import ToyReader, run_toy, task_for

testclient = pytest.importorskip("starlette.testclient", reason="an optional extra")
HOST = "http://127.0.0.1:8765"


def png(*levels, kind="PNG"):
    first, *others = [Image.fromarray(np.full((20, 30), level, np.uint8)) for level in levels]
    several = {"save_all": True, "append_images": others} if others else {}
    content = io.BytesIO()
    first.save(content, kind, **several)
    return content.getvalue()


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def desk_on(out, paths=(), **options):
    start = partial(ThreadPoolExecutor, 1)
    desk = Desk(task_for(out, **options), Worker(start=start), Worker(start=start))
    desk.lay_out(paths)
    return desk


@pytest.fixture
def ask(out):
    with testclient.TestClient(make_app(desk_on(out)), base_url=HOST) as client:
        yield client


def send(ask, name, content, **fields):
    return ask.post("/digitize", files={"file": (name, content)}, data=fields)


def test_a_file_that_is_sent_is_read_shown_and_given_back_and_a_batch_finds_it_done(ask, out):
    answer = send(ask, "../my page<b>.png", png(100))
    assert answer.status_code == 200
    (page,) = answer.json()["pages"]
    assert (page["name"], page["status"]) == ("my_page_b_", "read")
    assert page["answer"]["layout"] == "3x4"
    names = [each["name"] for each in page["files"]]
    assert {"my_page_b_.csv", "my_page_b_.hea", "my_page_b_.json"} <= set(names)
    for each in page["files"]:
        given = ask.get(each["link"])
        assert given.content == (out / each["name"]).read_bytes()
        assert given.headers["x-content-type-options"] == "nosniff"
    assert ask.get(page["picture"]).content.startswith(b"\xff\xd8")
    assert ask.get(page["overlay"]).headers["content-type"] == "image/jpeg"
    assert [each["key"] for each in ask.get("/pages").json()["pages"]] == [page["key"]]
    log = out.parent / "log"
    assert run_toy([out / "uploads"], out, reader=ToyReader(log=log)) == 0
    assert not log.exists()


def test_pages_of_a_file_and_what_cannot_be_read_are_told_with_the_reason(ask, out):
    pages = send(ask, "scan.tif", png(90, 255, 0, kind="TIFF")).json()["pages"]
    assert [page["status"] for page in pages] == ["read", "refused", "failed"]
    assert pages[1]["reason"] == "expected rows; found none: scan it again"
    assert [page["name"] for page in pages] == ["scan-p1", "scan-p2", "scan-p3"]
    answer = send(ask, "cut.png", png(90)[:40])
    assert answer.status_code == 422
    assert "cut.png must be a whole image" in answer.json()["reason"]
    assert str(out) not in answer.json()["reason"]
    assert [file.name for file in (out / "uploads").iterdir()] == ["scan.tif"]
    assert ask.post("/digitize", data={"file": "x"}).status_code == 422
    # Its first page might be called as the whole of another file.
    (other,) = send(ask, "scan-p1.png", png(80)).json()["pages"]
    assert other["name"] == "scan-p1-2"


def test_what_is_stated_is_kept_honored_and_can_be_forgotten(ask, out):
    (page,) = send(ask, "a.png", png(100), gain_mm_per_mv="5", layout="3x4+1R").json()["pages"]
    assert page["answer"]["settings"]["gain_mm_per_mv"] == 5.0
    assert page["corrections"]["layout"] == "3x4+1R"
    link = f"/pages/{page['key']}/corrections"
    corners = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.8], [0.1, 0.9]]
    leads = [{"row": 3, "column": 0, "lead": "V1"}]
    boxes = [{"row": 1, "column": 2, "left": 0.5, "top": 0.2, "right": 0.7, "bottom": 0.4}]
    stated = {"speed_mm_per_s": 50, "corners": corners, "leads": leads, "boxes": boxes}
    (page,) = ask.put(link, json=stated).json()["pages"]
    settings = page["answer"]["settings"]
    assert (settings["gain_mm_per_mv"], settings["speed_mm_per_s"]) == (None, 50.0)
    assert {key: settings[key] for key in stated} == stated
    assert page["corrections"]["boxes"] == boxes
    kept = json.loads((out / "a.corrections.json").read_text())
    assert (kept["corners"], kept["input"]["page"]) == (corners, 1)
    # The same file again is the same page, with what is known of it.
    (same,) = send(ask, "a.png", png(100)).json()["pages"]
    assert (same["key"], same["corrections"]["corners"]) == (page["key"], corners)
    twice = {"boxes": [*boxes, *boxes]}
    for wrong in ({"gain_mm_per_mv": 0}, {"corners": corners[::-1]}, twice, {"x": 1}, [1]):
        assert ask.put(link, json=wrong).status_code == 422
    assert ask.put(link, content=b"[" * 19_000).status_code == 422
    assert ask.put(link, content=b"1" * 50_000).status_code == 413
    for n_digits in (400, 5000):
        answer = ask.put(link, content=b'{"gain_mm_per_mv": 1' + b"0" * n_digits + b"}")
        assert (answer.status_code, "reason" in answer.json()) == (422, True)
        answer = send(ask, "a.png", png(100), gain_mm_per_mv="1" + "0" * n_digits)
        assert (answer.status_code, "reason" in answer.json()) == (422, True)
    assert json.loads((out / "a.corrections.json").read_text()) == kept
    (page,) = ask.delete(link).json()["pages"]
    assert (page["corrections"], page["answer"]["settings"]["corners"]) == (None, None)
    assert not (out / "a.corrections.json").exists()


def test_pages_of_an_earlier_batch_can_be_corrected_for_the_next_one(out, tmp_path):
    pages = tmp_path / "in/deep"
    pages.mkdir(parents=True)
    (pages / "<img src=x>.png").write_bytes(png(100))
    (pages / "white.png").write_bytes(png(255))
    run_toy([pages.parent], out)
    with testclient.TestClient(make_app(desk_on(out)), base_url=HOST) as ask:
        read, refused = ask.get("/pages").json()["pages"]
        assert (read["file"], refused["status"]) == ("<img src=x>.png", "refused")
        page = ask.get(read["link"]).json()
        assert (page["can_be_read"], page["picture"]) == (False, None)
        answer = ask.put(f"{read['link']}/corrections", json={"gain_mm_per_mv": 5})
        assert answer.json()["pages"][0]["corrections"]["gain_mm_per_mv"] == 5
        assert ask.post(f"{read['link']}/read").status_code == 409
    run_toy([pages.parent], out)
    # Named on the command line, files are read here as well.
    with testclient.TestClient(make_app(desk_on(out, [pages.parent])), base_url=HOST) as ask:
        page = ask.get(read["link"]).json()
        assert page["answer"]["settings"]["gain_mm_per_mv"] == 5
        assert ask.post(f"{read['link']}/read").json()["pages"][0]["status"] == "read"


def test_only_files_of_known_pages_are_given(ask, out):
    (page,) = send(ask, "a.png", png(100)).json()["pages"]
    (out / "secret.csv").write_text("mine")
    (out / "a-link.csv").symlink_to("/etc/hostname")
    report = json.loads((out / "a.json").read_text())
    report["files"] += ["secret.csv", "../out/secret.csv", "a-link.csv", "/etc/passwd", "a-/../x"]
    (out / "a.json").write_text(json.dumps(report))
    files = f"/pages/{page['key']}/files"
    for name in ("secret.csv", "..%2Fsecret.csv", "a-link.csv", "%2Fetc%2Fpasswd", "a-none.csv"):
        assert ask.get(f"{files}/{name}").status_code == 404
    for link in ("/pages/../a.json", "/static/..%2Fapp.py", "/static/app.py", "/pages/0", "/out"):
        assert ask.get(link).status_code == 404
    assert ask.get(f"{files}/a.csv").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8765"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_other_sites_and_other_names_of_this_machine_are_refused(headers, ask, out):
    assert ask.get("/pages", headers=headers).status_code == 403
    sent = ask.post("/digitize", files={"file": ("a.png", png(100))}, headers=headers)
    assert sent.status_code == 403
    assert not (out / "uploads").exists()


def test_this_site_is_answered_and_may_load_nothing_from_elsewhere(ask):
    for headers in ({}, {"origin": HOST, "sec-fetch-site": "same-origin"}, {"host": "[::1]:1"}):
        assert ask.get("/pages", headers=headers).status_code == 200
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = ask.get("/", headers=linked)
    assert answer.status_code == 200
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    inline = re.findall(r"<script(?![^>]*(?:src=|application/json))|\son\w+=|style=", answer.text)
    assert inline == []
    for part in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        assert ask.get(part).status_code == 200


def test_what_is_too_much_is_refused(out, monkeypatch):
    monkeypatch.setattr(desk_module, "MOST_PAGES", 2)
    monkeypatch.setattr(app_module, "MAX_UPLOAD_BYTES", 5_000)
    desk = desk_on(out, reader=ToyReader(pause_s=1.5))
    desk.reading.most_waiting = 2
    with testclient.TestClient(make_app(desk), base_url=HOST) as ask:
        assert send(ask, "big.png", bytes(6_000)).status_code == 413
        assert send(ask, "many.tif", png(1, 2, 3, kind="TIFF")).status_code == 422
        assert not list((out / "uploads").glob("many*"))
        sent = [
            ask.post("/digitize?wait_s=0", files={"file": (f"{level}.png", png(level))})
            for level in (100, 110, 120)
        ]
        assert [answer.status_code for answer in sent] == [202, 202, 503]
        (page,) = sent[1].json()["pages"]
        assert page["status"] == "waiting"
        link = f"/pages/{page['key']}/corrections"
        assert ask.put(link, json={"gain_mm_per_mv": 5}).status_code == 409
        assert ask.post("/digitize?wait_s=nan").status_code == 422


def test_the_interface_is_described_as_it_is(ask):
    told = ask.get("/openapi.json").json()
    routes = {
        (route.path, method.lower())
        for route in make_app(ask.app.state.desk).routes
        for method in route.methods - {"HEAD"}
        if route.path not in ("/", "/static/{part}", "/openapi.json")
    }
    paths = told["paths"]
    assert routes == {
        (path, method) for path in paths for method in paths[path] if method != "parameters"
    }
    known = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(told)))
    assert known == set(told["components"]["schemas"])
    (page,) = send(ask, "a.png", png(100)).json()["pages"]
    assert set(told["components"]["schemas"]["Page"]["properties"]) <= set(page)


def told_by(report):
    """The pages of a report, by their files."""
    text = report.read_text() if report.exists() else '<script id="data">[]</script>'
    data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL).group(1)
    return {page["file"]: page for page in json.loads(data)}


def test_the_report_of_the_folder_is_written_again_when_nothing_waits(out, monkeypatch):
    written = []
    write = reporter.write_report

    def noted(rows, folder):
        written.append([row.file for row in rows])
        return write(rows, folder)

    monkeypatch.setattr(reporter, "write_report", noted)
    report, desk = out / "report.html", desk_on(out, reader=ToyReader(pause_s=0.3))
    with testclient.TestClient(make_app(desk), base_url=HOST) as ask:
        for level in (100, 110, 255):
            ask.post("/digitize?wait_s=0", files={"file": (f"{level}.png", png(level))})
        end_s = time.monotonic() + 20
        while len(told_by(report)) < 3 and time.monotonic() < end_s:
            time.sleep(0.05)
        assert set(told_by(report)) == {"100.png", "110.png", "255.png"}
        assert "could not be read: expected rows" in report.read_text()
        assert len(written) == 1
        # When the server ends, what was read last is told as well.
        ask.post("/digitize?wait_s=20", files={"file": ("90.png", png(90))})
    assert set(told_by(report)) == {"90.png", "100.png", "110.png", "255.png"}


def test_a_report_that_cannot_be_written_costs_no_page(ask, out, caplog):
    (out / "report.html").mkdir()
    (page,) = send(ask, "a.png", png(100)).json()["pages"]
    assert page["status"] == "read"
    end_s = time.monotonic() + 20
    while "report.html is not written" not in caplog.text and time.monotonic() < end_s:
        time.sleep(0.05)
    assert "report.html is not written" in caplog.text
    assert ask.get("/pages").status_code == 200
    # It is written as soon as that can be, though no other page was read.
    (out / "report.html").rmdir()
    ask.app.state.desk.close()
    assert set(told_by(out / "report.html")) == {"a.png"}
