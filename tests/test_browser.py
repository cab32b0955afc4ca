"""The browser that tests drive: where it does not answer, it is ended."""

import os

import pytest

from tests import browser


def test_a_browser_that_does_not_answer_is_ended_in_time(tmp_path, monkeypatch):
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\nsleep 10\n")
    program.chmod(0o755)
    monkeypatch.setattr(browser, "PROGRAM", str(program))
    monkeypatch.setattr(browser, "LIMIT_S", 0.2)
    tab = browser.Browser()
    with pytest.raises(AssertionError, match=r"does not answer within 0.2 s"):
        tab.__enter__()
    with pytest.raises(ProcessLookupError):
        os.kill(tab._pid, 0)
