"""Near-copies and nearest works."""
