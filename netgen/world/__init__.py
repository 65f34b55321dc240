"""The world of a scenario: who is where and watches what when, which radios serve them, and what breaks."""
