"""Actions that run: contract real frames to the bytes that travel, and expand those bytes to frames again."""
