"""Archive: files of anything digitized into a folder, page by page, by any number of workers.

Public: `PageJob`, `Plan`, `plan_pages`, `PageTask`, `answer_of`, `Outcome`, `Summary`,
`report_rows`.

A page is done when its JSON file is there, which is written last, and says that it was made of the
same input with the same settings, weights and version; so an interrupted run goes on where it
stopped. The batch of the generator is `ecgpaper.synth.batch`.
"""

from ecgpaper.app.archive.outcome import Outcome
from ecgpaper.app.archive.plan import PageJob, Plan, plan_pages
from ecgpaper.app.archive.report import report_rows
from ecgpaper.app.archive.summary import Summary
from ecgpaper.app.archive.task import PageTask, answer_of

__all__ = [
    "Outcome",
    "PageJob",
    "PageTask",
    "Plan",
    "Summary",
    "answer_of",
    "plan_pages",
    "report_rows",
]
