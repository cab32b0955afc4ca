"""Chromium without a window, driven over a pipe: no package besides it is needed."""

import base64
import json
import os
import select
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PROGRAM = next((found for name in NAMES if (found := shutil.which(name))), None)
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking", "--mute-audio"),
    *("--hide-scrollbars", "--remote-debugging-pipe", "about:blank"),
)
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46}
SHIFT = 8
# What it is asked, it answers within this time.
LIMIT_S = 30.0


class Browser:
    """One tab; a context that ends its processes."""

    def __init__(self, width_px=1280, height_px=1600):
        self.size_px = width_px, height_px
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._number, self._session = 0, None

    def __enter__(self):
        its_input, ours = os.pipe()
        theirs, its_output = os.pipe()
        # Chromium reads from 3 and writes to 4.
        places = [(os.POSIX_SPAWN_DUP2, its_input, 103), (os.POSIX_SPAWN_DUP2, its_output, 104)]
        places += [(os.POSIX_SPAWN_DUP2, 103, 3), (os.POSIX_SPAWN_DUP2, 104, 4)]
        silent = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        command = [PROGRAM, f"--user-data-dir={self._profile.name}", *FLAGS]
        self._pid = os.posix_spawn(
            PROGRAM, command, os.environ, file_actions=[*places, silent], setpgroup=0
        )
        os.close(its_input)
        os.close(its_output)
        self._to, self._from = os.fdopen(ours, "wb", 0), os.fdopen(theirs, "rb", 0)
        self._rest = b""
        try:
            self._take_a_tab()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _take_a_tab(self):
        tabs = self._ask("Target.getTargets")["targetInfos"]
        tab = next(each for each in tabs if each["type"] == "page")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = attached["sessionId"]
        self.resize(*self.size_px)

    def __exit__(self, *_):
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._to.close()
        self._from.close()
        self._profile.cleanup()

    def resize(self, width_px, height_px):
        size = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)

    def open(self, address):
        self._ask("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def run(self, script):
        """Return the value of an expression; what it throws is raised."""
        told = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"])
        return told["result"].get("value")

    def wait(self, condition, limit_s=LIMIT_S):
        """Wait until an expression is true."""
        end_s = time.monotonic() + limit_s
        while not self.run(condition):
            if time.monotonic() > end_s:
                raise AssertionError(f"{condition} is not so within {limit_s:g} s")
            time.sleep(0.05)

    def middle_of(self, selector):
        """Return (x, y) of the first element that fits, scrolled into sight."""
        return self.run(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            "element.scrollIntoView({block: 'center'}); const b = element.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]; })()"
        )

    def click(self, selector):
        self.drag(selector, 0, 0)

    def drag(self, selector, right_px, down_px):
        x, y = self.middle_of(selector)
        self._mouse("mouseMoved", x, y, buttons=0)
        self._mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        for share in (0.5, 1.0):
            at = x + share * right_px, y + share * down_px
            self._mouse("mouseMoved", *at, button="left", buttons=1)
        self._mouse("mouseReleased", *at, button="left", buttons=0, clickCount=1)

    def _mouse(self, kind, x, y, **buttons):
        self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **buttons)

    def press(self, key, modifiers=0):
        told = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": modifiers}
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, **told)

    def picture(self, file, **clip):
        """Write what is seen, or a part of it, as PNG."""
        options = {"clip": clip | {"scale": 1}} if clip else {}
        told = self._ask("Page.captureScreenshot", captureBeyondViewport=bool(clip), **options)
        Path(file).write_bytes(base64.b64decode(told["data"]))

    def show_as(self, media):
        """Show a page as on paper ("print"), or again as it is seen (an empty text)."""
        self._ask("Emulation.setEmulatedMedia", media=media)

    def pdf(self, file, **options):
        """Write what is printed."""
        told = self._ask("Page.printToPDF", **options)
        Path(file).write_bytes(base64.b64decode(told["data"]))

    def _ask(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        end_s = time.monotonic() + LIMIT_S
        while True:
            told = self._told(end_s)
            if told.get("id") == self._number:
                if "error" in told:
                    raise AssertionError(f"{method}: {told['error']}")
                return told["result"]

    def _told(self, end_s):
        while b"\0" not in self._rest:
            left_s = max(0.0, end_s - time.monotonic())
            if not select.select([self._from], [], [], left_s)[0]:
                raise AssertionError(f"the browser does not answer within {LIMIT_S:g} s")
            more = self._from.read(1 << 20)
            if not more:
                raise AssertionError("the browser has ended")
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)
