"""Print: what a recorder and its printer put on the paper, as coverage of pixels."""
