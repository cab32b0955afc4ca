"""A small web app on this machine: drop a page, look at what was read, correct it, take it away.

Data flows one way::

    request -> guard -> app -> desk -> worker (a process apart) -> archive -> OUT

Public: `Desk`, `Worker`, `make_app`, `RememberingLoader`. It serves what was uploaded and what lies
in OUT, and nothing else. docs/serve.md says how it is used and what it refuses.
"""

from ecgpaper.app.serve.app import make_app
from ecgpaper.app.serve.desk import Desk
from ecgpaper.app.serve.remember import RememberingLoader
from ecgpaper.app.serve.worker import Worker

__all__ = ["Desk", "RememberingLoader", "Worker", "make_app"]
