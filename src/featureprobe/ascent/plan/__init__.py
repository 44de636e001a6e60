"""What runs together: groups of targets, chunks of images, crops."""
