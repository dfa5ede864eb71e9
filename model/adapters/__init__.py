"""One adapter an artist, over a base without their works: taking it away is the exact opt-out."""
