"""Photo -> flat page: the camera and the paper's bends undone, the right way round."""
