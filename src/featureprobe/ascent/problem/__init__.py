"""What is solved: targets, each resolved once, and the starts from which they climb."""
