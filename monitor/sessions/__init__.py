"""Sessions: assembled from readings, with what they rest on, what is doubtful, and what they cost."""
