"""The verbs of ``ecgpaper``, one module each.

A command's module has a docstring (its help), ``add_arguments(parser)`` and
``run(arguments) -> int``, the exit status. Whatever is slow to import it imports in ``run``.
"""
