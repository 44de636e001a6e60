"""How starts are found: drawn, searched, revived, tried out."""
