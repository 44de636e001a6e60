"""From what the user hands over, a model or a file, to a network and the space of its images."""
