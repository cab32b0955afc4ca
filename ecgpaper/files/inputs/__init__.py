"""Inputs: files and folders of anything -> pages, each a picture that is read when it is needed.

Public: `PageSource`, `pages_of`, `find_inputs`, `InputFile`, `Found`.

`ecgpaper.files.inputs.kinds` is the table of what can be read, one small module per kind.
"""

from ecgpaper.files.inputs.source import PageSource, pages_of
from ecgpaper.files.inputs.walk import Found, InputFile, find_inputs

__all__ = ["Found", "InputFile", "PageSource", "find_inputs", "pages_of"]
