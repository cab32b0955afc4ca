"""A file, digitized: from its pages to the one result that library, command and server share."""
