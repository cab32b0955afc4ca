"""Print: traces, text, rules and codes, as coverage of pixels."""
