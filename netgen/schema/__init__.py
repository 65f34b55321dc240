"""What a scenario file may say, as frozen models; checked for meaning in `scenario`."""
