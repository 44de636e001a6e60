"""What one step does to the images of a chunk."""
