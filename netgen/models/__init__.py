"""The small torch networks that this repository trains itself, and their weights; loaded only when one is used."""
