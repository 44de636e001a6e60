"""What comes of a run: polished, judged, put together, recorded."""
