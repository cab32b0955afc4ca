"""A PDF page as PDFium tells it: lines and words, at their places on the page as it is seen."""
